/** Something whose changes can be followed. Several changes in one go are told once. */
export class Observable {
  #listeners = new Set<() => void>();
  #announced = false;

  /** Calls `listener` after each change; answers what ends that. */
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
