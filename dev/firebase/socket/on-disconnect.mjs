import { RequestError } from '../errors.mjs';
import { isPrefix } from '../data/paths.mjs';

/** What a client asked to be written once it is gone. Permission is needed when it asks, and again then. */
export class OnDisconnect {
  #database;
  #writes = [];

  constructor(database) {
    this.#database = database;
  }

  put(path, json, caller) {
    this.#database.set(path, json, caller, { dryRun: true });
    this.cancel(path);
    this.#writes.push({ path, perform: (as) => this.#database.set(path, json, as) });
  }

  merge(path, children, caller) {
    this.#database.update(path, children, caller, { dryRun: true });
    this.#writes.push({ path, perform: (as) => this.#database.update(path, children, as) });
  }

  /** Forgets what was to be written at the path or below. */
  cancel(path) {
    this.#writes = this.#writes.filter((write) => !isPrefix(path, write.path));
  }

  run(caller) {
    for (const { perform } of this.#writes.splice(0)) {
      try {
        perform(caller);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
      }
    }
  }
}
