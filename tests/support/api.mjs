// Calls the API over HTTP as one user, and checks each response against openapi.yaml.

import { checkAgainstContract } from './contract.mjs';
import { BASE_URL } from './settings.mjs';

export const ROOT = '/api/v1/chat/';

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Sends a request. `body` is the JSON of the response, or undefined if the response has none. */
export async function call(method, url, { headers = {}, payload } = {}) {
  const response = await fetch(url, { method, headers, body: payload, redirect: 'manual' });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

/** Returns the URL of a path below `/api/v1/chat/`. Parameters that are undefined are omitted. */
export function address(path, query = {}) {
  const url = new URL(`${BASE_URL}${ROOT}${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.append(name, value);
  }
  return url;
}

async function checkedCall(method, url, options) {
  const answer = await call(method, url, options);
  checkAgainstContract(method, new URL(url).pathname, answer);
  return answer;
}

/** Returns a client of the API with this `Authorization` header, or without one. */
export function api(authorization) {
  const headers = authorization === undefined ? {} : { authorization };
  const json = { ...headers, 'content-type': 'application/json' };
  return {
    get: (path, query) => checkedCall('GET', address(path, query), { headers }),

    /** If the body is undefined, the request has none. */
    post: (path, body) =>
      checkedCall(
        'POST',
        address(path),
        body === undefined ? { headers } : { headers: json, payload: JSON.stringify(body) },
      ),

    put: (path, body) =>
      checkedCall(
        'PUT',
        address(path),
        body === undefined ? { headers } : { headers: json, payload: JSON.stringify(body) },
      ),

    patch: (path, body) =>
      checkedCall('PATCH', address(path), { headers: json, payload: JSON.stringify(body) }),

    delete: (path) => checkedCall('DELETE', address(path), { headers }),

    /** Sends any bytes with any content type; null sends no content type. */
    postRaw: (path, payload, contentType = 'application/json') =>
      checkedCall('POST', address(path), {
        headers: contentType === null ? headers : { ...headers, 'content-type': contentType },
        payload,
      }),

    /** Requests a link from a response unchanged. */
    follow: (url) => checkedCall('GET', url, { headers }),
  };
}
