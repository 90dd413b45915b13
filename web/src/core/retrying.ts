import { systemClock, type Clock } from './clock';
import { CallError, isTemporary } from './errors';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Returns the pause after a number of failures in a row (from 1). It doubles, and a random part spreads the phones that
 * lost the same server.
 */
export function pauseAfter(failures: number, random: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return longest * (0.5 + random / 2);
}

/**
 * Repeats a task until it succeeds: never twice at a time, and with growing pauses after failures.
 *
 * A final error is not repeated. It is passed to `rejected`, or thrown if there is none, because it is then a bug.
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
    private readonly rejected?: (error: unknown) => void,
  ) {}

  /** Runs the task. If it is running, it runs once more afterwards; if it is waiting, it continues to wait. */
  request(): void {
    if (this.#running) this.#again = true;
    else if (!this.#cancel) void this.#run();
  }

  /** The connection may be back: a waiting task runs now. */
  wake(): void {
    // A running task may have started before: its next pause is the shortest.
    this.#failures = 0;
    if (!this.#cancel) return;
    this.#cancel();
    this.#cancel = null;
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
      else if (this.rejected) this.rejected(error);
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
