import { Database } from './database.mjs';

/**
 * The databases of the stand-in, created at their first use. The default database has several names: no `ns`,
 * the name that the SDKs derive from an address ("192" from 192.168.1.20, "localhost"), and the name of the
 * project's default database.
 */
export class Namespaces {
  #databases = new Map();
  #defaultNames;
  #rules;
  #storage;

  constructor({ projectId, rules, storage }) {
    this.#defaultNames = new Set(['', 'localhost', `${projectId}-default-rtdb`]);
    this.#rules = rules;
    this.#storage = storage;
    for (const [name, root] of storage.roots) this.#databases.set(name, this.#newDatabase(name, root));
  }

  isDefault(name) {
    return this.#defaultNames.has(name ?? '') || /^\d+$/.test(name);
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
