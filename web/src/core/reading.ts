import type { Clock } from './clock';
import type { Message } from './message';
import { Retrying } from './retrying';

/** As many ids as one call takes. */
const MOST_IDS = 1_000;

interface Options {
  viewerId: string;
  /** Marks these as read at the server. */
  markMessages(ids: string[]): Promise<void>;
  /** Marks as read whatever the room has, also what this phone has not loaded. */
  markRoom(): Promise<void>;
  /** Told what the server has marked. */
  marked(ids: ReadonlySet<string>): void;
  clock: Clock;
}

/**
 * Tells the server what the viewer has seen: each message once, as many as there are in one call, until it arrives.
 *
 * The live ones by their ids, so that a message that the viewer has not seen yet is never marked by accident.
 */
export class Reading {
  #asked = new Set<string>();
  #waiting = new Set<string>();
  #room = false;
  #calls: Retrying;

  constructor(private readonly options: Options) {
    // What the server refuses is left alone: the room may be gone, and nothing else depends on it.
    this.#calls = new Retrying(
      () => this.#tellAll(),
      options.clock,
      () => {},
    );
  }

  /** The viewer sees these messages; `andAllBefore` where the room has unread ones that are not loaded. */
  saw(messages: Iterable<Message>, { andAllBefore = false } = {}): void {
    this.#room ||= andAllBefore;
    for (const { id, senderId, readAt } of messages) {
      if (senderId === this.options.viewerId || readAt !== null || this.#asked.has(id)) continue;
      this.#asked.add(id);
      this.#waiting.add(id);
    }
    if (this.#room || this.#waiting.size > 0) this.#calls.request();
  }

  wake(): void {
    this.#calls.wake();
  }

  stop(): void {
    this.#calls.stop();
  }

  async #tellAll(): Promise<void> {
    if (this.#room) {
      const ids = new Set(this.#waiting);
      await this.options.markRoom();
      this.#room = false;
      this.#done(ids);
    }
    while (this.#waiting.size > 0) {
      const ids = [...this.#waiting].slice(0, MOST_IDS);
      await this.options.markMessages(ids);
      this.#done(new Set(ids));
    }
  }

  #done(ids: ReadonlySet<string>): void {
    for (const id of ids) this.#waiting.delete(id);
    this.options.marked(ids);
  }
}
