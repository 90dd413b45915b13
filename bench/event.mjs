import { randomUUID } from 'node:crypto';
import { isUtf8 } from 'node:buffer';

/** The event of a REST API's proxy integration (payload 1.0), as if the API stood behind a domain of its own. */
export function eventOf(request, { url, body, resource, parameters }) {
  const requestId = randomUUID();
  const headers = { ...request.headersDistinct, 'x-forwarded-proto': ['http'], 'x-forwarded-port': [url.port || '80'] };
  const query = grouped(url.searchParams);
  const text = isUtf8(body);
  return {
    resource,
    path: url.pathname,
    httpMethod: request.method,
    headers: lastOf(headers),
    multiValueHeaders: headers,
    queryStringParameters: lastOf(query),
    multiValueQueryStringParameters: query,
    pathParameters: parameters,
    stageVariables: null,
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: url.hostname,
      extendedRequestId: requestId,
      httpMethod: request.method,
      identity: { sourceIp: request.socket.remoteAddress, userAgent: request.headers['user-agent'] ?? null },
      path: url.pathname,
      protocol: `HTTP/${request.httpVersion}`,
      requestId,
      requestTimeEpoch: Date.now(),
      resourceId: 'local',
      resourcePath: resource,
      stage: 'local',
    },
    body: body.length === 0 ? null : body.toString(text ? 'utf8' : 'base64'),
    isBase64Encoded: !text,
  };
}

/** Writes a function's answer, as the proxy integration has it. */
export function writeAnswer(response, { statusCode, headers = {}, multiValueHeaders = {}, body = '', isBase64Encoded }) {
  for (const [name, value] of Object.entries({ ...headers, ...multiValueHeaders })) response.setHeader(name, value);
  response.statusCode = statusCode;
  response.end(Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'));
}

function grouped(searchParams) {
  const names = [...new Set(searchParams.keys())];
  return names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, searchParams.getAll(name)]));
}

const lastOf = (lists) => lists && Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.at(-1)]));
