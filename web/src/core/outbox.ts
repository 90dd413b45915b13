import { systemClock, type Clock } from './clock';
import { CallError, isTemporary } from './errors';
import { sameContent, type Content, type Message } from './message';
import { Observable } from './observable';
import { Retrying } from './retrying';

/** A message that the sender sees and the server may not have yet. */
export interface Outgoing extends Content {
  /** Chosen once: for a repeat the server returns the existing message. */
  clientMessageId: string;
  roomId: string;
  /** Milliseconds since 1970, unique, so also the order. */
  writtenAt: number;
  /** The number of attempts. From 1 on, the server may have the message. */
  attempts: number;
  /** The highest `seq` that was known when it was written. Its own will be higher. */
  afterSeq: number;
  /** The key of a quick reply, which the server turns into the text. */
  quickReplyKey?: string;
  /** Why the server rejected it, in the server's words. */
  rejection: string | null;
  /** Whether the rejection concerns every message: the recipient has blocked the sender. */
  isForbidden?: boolean;
  /** Why the last attempt failed, if another may succeed. */
  failure?: string | null;
}

/** Stores unsent messages over the end of the app. One entry per message, so that two open pages do not collide. */
export interface OutboxStore {
  load(): Outgoing[];
  put(item: Outgoing): void;
  remove(clientMessageId: string): void;
}

interface Options {
  store: OutboxStore;
  /** Sends a message and returns it, or throws a CallError. */
  send(item: Outgoing): Promise<Message>;
  newId(): string;
  clock?: Clock;
}

/** The unsent messages: one at a time and in order within a room, repeated until they arrive, never stored twice. */
export class Outbox extends Observable {
  #items: Outgoing[];
  #lanes = new Map<string, Retrying>();
  #delivered = new Set<(item: Outgoing, message: Message) => void>();
  #clock: Clock;

  constructor(private readonly options: Options) {
    super();
    this.#clock = options.clock ?? systemClock;
    this.#items = options.store.load().sort((a, b) => a.writtenAt - b.writtenAt);
  }

  /** Continues with what was unsent when the app ended. */
  start(): void {
    for (const { roomId } of this.#items) this.#lane(roomId).request();
  }

  /** Returns the unsent messages of a room, oldest first. */
  of(roomId: string): Outgoing[] {
    return this.#items.filter((item) => item.roomId === roomId);
  }

  /** Calls `listener` with each delivered message before it leaves the outbox. */
  onDelivered(listener: (item: Outgoing, message: Message) => void): () => void {
    this.#delivered.add(listener);
    return () => this.#delivered.delete(listener);
  }

  add(roomId: string, content: Content, afterSeq: number, quickReplyKey?: string): Outgoing {
    const writtenAt = Math.max(this.#clock.now(), (this.#items.at(-1)?.writtenAt ?? 0) + 1);
    const clientMessageId = this.options.newId();
    const item: Outgoing = { ...content, clientMessageId, roomId, writtenAt, afterSeq, attempts: 0, rejection: null };
    if (quickReplyKey) item.quickReplyKey = quickReplyKey;
    this.#items.push(item);
    this.#save(item);
    this.#lane(roomId).request();
    return item;
  }

  /** Sends an entry again now, after a rejection or while it waits for its next attempt. */
  retry(clientMessageId: string): void {
    const item = this.#items.find((candidate) => candidate.clientMessageId === clientMessageId);
    if (!item) return;
    item.rejection = null;
    this.#save(item);
    const lane = this.#lane(item.roomId);
    lane.wake();
    lane.request();
  }

  /** Removes an entry. If it was sent before, the server may have it: then it appears as a message. */
  discard(clientMessageId: string): void {
    this.#items = this.#items.filter((item) => item.clientMessageId !== clientMessageId);
    this.options.store.remove(clientMessageId);
    this.changed();
  }

  /** The connection may be back: retries now. */
  wake(): void {
    for (const lane of this.#lanes.values()) lane.wake();
  }

  stop(): void {
    for (const lane of this.#lanes.values()) lane.stop();
  }

  #lane(roomId: string): Retrying {
    const known = this.#lanes.get(roomId);
    if (known) return known;
    const lane = new Retrying(() => this.#sendAll(roomId), this.#clock);
    this.#lanes.set(roomId, lane);
    return lane;
  }

  async #sendAll(roomId: string): Promise<void> {
    let item;
    while ((item = this.of(roomId).find(({ rejection }) => rejection === null))) await this.#send(item);
  }

  async #send(item: Outgoing): Promise<void> {
    // Stored before it is sent: after a crash, the next start knows that the server may have it.
    item.attempts += 1;
    this.#save(item);
    try {
      const message = await this.options.send(item);
      for (const listener of [...this.#delivered]) listener(item, message);
      this.discard(item.clientMessageId);
      for (const later of this.of(item.roomId)) later.afterSeq = Math.max(later.afterSeq, message.seq);
    } catch (error) {
      // The viewer may have discarded it meanwhile.
      const isKept = this.#items.includes(item);
      if (isTemporary(error)) {
        item.failure = (error as CallError).message;
        if (isKept) this.#save(item);
        throw error;
      }
      if (!(error instanceof CallError)) throw error;
      item.rejection = error.message;
      item.isForbidden = error.status === 403;
      if (isKept) this.#save(item);
    }
  }

  #save(item: Outgoing): void {
    this.options.store.put(item);
    this.changed();
  }
}

/**
 * Returns the messages that may still be in the outbox too: the live event can arrive before the response, and a response
 * can be lost. Firebase does not have a message's `client_message_id`, so a new message of the viewer with the same
 * content counts as the pending one until the response arrives.
 */
export function echoes(messages: readonly Message[], waiting: readonly Outgoing[], viewerId: string): Set<string> {
  const found = new Set<string>();
  for (const item of waiting) {
    if (item.attempts === 0 || item.rejection !== null) continue;
    const isEcho = (message: Message) =>
      message.seq > item.afterSeq &&
      message.senderId === viewerId &&
      !found.has(message.id) &&
      sameContent(message, item);
    const echo = messages.find(isEcho);
    if (echo) found.add(echo.id);
  }
  return found;
}
