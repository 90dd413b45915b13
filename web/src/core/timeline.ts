import { newerOf, type Message } from './message';

/** Missing messages: from `after` (exclusive) to `last` (inclusive). */
export interface Hole {
  after: number;
  last: number;
}

/**
 * The known messages of a room, independent of the way and order in which they arrive: REST pages, live events,
 * responses to sending. `seq` is dense, so a gap in the numbers is a missing message.
 */
export class Timeline {
  #bySeq = new Map<number, Message>();
  #sorted: Message[] | null = [];

  /** Adds messages and newer copies of known ones. Returns whether anything is new. */
  merge(messages: Iterable<Message>): boolean {
    let isNew = false;
    for (const message of messages) {
      const known = this.#bySeq.get(message.seq);
      const merged = known ? newerOf(known, message) : message;
      if (merged === known) continue;
      this.#bySeq.set(message.seq, merged);
      isNew = true;
    }
    if (isNew) this.#sorted = null;
    return isNew;
  }

  /**
   * Adds live messages. They start at the newest known one or change known ones: only REST adds older messages, because
   * Firebase may be behind.
   */
  mergeLive(messages: Iterable<Message>): boolean {
    const { newest } = this;
    return this.merge([...messages].filter(({ seq }) => seq > newest || this.#bySeq.has(seq)));
  }

  /** Removes the messages below `seq`. */
  dropBefore(seq: number): void {
    for (const known of [...this.#bySeq.keys()]) if (known < seq) this.#bySeq.delete(known);
    this.#sorted = null;
  }

  /** The messages, oldest first. */
  get messages(): readonly Message[] {
    this.#sorted ??= [...this.#bySeq.values()].sort((a, b) => a.seq - b.seq);
    return this.#sorted;
  }

  /** The lowest known `seq`; 0 if no message is known. */
  get oldest(): number {
    return this.messages[0]?.seq ?? 0;
  }

  /** The highest known `seq`; 0 if no message is known. */
  get newest(): number {
    return this.messages.at(-1)?.seq ?? 0;
  }

  /** The newest gap between known messages. Messages below the oldest are history, not a gap. */
  get hole(): Hole | null {
    const { messages } = this;
    if (this.newest - this.oldest + 1 === messages.length) return null;
    for (let at = messages.length - 1; at > 0; at -= 1) {
      const after = messages[at - 1]!.seq;
      const last = messages[at]!.seq - 1;
      if (after < last) return { after, last };
    }
    return null;
  }

  /** Marks messages as read after the server's response, without waiting for the live event. */
  markRead(ids: ReadonlySet<string>, readAt: string): void {
    const read = this.messages.filter((message) => ids.has(message.id) && message.readAt === null);
    this.merge(read.map((message) => ({ ...message, readAt })));
  }
}
