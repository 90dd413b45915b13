import { systemClock, type Clock } from './clock';
import { CallError, isTemporary } from './errors';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * How long to wait after so many failures in a row (1 upwards): it doubles, and chance spreads the phones that all
 * lost the same server.
 */
export function pauseAfter(failures: number, random: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return longest * (0.5 + random / 2);
}

/**
 * Does a task until it succeeds: never twice at a time, after a failure again with a pause that grows.
 *
 * What is no temporary error is not repeated: `refused` hears of it, and without one it is thrown as the mistake of
 * ours that it is.
 */
export class Retrying {
  #running = false;
  #again = false;
  #failures = 0;
  #stopped = false;
  #cancel: (() => void) | null = null;

  constructor(
    private readonly task: () => Promise<void>,
    private readonly clock: Clock = systemClock,
    private readonly refused?: (error: unknown) => void,
  ) {}

  /** There is something to do. While the task runs it will run once more; while it waits, it goes on waiting. */
  request(): void {
    if (this.#running) this.#again = true;
    else if (!this.#cancel) void this.#run();
  }

  /** The connection may be back: a task that waits is tried now. */
  wake(): void {
    if (!this.#cancel) return;
    this.#cancel();
    this.#cancel = null;
    this.#failures = 0;
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  async #run(): Promise<void> {
    if (this.#stopped) return;
    this.#running = true;
    this.#again = false;
    try {
      await this.task();
      this.#failures = 0;
    } catch (error) {
      if (isTemporary(error)) this.#wait(error as CallError);
      else if (this.refused) this.refused(error);
      else throw error;
    } finally {
      this.#running = false;
      if (this.#again && !this.#cancel) void this.#run();
    }
  }

  #wait(error: CallError): void {
    if (this.#stopped) return;
    this.#failures += 1;
    const asked = (error.retryAfterSeconds ?? 0) * 1_000;
    const pause = Math.max(asked, pauseAfter(this.#failures, this.clock.random()));
    this.#cancel = this.clock.after(pause, () => {
      this.#cancel = null;
      void this.#run();
    });
  }
}
