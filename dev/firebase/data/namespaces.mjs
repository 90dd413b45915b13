import { Database } from './database.mjs';

/**
 * The databases of the stand-in, made when first named. Every way of naming none leads to the same
 * one: no `ns`, what the SDKs make of a bare address ("127" of 127.0.0.1, "localhost"), and the name
 * a project's own default database has.
 */
export class Namespaces {
  #databases = new Map();
  #defaultNames;
  #rules;
  #storage;

  constructor({ projectId, rules, storage }) {
    this.#defaultNames = new Set(['', '127', 'localhost', `${projectId}-default-rtdb`]);
    this.#rules = rules;
    this.#storage = storage;
    for (const [name, root] of storage.roots) this.#databases.set(name, this.#newDatabase(name, root));
  }

  isDefault(name) {
    return this.#defaultNames.has(name ?? '');
  }

  get(name) {
    const key = this.isDefault(name) ? '' : name;
    if (!this.#databases.has(key)) this.#databases.set(key, this.#newDatabase(key, null));
    return this.#databases.get(key);
  }

  roots() {
    return [...this.#databases].map(([name, database]) => [name, database.root]);
  }

  #newDatabase(name, root) {
    const onCommit = (changes) => this.#storage.record(name, changes, () => this.roots());
    return new Database({ root, rules: this.#rules, onCommit });
  }
}
