import type { Clock } from './clock';
import type { Message } from './message';
import { Retrying } from './retrying';

/** The most ids that one call takes. */
const MOST_IDS = 1_000;

interface Options {
  viewerId: string;
  /** Marks these messages as read on the server. */
  markMessages(ids: string[]): Promise<void>;
  /** Called with the ids that the server has marked. */
  marked(ids: ReadonlySet<string>): void;
  clock: Clock;
}

/**
 * Sends read receipts: each message once, many messages in one call, repeated until the call succeeds.
 *
 * Receipts name messages, never a whole room: a message that the viewer has not seen must not become read.
 */
export class Reading {
  #seen = new Set<string>();
  #pending = new Set<string>();
  #calls: Retrying;

  constructor(private readonly options: Options) {
    // A receipt that the server rejects is dropped: the room may be gone, and nothing depends on the receipt.
    this.#calls = new Retrying(
      () => this.#sendAll(),
      options.clock,
      () => {},
    );
  }

  /** Whether this message is waiting for the viewer to see it. */
  isUnseen({ id, senderId, readAt, isDeleted }: Message): boolean {
    return senderId !== this.options.viewerId && readAt === null && !isDeleted && !this.#seen.has(id);
  }

  /** The viewer sees these messages. */
  saw(messages: Iterable<Message>): void {
    for (const message of messages) {
      if (!this.isUnseen(message)) continue;
      this.#seen.add(message.id);
      this.#pending.add(message.id);
    }
    if (this.#pending.size > 0) this.#calls.request();
  }

  wake(): void {
    this.#calls.wake();
  }

  stop(): void {
    this.#calls.stop();
  }

  async #sendAll(): Promise<void> {
    while (this.#pending.size > 0) {
      const ids = [...this.#pending].slice(0, MOST_IDS);
      await this.options.markMessages(ids);
      for (const id of ids) this.#pending.delete(id);
      this.options.marked(new Set(ids));
    }
  }
}
