import type { Clock } from './clock';
import type { History } from './history';
import { Retrying } from './retrying';
import type { Timeline } from './timeline';

const LARGEST_PAGE = 100;

interface Options {
  timeline: Timeline;
  history: History;
  rejected(error: unknown): void;
  clock: Clock;
}

/** Fetches what this phone missed: changes since the last revision, and holes. */
export class CatchUp {
  #areChangesDue = false;
  #calls: Retrying;

  constructor(private readonly options: Options) {
    this.#calls = new Retrying(() => this.#fetchAll(), options.clock, options.rejected);
  }

  /** The phone may have missed something. */
  changes(): void {
    this.#areChangesDue = true;
    this.#calls.request();
  }

  /** Makes no call unless there is a hole. */
  holes(): void {
    if (this.options.timeline.hole) this.#calls.request();
  }

  wake(): void {
    this.#calls.wake();
  }

  stop(): void {
    this.#calls.stop();
  }

  async #fetchAll(): Promise<void> {
    const { timeline, history } = this.options;
    if (this.#areChangesDue) {
      this.#areChangesDue = false;
      try {
        await history.changes();
      } catch (error) {
        this.#areChangesDue = true;
        throw error;
      }
    }
    let hole;
    while ((hole = timeline.hole)) {
      const messages = await history.after(hole.after, Math.min(LARGEST_PAGE, hole.last - hole.after));
      if (messages.length === 0) break;
    }
  }
}
