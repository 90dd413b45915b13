import { RequestError } from '../errors.mjs';
import { isPrefix } from '../data/paths.mjs';

/**
 * The writes that a client requests for the time after its disconnection. The permission is checked at the
 * request and again at the write.
 */
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

  /** Cancels the writes at the path and below it. */
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
