import { setTimeout as sleep } from 'node:timers/promises';
import { fromError } from './answers.mjs';
import { allowOrigin, preflight } from './cors.mjs';
import { RequestError } from '../errors.mjs';
import { streamEvents } from './event-stream.mjs';
import { MAX_REST_WRITE_BYTES } from '../data/limits.mjs';
import { urlOf } from './request-url.mjs';
import { bodyOfStatus } from '../messaging/errors.mjs';
import { answerRest } from './rest.mjs';

const WRITES = new Set(['PUT', 'PATCH', 'POST', 'DELETE']);

/** Processes one HTTP request from body to response, and injects faults. */
export class RequestHandler {
  #parts;

  constructor(parts) {
    this.#parts = parts;
  }

  async handle(incoming, response) {
    allowOrigin(incoming, response);
    if (incoming.method === 'OPTIONS') {
      preflight(incoming, response);
      return;
    }
    try {
      const request = await readRequest(incoming);
      const answer = this.#parts.control.answer(request) ?? (await this.#answerWithFaults(request, response));
      if (answer !== null) send(response, answer);
    } catch (error) {
      // The client disconnected before the body was complete.
      if (incoming.errored) return;
      if (error instanceof RequestError) {
        send(response, fromError(error));
        return;
      }
      console.error(error);
      send(response, fromError(new RequestError(500, 'Internal server error.')));
    }
  }

  /** Returns the response, or null if the connection is gone. */
  async #answerWithFaults(request, response) {
    const { faults, journal } = this.#parts;
    const path = request.url.pathname.replace(/\.json$/, '');
    const fault = faults.strike(request.method, path);
    const note = (status) => {
      if (!WRITES.has(request.method) || !isData(request.url)) return;
      journal.add({
        time: Date.now(),
        method: request.method,
        path,
        status,
        bytes: request.body.length,
        ...(fault !== null && { fault: faultName(fault) }),
      });
    };
    if (fault === null) {
      const answer = this.#answer(request, response);
      if (answer !== null) note(answer.status);
      return answer;
    }

    if (fault.delayMs) await sleep(fault.delayMs);
    if (fault.reset === 'before') {
      note(null);
      response.destroy();
      return null;
    }
    const carriedOut = { ...request, fault: faultName(fault) };
    let answer = fault.status === undefined || fault.applied ? this.#answer(carriedOut, response) : null;
    if (fault.answerDelayMs) await sleep(fault.answerDelayMs);
    if (fault.reset === 'after') {
      note(null);
      if (answer !== null) cutShort(response, answer);
      return null;
    }
    if (fault.status !== undefined) answer = answerOfFault(fault, request.url);
    if (answer !== null) note(answer.status);
    return answer;
  }

  /** Never throws for an error of the client. */
  #answer(request, response) {
    const { oauth, identity, messaging, namespaces, credentials } = this.#parts;
    try {
      if (request.url.pathname === '/token') return oauth.answer(request);
      const sent = messaging.answer(request);
      if (sent !== null) return sent;
      const signedIn = identity.answer(request);
      if (signedIn !== null) return signedIn;
      if (!isData(request.url)) throw new RequestError(404, 'Not found. Paths of the REST API end in .json.');
      const params = request.url.searchParams;
      const name = params.get('ns');
      const identified = credentials.ofRequest(request.headers, params, { unsigned: !namespaces.isDefault(name) });
      const database = namespaces.get(name);
      if (request.method === 'GET' && request.headers.accept?.includes('text/event-stream')) {
        streamEvents(database, identified, request, response);
        return null;
      }
      return answerRest(database, identified.caller, request);
    } catch (error) {
      if (error instanceof RequestError) return fromError(error);
      throw error;
    }
  }
}

const isData = (url) => url.pathname.endsWith('.json');

async function readRequest(incoming) {
  const chunks = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size <= MAX_REST_WRITE_BYTES) chunks.push(chunk);
  }
  if (size > MAX_REST_WRITE_BYTES) {
    throw new RequestError(400, 'Data to write exceeds the maximum size that can be modified with a single request.');
  }
  const url = urlOf(incoming);
  return {
    method: (
      incoming.headers['x-http-method-override'] ??
      url.searchParams.get('x-http-method-override') ??
      incoming.method
    ).toUpperCase(),
    url,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
}

function send(response, { status, headers, body }) {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // These responses have no body and therefore no length.
  const length = status === 204 || status === 304 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length }).end(body);
}

/** Announces the whole body, and closes the connection after half of it. */
function cutShort(response, { status, headers, body }) {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) + 1 });
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}

const faultName = (fault) => (fault.reset ? `reset-${fault.reset}` : fault.status ? `status-${fault.status}` : 'delay');

function answerOfFault({ status, body, retryAfter }, { pathname }) {
  body ??= (pathname.endsWith(':send') && bodyOfStatus(status)) || { error: 'Injected fault.' };
  return {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
