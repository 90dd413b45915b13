/** The last REST writes, for tests: `{time, method, path, status, bytes}`, and `fault` if one was injected. */
export class RequestJournal {
  #entries = [];
  #capacity;

  constructor(capacity = 10_000) {
    this.#capacity = capacity;
  }

  add(entry) {
    this.#entries.push(entry);
    // Removing half of a full journal at a time keeps the cost per entry constant.
    if (this.#entries.length > 2 * this.#capacity) this.#entries = this.#entries.slice(-this.#capacity);
  }

  list() {
    return this.#entries.slice(-this.#capacity);
  }

  clear() {
    this.#entries = [];
  }
}
