import { badRequest, permissionDenied } from '../errors.mjs';
import { nodeFromJson } from './json.mjs';
import { Listener } from './listener.mjs';
import { checkDepth } from './limits.mjs';
import { PathIndex } from './path-index.mjs';
import { parsePath, refuseOverlap } from './paths.mjs';
import { nodeAt, withNodeAt } from './tree.mjs';

/**
 * One database (one namespace): its data, rules and listeners.
 * A caller is `{admin: true}`, who bypasses the rules, or `{admin: false, auth}`. The rules see `auth`, which
 * is null without a sign-in.
 */
export class Database {
  #listeners = new PathIndex();
  /** Listeners by the paths on which their permission to read depends. */
  #grants = new PathIndex();
  #onCommit;

  /** `onCommit(changes)` is called after every write with a list of `{path, node}`. */
  constructor({ root = null, rules, onCommit = () => {} }) {
    this.root = root;
    this.rules = rules;
    this.#onCommit = onCommit;
  }

  mayRead(path, caller, { query = null, seen = null } = {}) {
    if (caller.admin) return true;
    return this.rules.mayRead(path, { root: this.root, auth: caller.auth, now: Date.now(), query, seen });
  }

  /** Returns the node at `path`, filtered by the query. */
  read(path, caller, query = null) {
    if (!this.mayRead(path, caller, { query })) throw permissionDenied();
    return this.peek(path, query);
  }

  peek(path, query = null) {
    const node = nodeAt(this.root, path);
    return query === null ? node : query.select(node);
  }

  set(path, json, caller, options) {
    this.#write(path, [{ path, json }], caller, options);
  }

  /** Writes all of `children`, an object of relative paths and their JSON, atomically. */
  update(path, children, caller, options) {
    if (typeof children !== 'object' || children === null || Array.isArray(children)) {
      throw badRequest("Invalid data; couldn't parse JSON object. An update needs one.");
    }
    const writes = Object.entries(children).map(([text, json]) => ({ path: [...path, ...parseRelative(text)], json }));
    refuseOverlap(writes.map((write) => write.path));
    this.#write(path, writes, caller, options);
  }

  /** With `dryRun`, only checks whether the write would be allowed now. */
  #write(base, writes, caller, { dryRun = false } = {}) {
    const now = Date.now();
    const before = this.root;
    const changes = writes.map(({ path, json }) => {
      checkDepth(path.length);
      const node = nodeFromJson(json, { now, current: nodeAt(before, path), depth: path.length });
      return { path, node };
    });
    const after = changes.reduce((root, { path, node }) => withNodeAt(root, path, node), before);
    if (!caller.admin) {
      const scene = { before, after, auth: caller.auth, now };
      if (!changes.every(({ path }) => this.rules.mayWrite(path, scene))) throw permissionDenied();
    }
    if (dryRun || changes.length === 0) return;
    this.root = after;
    this.#onCommit(changes);
    this.#announce(base, changes, before);
  }

  /**
   * Calls `onChange(event)` after every change below `path` (see Listener), and `onRevoke()` once when the
   * permission to read is lost.
   * @throws {RequestError} 401 if the caller may not read `path` now
   */
  listen({ path, query = null, caller, onChange, onRevoke }) {
    const listener = new Listener({ path, query, caller, onChange, onRevoke });
    if (!this.#permits(listener)) throw permissionDenied();
    this.#listeners.add(path, listener);
    return listener;
  }

  unlisten(listener) {
    this.#listeners.delete(listener.path, listener);
    this.#forgetGrants(listener);
  }

  /** Updates the caller of a listener after a sign-in or sign-out. */
  changeCaller(listener, caller) {
    listener.caller = caller;
    this.#revokeUnlessPermitted(listener);
  }

  /** Loads new rules, and revokes the listeners that may no longer read. */
  replaceRules(rules) {
    this.rules = rules;
    for (const listener of [...this.#listeners.touching([])]) this.#revokeUnlessPermitted(listener);
  }

  #announce(base, changes, before) {
    const affected = new Set();
    const doubtful = new Set();
    for (const { path } of changes) {
      for (const listener of this.#grants.touching(path)) doubtful.add(listener);
      for (const listener of this.#listeners.touching(path)) affected.add(listener);
    }
    // A listener that loses its permission through this write does not receive the write.
    for (const listener of doubtful) {
      if (!this.#revokeUnlessPermitted(listener)) affected.delete(listener);
    }
    for (const listener of affected) listener.tell({ base, changes, before, after: this.root });
  }

  #revokeUnlessPermitted(listener) {
    if (this.#permits(listener)) return true;
    this.unlisten(listener);
    listener.onRevoke();
    return false;
  }

  #permits(listener) {
    const seen = [];
    const permitted = this.mayRead(listener.path, listener.caller, { query: listener.query, seen });
    this.#forgetGrants(listener);
    if (permitted) {
      listener.grants = seen;
      for (const path of seen) this.#grants.add(path, listener);
    }
    return permitted;
  }

  #forgetGrants(listener) {
    for (const path of listener.grants) this.#grants.delete(path, listener);
    listener.grants = [];
  }
}

function parseRelative(text) {
  const path = parsePath(text);
  if (path.length === 0) throw badRequest('Invalid data; an update cannot have an empty path.');
  return path;
}
