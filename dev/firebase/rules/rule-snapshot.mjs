import { parsePath } from '../data/paths.mjs';
import { exportNode } from '../data/json.mjs';
import { Branch, childEntries, childOf, Leaf } from '../data/tree.mjs';

/**
 * What a rule sees as `root`, `data` and `newData`; targaryen calls these methods by name. `seen` collects
 * the paths that were read: a change of one may change the result.
 */
export class RuleSnapshot {
  #node;
  #parent;
  #path;
  #seen;

  constructor(node, { parent = null, path = [], seen = null } = {}) {
    this.#node = node;
    this.#parent = parent;
    this.#path = path;
    this.#seen = seen;
  }

  get #observed() {
    this.#seen?.push(this.#path);
    return this.#node;
  }

  get #value() {
    const node = this.#observed;
    return node instanceof Leaf ? node.value : null;
  }

  val() {
    const node = this.#observed;
    return node instanceof Branch ? exportNode(node) : this.#value;
  }

  exists() {
    return this.#observed !== null;
  }

  getPriority() {
    return this.#observed?.priority ?? null;
  }

  isString() {
    return typeof this.#value === 'string';
  }

  isNumber() {
    return typeof this.#value === 'number';
  }

  isBoolean() {
    return typeof this.#value === 'boolean';
  }

  parent() {
    if (this.#parent === null) throw new Error('The root has no parent.');
    return this.#parent;
  }

  /** Throws, and thereby denies, for an invalid path: `child(auth.uid)` of a caller without a uid. */
  child(path) {
    if (typeof path !== 'string' || path === '') throw new Error(`${path} is no path.`);
    return parsePath(path).reduce((snapshot, key) => snapshot.at(key), this);
  }

  /** Returns the child with one valid key. */
  at(key) {
    return new RuleSnapshot(childOf(this.#node, key), {
      parent: this,
      path: this.#seen === null ? null : [...this.#path, key],
      seen: this.#seen,
    });
  }

  hasChild(path) {
    return this.child(path).exists();
  }

  hasChildren(names) {
    if (names === undefined) return this.#observed instanceof Branch;
    return names.every((name) => this.hasChild(name));
  }

  keys() {
    return [...childEntries(this.#node)].map(([key]) => key);
  }
}
