/** The last REST writes, for tests to count: `{time, method, path, status, bytes}`, `fault` where one struck. */
export class RequestJournal {
  #entries = [];
  #capacity;

  constructor(capacity = 10_000) {
    this.#capacity = capacity;
  }

  add(entry) {
    this.#entries.push(entry);
    // Dropping half at a time keeps the price of a full journal per entry constant.
    if (this.#entries.length > 2 * this.#capacity) this.#entries = this.#entries.slice(-this.#capacity);
  }

  list() {
    return this.#entries.slice(-this.#capacity);
  }

  clear() {
    this.#entries = [];
  }
}
