import { NOBODY } from '../sign-in/credentials.mjs';
import { RequestError } from '../errors.mjs';
import { exportNode } from '../data/json.mjs';
import { hashOf } from '../data/node-hash.mjs';
import { OnDisconnect } from './on-disconnect.mjs';
import { formatPath, parsePath } from '../data/paths.mjs';
import { queryFromWire } from '../data/query.mjs';

/**
 * One client's connection: its requests `{r: number, a: action, b: body}`, their responses `{r, b: {s:
 * status, d: data}}`, and its listeners. In a body, `p` is a path, `d` data, `q` a query, `t` the tag of a
 * listener, `h` a hash.
 */
export class Session {
  #database;
  #credentials;
  #trust;
  #send;
  #caller = NOBODY;
  #expiry = null;
  #listens = new Map();
  #onDisconnect;

  constructor({ database, credentials, trust, send }) {
    this.#database = database;
    this.#credentials = credentials;
    this.#trust = trust;
    this.#send = send;
    this.#onDisconnect = new OnDisconnect(database);
  }

  handle({ r: number, a: action, b: body }) {
    const act = ACTIONS[action];
    const answer =
      act === undefined ? failure('invalid_request', `Unknown action ${action}`) : this.#attempt(act, body);
    this.#send({ r: number, b: answer });
  }

  /** Ends the session after the connection is closed. Repeats have no effect. */
  end() {
    clearTimeout(this.#expiry);
    for (const { listener } of this.#listens.values()) this.#database.unlisten(listener);
    this.#listens.clear();
    this.#onDisconnect.run(this.#caller);
  }

  #attempt(act, body) {
    try {
      return act.call(this, body ?? {});
    } catch (error) {
      if (!(error instanceof RequestError)) {
        console.error(error);
        return failure('internal_error', 'Internal server error.');
      }
      return failure(error.status === 401 ? 'permission_denied' : 'invalid_data', error.message);
    }
  }

  listen({ p, q, t: tag, h: hash }) {
    const path = parsePath(p);
    const query = q === undefined ? null : queryFromWire(q);
    const key = listenKey(path, q);
    this.#drop(key);
    const listener = this.#database.listen({
      path,
      query,
      caller: this.#caller,
      onChange: (event) => this.#push(event, tag),
      onRevoke: () => {
        this.#listens.delete(key);
        this.#send({ a: 'c', b: { p: formatPath(path), ...(q !== undefined && { q: [q] }) } });
      },
    });
    this.#listens.set(key, { listener });
    const node = this.#database.peek(path, query);
    // A reconnected client whose copy is current does not need the data again.
    if (query !== null || hash !== hashOf(node)) this.#push({ kind: 'put', path, node }, tag);
    const indexed = query === null || this.#database.rules.isIndexed(path, query.index);
    return success(indexed ? {} : { w: ['no_index'] });
  }

  unlisten({ p, q }) {
    this.#drop(listenKey(parsePath(p), q));
    return success('');
  }

  get({ p, q }) {
    const query = q === undefined || Object.keys(q).length === 0 ? null : queryFromWire(q);
    return success(exportNode(this.#database.read(parsePath(p), this.#caller, query)));
  }

  /** A write with a hash is a transaction: it is applied only if the data still has this hash. */
  put({ p, d: data, h: hash }) {
    const path = parsePath(p);
    if (hash !== undefined && hash !== hashOf(this.#database.peek(path))) {
      return failure('datastale', 'Transaction hash does not match');
    }
    this.#database.set(path, data, this.#caller);
    return success('');
  }

  merge({ p, d: children }) {
    this.#database.update(parsePath(p), children, this.#caller);
    return success('');
  }

  onDisconnectPut({ p, d: data }) {
    this.#onDisconnect.put(parsePath(p), data, this.#caller);
    return success('');
  }

  onDisconnectMerge({ p, d: children }) {
    this.#onDisconnect.merge(parsePath(p), children, this.#caller);
    return success('');
  }

  onDisconnectCancel({ p }) {
    this.#onDisconnect.cancel(parsePath(p));
    return success('');
  }

  signIn({ cred }) {
    return this.#become(() => this.#credentials.ofIdToken(cred, this.#trust));
  }

  /** An admin SDK sends an access token and optionally an override of `auth`. */
  signInAsServer({ cred, authvar, noauth }) {
    return this.#become(() => this.#credentials.ofAccessToken(cred, noauth === true ? null : authvar));
  }

  signOut() {
    this.#setCaller(NOBODY);
    return success('');
  }

  nothing() {
    return success('');
  }

  #become(identify) {
    let identified;
    try {
      identified = identify();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#setCaller(NOBODY);
      return failure(/expired/.test(error.message) ? 'expired_token' : 'invalid_token', error.message);
    }
    const { caller, expiresAt } = identified;
    this.#setCaller(caller);
    if (expiresAt !== undefined) this.#expireAt(expiresAt);
    return success({
      auth: caller.admin ? null : caller.auth,
      ...(expiresAt && { expires: Math.floor(expiresAt / 1000) }),
    });
  }

  #expireAt(time) {
    // Timers are limited to 2^31 ms; no credential here is valid for longer.
    this.#expiry = setTimeout(
      () => {
        this.#send({ a: 'ac', b: { s: 'expired_token', d: 'Auth token is expired' } });
        this.#setCaller(NOBODY);
      },
      Math.min(time - Date.now(), 2 ** 31 - 1),
    );
    this.#expiry.unref();
  }

  #setCaller(caller) {
    clearTimeout(this.#expiry);
    this.#caller = caller;
    for (const { listener } of [...this.#listens.values()]) this.#database.changeCaller(listener, caller);
  }

  #drop(key) {
    const listen = this.#listens.get(key);
    if (listen === undefined) return;
    this.#listens.delete(key);
    this.#database.unlisten(listen.listener);
  }

  #push(event, tag) {
    const merge = event.kind === 'merge';
    const data = merge
      ? Object.fromEntries(event.nodes.map(([path, node]) => [path.join('/'), exportNode(node)]))
      : exportNode(event.node);
    this.#send({
      a: merge ? 'm' : 'd',
      b: { p: event.path.join('/'), d: data, ...(tag !== undefined && { t: tag }) },
    });
  }
}

const ACTIONS = Object.assign(Object.create(null), {
  q: Session.prototype.listen,
  n: Session.prototype.unlisten,
  g: Session.prototype.get,
  p: Session.prototype.put,
  m: Session.prototype.merge,
  o: Session.prototype.onDisconnectPut,
  om: Session.prototype.onDisconnectMerge,
  oc: Session.prototype.onDisconnectCancel,
  auth: Session.prototype.signIn,
  gauth: Session.prototype.signInAsServer,
  unauth: Session.prototype.signOut,
  s: Session.prototype.nothing, // statistics
  appcheck: Session.prototype.nothing,
  unappcheck: Session.prototype.nothing,
});

const success = (data) => ({ s: 'ok', d: data });
const failure = (status, explanation) => ({ s: status, d: explanation });

/** A client has at most one listener per query and path. */
const listenKey = (path, query) => JSON.stringify([path, query === undefined ? null : Object.entries(query).sort()]);
