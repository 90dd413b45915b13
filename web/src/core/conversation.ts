import type { RoomDetail } from '../../generated/typescript';
import type { Api } from './api';
import { CatchUp } from './catch-up';
import { systemClock, type Clock } from './clock';
import { isTemporary } from './errors';
import { keepListening, type Live, type Unlisten } from './live';
import type { Content, Message } from './message';
import { Observable } from './observable';
import { echoes, type Outbox, type Outgoing } from './outbox';
import { Reading } from './reading';
import { Retrying } from './retrying';
import { Timeline } from './timeline';
import { TypingSender, TypingWatch } from './typing';

const PAGE = 20;
const POLL_MS = 5_000;

export type ConversationApi = Pick<
  Api,
  'room' | 'archive' | 'newestMessages' | 'messagesAfter' | 'markMessagesRead' | 'markRoomRead' | 'setTyping'
>;

interface Options {
  roomId: string;
  viewerId: string;
  api: ConversationApi;
  live: Live;
  outbox: Outbox;
  clock?: Clock;
}

/** One room on the screen: what REST has, what Firebase tells and what waits to be sent, as one list. */
export class Conversation extends Observable {
  readonly roomId: string;
  /** Null until the server has answered. */
  room: RoomDetail | null = null;
  /** Why there is nothing to see, in words for the viewer. */
  problem: string | null = null;
  isLoadingOlder = false;

  readonly typing: TypingSender;
  #options: Options;
  #clock: Clock;
  #timeline = new Timeline();
  #isVisible = false;
  #isClosed = false;
  /** Whether the room had unread messages when it was opened. */
  #isUnreadBefore = false;
  #isConnected = false;
  #ends: Unlisten[] = [];
  #first: Retrying;
  #catchUp: CatchUp;
  #reading: Reading;
  #otherTyping: TypingWatch;

  constructor(options: Options) {
    super();
    const { roomId, viewerId, api, live } = options;
    const clock = options.clock ?? systemClock;
    this.#options = options;
    this.#clock = clock;
    this.roomId = roomId;
    const refused = (error: unknown) => this.#fail(error);
    this.#first = new Retrying(() => this.#load(), clock, refused);
    this.#catchUp = new CatchUp({
      timeline: this.#timeline,
      viewerId,
      fetchAfter: async (seq, limit) => {
        const messages = await api.messagesAfter(roomId, seq, limit);
        this.#merge(messages);
        return messages;
      },
      refused,
      clock,
    });
    this.#reading = new Reading({
      viewerId,
      markMessages: (ids) => api.markMessagesRead(ids),
      markRoom: () => api.markRoomRead(roomId),
      marked: (ids) => this.#markRead(ids),
      clock,
    });
    this.#otherTyping = new TypingWatch(
      () => this.changed(),
      clock,
      () => live.clockOffset(),
    );
    // Lost is lost: what is told of typing is stale in a moment anyway.
    this.typing = new TypingSender((isTyping) => void api.setTyping(roomId, isTyping).catch(() => {}), clock);
  }

  /** Oldest first; without those that the outbox still shows. */
  get messages(): Message[] {
    const { messages } = this.#timeline;
    const hidden = echoes(messages, this.waiting, this.#options.viewerId);
    return messages.filter(({ id }) => !hidden.has(id));
  }

  /** What is written and not sent, to be shown below the messages. */
  get waiting(): Outgoing[] {
    return this.#options.outbox.of(this.roomId);
  }

  get hasOlder(): boolean {
    return this.#timeline.oldest > 1;
  }

  get otherIsTyping(): boolean {
    return this.#otherTyping.isTyping;
  }

  open(): void {
    const { live, outbox } = this.#options;
    const { roomId } = this;
    this.#ends = [
      keepListening((refused) => live.messages(roomId, (message) => this.#heard(message), refused), this.#clock),
      keepListening((refused) => live.isActive(roomId, (isActive) => this.#setActive(isActive), refused), this.#clock),
      live.connection((isConnected) => this.#connected(isConnected)),
      outbox.subscribe(() => this.changed()),
      outbox.onDelivered((item, message) => {
        if (item.roomId === roomId) this.#merge([message]);
      }),
    ];
    this.#first.request();
    this.#poll();
  }

  close(): void {
    this.#isClosed = true;
    this.typing.stop();
    for (const end of this.#ends.splice(0)) end();
    for (const part of [this.#first, this.#catchUp, this.#reading, this.#otherTyping]) part.stop();
  }

  /** Whether the viewer has it before their eyes: only then is anything read. */
  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    if (!isVisible || !this.room) return;
    this.#see();
    this.#catchUp.request({ newer: true });
  }

  send(content: Content): void {
    this.typing.stop();
    this.#options.outbox.add(this.roomId, content, this.#timeline.newest);
  }

  /** For the viewer alone. Answers whether it has come to that: without a connection it has not. */
  async archive(archive: boolean): Promise<boolean> {
    try {
      await this.#options.api.archive(this.roomId, archive);
    } catch (error) {
      if (isTemporary(error)) return false;
      throw error;
    }
    if (this.room) this.room = { ...this.room, is_archived: archive };
    this.changed();
    return true;
  }

  /** The connection may be back. */
  wake(): void {
    for (const part of [this.#first, this.#catchUp, this.#reading]) part.wake();
    if (this.room) this.#catchUp.request({ newer: true });
  }

  /** The page before the oldest known message: `seq` is dense, so `after_seq` reads backwards as well. */
  async loadOlder(): Promise<void> {
    if (this.isLoadingOlder || !this.hasOlder) return;
    this.#setLoadingOlder(true);
    try {
      const last = this.#timeline.oldest - 1;
      const after = Math.max(0, last - PAGE);
      this.#merge(await this.#options.api.messagesAfter(this.roomId, after, last - after));
    } catch (error) {
      if (!isTemporary(error)) throw error;
    } finally {
      this.#setLoadingOlder(false);
    }
  }

  async #load(): Promise<void> {
    const { api, live } = this.#options;
    const { roomId } = this;
    const [room, messages] = await Promise.all([api.room(roomId), api.newestMessages(roomId, PAGE)]);
    if (this.#isClosed) return;
    this.room = room;
    const heard = (timestamp: string | null) => this.#otherTyping.heard(timestamp);
    const other = room.other_participant.id;
    this.#ends.push(keepListening((refused) => live.typing(roomId, other, heard, refused), this.#clock));
    this.#isUnreadBefore = room.unread_count > 0;
    this.#merge(messages);
    if (this.#isVisible) this.#see();
    this.#catchUp.request();
    this.changed();
  }

  #heard(message: Message): void {
    if (!this.#merge([message]) || !this.room) return;
    const isReceipt = message.senderId === this.#options.viewerId && message.readAt !== null;
    this.#catchUp.request(isReceipt ? { receipts: true } : {});
  }

  /** A room can be closed, or opened again, while it is looked at. */
  #setActive(isActive: boolean | null): void {
    if (!this.room || isActive === null || isActive === this.room.is_active) return;
    this.room = { ...this.room, is_active: isActive };
    this.changed();
  }

  #merge(messages: Message[]): boolean {
    const isNew = this.#timeline.merge(messages);
    if (isNew) {
      if (this.#isVisible) this.#see();
      this.changed();
    }
    return isNew;
  }

  #see(): void {
    if (!this.room) return;
    this.#reading.saw(this.#timeline.messages, { andAllBefore: this.#isUnreadBefore });
    this.#isUnreadBefore = false;
  }

  #markRead(ids: ReadonlySet<string>): void {
    this.#timeline.markRead(ids, new Date(this.#clock.now()).toISOString());
    this.changed();
  }

  #connected(isConnected: boolean): void {
    const isBack = isConnected && !this.#isConnected;
    this.#isConnected = isConnected;
    if (!isBack) return;
    if (this.room) this.#catchUp.request({ receipts: true });
    this.wake();
  }

  /** Without Firebase the conversation goes on, only slower. */
  #poll(): void {
    const cancel = this.#clock.after(POLL_MS, () => {
      this.#ends.splice(this.#ends.indexOf(cancel), 1);
      if (!this.#isConnected && this.#isVisible && this.room) this.#catchUp.request({ newer: true });
      this.#poll();
    });
    this.#ends.push(cancel);
  }

  #fail(error: unknown): void {
    if (!(error instanceof Error)) throw error;
    this.problem = error.message;
    this.changed();
  }

  #setLoadingOlder(isLoading: boolean): void {
    this.isLoadingOlder = isLoading;
    this.changed();
  }
}
