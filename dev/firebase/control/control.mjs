import { json, noContent } from '../http/answers.mjs';
import { ADMIN } from '../sign-in/credentials.mjs';
import { badRequest, permissionDenied, RequestError } from '../errors.mjs';
import { Rules } from '../rules/rules.mjs';

/** The control API of the stand-in. Except for the rules, the real service has no such API. */
export class Control {
  #routes;

  constructor({ faults, journal, credentials, namespaces, messaging, oauth }) {
    this.#routes = {
      '/.faults': {
        GET: () => faults.report(),
        PUT: (request) => faults.replace(bodyOf(request)),
        DELETE: () => faults.clear(),
      },
      '/.requests': {
        GET: () => journal.list(),
        DELETE: () => journal.clear(),
      },
      '/.pushes': {
        GET: ({ url }) => messaging.list(url.searchParams.get('token')),
        DELETE: () => messaging.clear(),
      },
      '/.unregistered-devices': {
        GET: () => messaging.unregistered,
        PUT: (request) => void (messaging.unregistered = bodyOf(request)),
      },
      '/.access-tokens': {
        DELETE: () => oauth.revoke(),
      },
      '/.settings/fence': {
        GET: () => credentials.fence,
        PUT: (request) => setFence(credentials, bodyOf(request)),
      },
      // Loads rules as the real service and rules-unit-testing do.
      '/.settings/rules.json': {
        GET: (request) => databaseOf(request, namespaces, credentials).rules.source,
        PUT: (request) => {
          databaseOf(request, namespaces, credentials).replaceRules(new Rules(bodyOf(request)));
          return { status: 'ok' };
        },
      },
    };
  }

  /** Returns the response to a request for one of these paths, or null for another path. */
  answer(request) {
    const route = this.#routes[request.url.pathname];
    if (route === undefined) return null;
    const act = route[request.method];
    if (act === undefined)
      throw new RequestError(405, 'Method not allowed.', { headers: { Allow: Object.keys(route).join(', ') } });
    const value = act(request);
    return value === undefined ? noContent() : json(200, value);
  }
}

function databaseOf({ url, headers }, namespaces, credentials) {
  const name = url.searchParams.get('ns');
  const { caller } = credentials.ofRequest(headers, url.searchParams, { unsigned: false });
  if (caller !== ADMIN) throw permissionDenied();
  return namespaces.get(name);
}

function setFence(credentials, value) {
  if (typeof value !== 'boolean') throw badRequest('The fence is true (up) or false (down).');
  credentials.fence = value;
}

function bodyOf({ body }) {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw badRequest('The body is no JSON.');
  }
}
