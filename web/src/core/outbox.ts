import { systemClock, type Clock } from './clock';
import { CallError, isTemporary } from './errors';
import { sameContent, type Content, type Message } from './message';
import { Observable } from './observable';
import { Retrying } from './retrying';

/** A message that its writer sees already, and the server perhaps does not. */
export interface Outgoing extends Content {
  /** Chosen here, once: the server answers a repeat with the message that it has. */
  clientMessageId: string;
  roomId: string;
  /** Milliseconds since 1970; no two are the same, so it is the order, too. */
  writtenAt: number;
  /** How often it was sent. From 1 on the server may have it. */
  attempts: number;
  /** The highest `seq` that was known when it was written: it will get a higher one. */
  afterSeq: number;
  /** Why the server rejected it, in the server's words. */
  refusal: string | null;
  /** Why the last attempt failed, if another may succeed. */
  failure?: string | null;
}

/** Keeps what is not sent over the end of the app. One entry per message, so that two open pages do not collide. */
export interface OutboxStore {
  load(): Outgoing[];
  put(item: Outgoing): void;
  remove(clientMessageId: string): void;
}

interface Options {
  store: OutboxStore;
  /** The call: answers the message, or throws a CallError. */
  send(item: Outgoing): Promise<Message>;
  newId(): string;
  clock?: Clock;
}

/** What waits to be sent: in order within a room, one at a time, again and again, and never twice in the room. */
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

  /** Goes on with what was left when the app ended. */
  start(): void {
    for (const { roomId } of this.#items) this.#lane(roomId).request();
  }

  /** What a room waits for, in the order in which it was written. */
  of(roomId: string): Outgoing[] {
    return this.#items.filter((item) => item.roomId === roomId);
  }

  /** Calls `listener` with each message that arrived, before it leaves the outbox. */
  onDelivered(listener: (item: Outgoing, message: Message) => void): () => void {
    this.#delivered.add(listener);
    return () => this.#delivered.delete(listener);
  }

  add(roomId: string, content: Content, afterSeq: number): Outgoing {
    const writtenAt = Math.max(this.#clock.now(), (this.#items.at(-1)?.writtenAt ?? 0) + 1);
    const clientMessageId = this.options.newId();
    const item: Outgoing = { ...content, clientMessageId, roomId, writtenAt, afterSeq, attempts: 0, refusal: null };
    this.#items.push(item);
    this.#save(item);
    this.#lane(roomId).request();
    return item;
  }

  /** Sends an entry again now, after a rejection or while it waits for its next attempt. */
  retry(clientMessageId: string): void {
    const item = this.#items.find((candidate) => candidate.clientMessageId === clientMessageId);
    if (!item) return;
    item.refusal = null;
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

  /** The connection may be back. */
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
    while ((item = this.of(roomId).find(({ refusal }) => refusal === null))) await this.#send(item);
  }

  async #send(item: Outgoing): Promise<void> {
    // Written down before it leaves: if the app ends here, the next start knows that the server may have it.
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
      item.refusal = error.message;
      if (isKept) this.#save(item);
    }
  }

  #save(item: Outgoing): void {
    this.options.store.put(item);
    this.changed();
  }
}

/**
 * The messages among these that are perhaps still in the outbox, too: the live event can overtake the answer to
 * sending, and an answer can be lost. Firebase does not tell a message's `client_message_id`, so what was sent by the
 * viewer, says the same and is new counts as the one that is on its way, until the answer tells for certain.
 */
export function echoes(messages: readonly Message[], waiting: readonly Outgoing[], viewerId: string): Set<string> {
  const found = new Set<string>();
  for (const item of waiting) {
    if (item.attempts === 0 || item.refusal !== null) continue;
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
