/** An object with listeners for its changes. Several changes at once are reported once. */
export class Observable {
  #listeners = new Set<() => void>();
  #announced = false;

  /** Calls `listener` after each change; returns a function that ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    if (this.#announced) return;
    this.#announced = true;
    queueMicrotask(() => {
      this.#announced = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
