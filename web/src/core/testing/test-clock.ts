import type { Clock } from '../clock';

/** A clock that a test moves. Its random numbers are constant. */
export class TestClock implements Clock {
  #now = Date.parse('2025-01-15T14:30:00Z');
  #timers = new Set<{ at: number; run: () => void }>();

  now = () => this.#now;
  random = () => 1;

  after = (milliseconds: number, run: () => void) => {
    const timer = { at: this.#now + milliseconds, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /** Advances the time and runs what is due. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.run();
      await settled();
    }
    this.#now = end;
  }
}

/** Waits until all pending promises are settled. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
