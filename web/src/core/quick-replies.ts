import type { QuickReplies as Found, QuickReply } from '../../generated/typescript';
import type { Clock } from './clock';
import { Retrying } from './retrying';

/** What the viewer is likely to say now. It changes with the delivery. */
export class QuickReplies {
  results: QuickReply[] = [];
  /** Whether the server has responded. */
  isKnown = false;
  /** The last event of the delivery; null without one. */
  event: string | null = null;
  #calls: Retrying;

  constructor(
    private readonly fetch: () => Promise<Found>,
    private readonly changed: () => void,
    clock: Clock,
  ) {
    // The room may be gone; the conversation shows that.
    this.#calls = new Retrying(
      () => this.#load(),
      clock,
      () => this.#know({}),
    );
  }

  /** Reads them again: the delivery may have gone on. */
  request(): void {
    this.#calls.request();
  }

  wake(): void {
    this.#calls.wake();
  }

  stop(): void {
    this.#calls.stop();
  }

  async #load(): Promise<void> {
    const { results, event } = await this.fetch();
    this.#know({ results, event });
  }

  #know(known: Partial<Pick<QuickReplies, 'results' | 'event'>>): void {
    Object.assign(this, known, { isKnown: true });
    this.changed();
  }
}
