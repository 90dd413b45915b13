/** Allows every origin. The real services accept requests from any page; access depends on the token. */
export function allowOrigin({ headers }, response) {
  response.setHeader('Access-Control-Allow-Origin', headers.origin ?? '*');
  response.setHeader('Access-Control-Expose-Headers', 'ETag, Retry-After');
  response.setHeader('Vary', 'Origin');
}

export function preflight({ headers }, response) {
  response.writeHead(204, {
    'Access-Control-Allow-Methods': 'GET, PUT, PATCH, POST, DELETE, OPTIONS',
    'Access-Control-Allow-Headers': headers['access-control-request-headers'] ?? '*',
    'Access-Control-Max-Age': '3600',
    'Access-Control-Allow-Private-Network': 'true',
  });
  response.end();
}
