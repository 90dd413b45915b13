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
import { noSnapshots, type Snapshots } from './snapshots';
import { Timeline } from './timeline';
import { TypingSender, TypingWatch } from './typing';

const PAGE = 20;
/** The most unread messages that are loaded when a room opens: one page of the API. */
const MOST_UNREAD = 100;
/** The number of messages that a snapshot has. */
const SNAPSHOT = 50;
const POLL_MS = 5_000;

export type ConversationApi = Pick<
  Api,
  'room' | 'archive' | 'newestMessages' | 'messagesAfter' | 'markMessagesRead' | 'setTyping'
>;

interface Options {
  roomId: string;
  viewerId: string;
  api: ConversationApi;
  live: Live;
  outbox: Outbox;
  snapshots?: Snapshots;
  clock?: Clock;
}

/** A room on the screen: the messages of REST, of Firebase and of the outbox as one list. */
export class Conversation extends Observable {
  readonly roomId: string;
  /** Null until the server responds, unless a snapshot has it. */
  room: RoomDetail | null = null;
  /** The `seq` of the first message that was unread when the viewer came; null if all were read. */
  firstUnread: number | null = null;
  /** Why the room cannot be shown, for the viewer. */
  problem: string | null = null;
  isLoadingOlder = false;

  readonly typing: TypingSender;
  #options: Options;
  #clock: Clock;
  #timeline = new Timeline();
  #isVisible = false;
  #isClosed = false;
  /** Whether the server has responded since the room was opened. */
  #isLoaded = false;
  /** The `seq`s of the messages on the screen. */
  #onScreen = new Set<number>();
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
    const rejected = (error: unknown) => this.#fail(error);
    this.#first = new Retrying(() => this.#load(), clock, rejected);
    this.#catchUp = new CatchUp({
      timeline: this.#timeline,
      viewerId,
      fetchAfter: async (seq, limit) => {
        const messages = await api.messagesAfter(roomId, seq, limit);
        this.#merge(messages);
        return messages;
      },
      rejected,
      clock,
    });
    this.#reading = new Reading({
      viewerId,
      markMessages: (ids) => api.markMessagesRead(ids),
      marked: (ids) => this.#markRead(ids),
      clock,
    });
    this.#otherTyping = new TypingWatch(
      () => this.changed(),
      clock,
      () => live.clockOffset(),
    );
    // A failed call is not repeated: its information is outdated a moment later.
    this.typing = new TypingSender((isTyping) => void api.setTyping(roomId, isTyping).catch(() => {}), clock);
  }

  /** The messages, oldest first, without those that the outbox still shows. */
  get messages(): Message[] {
    const { messages } = this.#timeline;
    const hidden = echoes(messages, this.waiting, this.#options.viewerId);
    return messages.filter(({ id }) => !hidden.has(id));
  }

  /** The outbox entries of this room, shown below the messages. */
  get waiting(): Outgoing[] {
    return this.#options.outbox.of(this.roomId);
  }

  /** How many received messages the viewer has not seen yet. */
  get unseen(): number {
    return this.#timeline.messages.filter((message) => this.#reading.isUnseen(message)).length;
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
      keepListening((rejected) => live.messages(roomId, (message) => this.#received(message), rejected), this.#clock),
      keepListening(
        (rejected) => live.isActive(roomId, (isActive) => this.#setActive(isActive), rejected),
        this.#clock,
      ),
      live.connection((isConnected) => this.#connected(isConnected)),
      outbox.subscribe(() => this.changed()),
      outbox.onDelivered((item, message) => {
        if (item.roomId === roomId) this.#merge([message]);
      }),
    ];
    const known = this.#options.snapshots?.room(roomId);
    if (known) {
      this.room = known.room;
      this.#timeline.merge(known.messages);
    }
    this.#first.request();
    this.#poll();
  }

  close(): void {
    this.#isClosed = true;
    this.typing.stop();
    for (const end of this.#ends.splice(0)) end();
    for (const part of [this.#first, this.#catchUp, this.#reading, this.#otherTyping]) part.stop();
  }

  /** Whether the app is visible. Only then do messages on the screen count as read. */
  setVisible(isVisible: boolean): void {
    const isBack = isVisible && !this.#isVisible;
    this.#isVisible = isVisible;
    if (!isVisible || !this.#isLoaded) return;
    if (isBack) this.#findFirstUnread();
    this.#see();
    this.#catchUp.request({ newer: true });
  }

  /** Messages have appeared on the screen, or left it. */
  setOnScreen(seqs: number[], isOnScreen: boolean): void {
    for (const seq of seqs) {
      if (isOnScreen) this.#onScreen.add(seq);
      else this.#onScreen.delete(seq);
    }
    if (isOnScreen) this.#see();
  }

  send(content: Content): void {
    this.typing.stop();
    this.#options.outbox.add(this.roomId, content, this.#timeline.newest);
  }

  /** Archives for the viewer. Returns false if there was no connection. */
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

  /** The connection may be back: retries what failed and fetches what was missed. */
  wake(): void {
    for (const part of [this.#first, this.#catchUp, this.#reading]) part.wake();
    if (this.#isLoaded) this.#catchUp.request({ newer: true });
  }

  /** Loads the page before the oldest known message: `seq` is dense, so `after_seq` also reads backwards. */
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
    const [room, newest] = await Promise.all([api.room(roomId), api.newestMessages(roomId, PAGE)]);
    const messages = [...newest, ...(await this.#loadUnread(room, newest))];
    if (this.#isClosed) return;
    this.room = room;
    this.#isLoaded = true;
    const other: { id: string } | null = room.other_participant;
    if (other) {
      const received = (timestamp: string | null) => this.#otherTyping.received(timestamp);
      this.#ends.push(keepListening((rejected) => live.typing(roomId, other.id, received, rejected), this.#clock));
    }
    this.#timeline.merge(messages);
    this.#findFirstUnread();
    this.#see();
    this.#catchUp.request();
    this.#save();
    this.changed();
  }

  /** The unread messages before the newest page, at most one page of them, so that the viewer starts at the first. */
  async #loadUnread(room: RoomDetail, newest: Message[]): Promise<Message[]> {
    const known = newest.filter((message) => this.#reading.isUnseen(message)).length;
    const oldest = newest.at(-1)?.seq ?? 1;
    const missing = Math.min(MOST_UNREAD, room.unread_count - known, oldest - 1);
    if (missing <= 0) return [];
    return this.#options.api.messagesAfter(this.roomId, oldest - 1 - missing, missing);
  }

  #findFirstUnread(): void {
    this.firstUnread = this.#timeline.messages.find((message) => this.#reading.isUnseen(message))?.seq ?? null;
  }

  #save(): void {
    if (this.room) {
      const messages = this.#timeline.messages.slice(-SNAPSHOT);
      (this.#options.snapshots ?? noSnapshots).saveRoom(this.roomId, { room: this.room, messages });
    }
  }

  #received(message: Message): void {
    if (!this.#merge([message]) || !this.#isLoaded) return;
    const isReceipt = message.senderId === this.#options.viewerId && message.readAt !== null;
    this.#catchUp.request(isReceipt ? { receipts: true } : {});
  }

  /** A room can close or reopen while it is shown. */
  #setActive(isActive: boolean | null): void {
    if (!this.room || isActive === null || isActive === this.room.is_active) return;
    this.room = { ...this.room, is_active: isActive };
    this.changed();
  }

  #merge(messages: Message[]): boolean {
    const isNew = this.#timeline.merge(messages);
    if (isNew) {
      if (this.#isLoaded) this.#save();
      this.changed();
    }
    return isNew;
  }

  #see(): void {
    if (!this.#isVisible || !this.#isLoaded) return;
    this.#reading.saw(this.#timeline.messages.filter(({ seq }) => this.#onScreen.has(seq)));
    this.changed();
  }

  #markRead(ids: ReadonlySet<string>): void {
    this.#timeline.markRead(ids, new Date(this.#clock.now()).toISOString());
    this.changed();
  }

  #connected(isConnected: boolean): void {
    const isBack = isConnected && !this.#isConnected;
    this.#isConnected = isConnected;
    if (!isBack) return;
    if (this.#isLoaded) this.#catchUp.request({ receipts: true });
    this.wake();
  }

  /** Without Firebase, polls for new messages. */
  #poll(): void {
    const cancel = this.#clock.after(POLL_MS, () => {
      this.#ends.splice(this.#ends.indexOf(cancel), 1);
      if (!this.#isConnected && this.#isVisible && this.#isLoaded) this.#catchUp.request({ newer: true });
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
