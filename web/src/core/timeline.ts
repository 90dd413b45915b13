import type { Message } from './message';

/** Numbers that are missing: all above `after`, up to and with `last`. */
export interface Hole {
  after: number;
  last: number;
}

/**
 * The messages of a room that this phone knows, whatever way and in whatever order they came: REST pages, live
 * events, answers to sending. `seq` is dense, so the numbers themselves tell what is missing.
 */
export class Timeline {
  #bySeq = new Map<number, Message>();
  #sorted: Message[] | null = [];

  /** Takes messages in. Answers whether anything is new. */
  merge(messages: Iterable<Message>): boolean {
    let isNew = false;
    for (const message of messages) {
      const known = this.#bySeq.get(message.seq);
      // What is read stays read: a page of history may be older than the live event that it meets.
      if (known && (known.readAt !== null || message.readAt === null)) continue;
      this.#bySeq.set(message.seq, message);
      isNew = true;
    }
    if (isNew) this.#sorted = null;
    return isNew;
  }

  /** Oldest first. */
  get messages(): readonly Message[] {
    this.#sorted ??= [...this.#bySeq.values()].sort((a, b) => a.seq - b.seq);
    return this.#sorted;
  }

  /** The lowest known `seq`; 0 where nothing is known. */
  get oldest(): number {
    return this.messages[0]?.seq ?? 0;
  }

  /** The highest known `seq`; 0 where nothing is known. */
  get newest(): number {
    return this.messages.at(-1)?.seq ?? 0;
  }

  /** The newest gap between known messages. What lies below the oldest is no gap, but history not asked for yet. */
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

  /** What the server answered to marking these as read, without waiting for the live event. */
  markRead(ids: ReadonlySet<string>, readAt: string): void {
    const read = this.messages.filter((message) => ids.has(message.id) && message.readAt === null);
    this.merge(read.map((message) => ({ ...message, readAt })));
  }
}
