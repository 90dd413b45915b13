import type { FirebaseMetadata as Metadata, ReportReason, RoomDetail } from '../../generated/typescript';
import type { Api } from './api';
import { CatchUp } from './catch-up';
import { systemClock, type Clock } from './clock';
import type { Delivery } from './delivery';
import { isTemporary } from './errors';
import { keepListening, type KeptListener, type Live, type Unlisten } from './live';
import { History } from './history';
import type { Content, Message } from './message';
import { Observable } from './observable';
import { echoes, type Outbox, type Outgoing } from './outbox';
import { QuickReplies } from './quick-replies';
import { Reading } from './reading';
import { latestOf, noReceipts, tickOf, type Receipts, type Tick } from './receipts';
import { Retrying } from './retrying';
import { noSnapshots, type Snapshots } from './snapshots';
import { Timeline } from './timeline';
import { TypingSender, TypingWatch } from './typing';
import { canCall } from './unreachable';

/** A page of history. */
const PAGE = 20;
/** The number of a room's messages that Firebase keeps: the first page, which is then complete up to its revision. */
const LIVE_MESSAGES = 50;
/** The most unread messages that are loaded when a room opens: one page of the API. */
const MOST_UNREAD = 100;
/** The number of messages that a snapshot has. */
const SNAPSHOT = LIVE_MESSAGES;
const POLL_MS = 5_000;
/** The server's words for every message of a blocked sender. */
const BLOCKED = 'Vous ne pouvez pas écrire à cette personne.';

export type ConversationApi = Pick<
  Api,
  | 'archive'
  | 'block'
  | 'callCustomer'
  | 'changes'
  | 'delete'
  | 'edit'
  | 'markMessagesRead'
  | 'messagesAfter'
  | 'newestMessages'
  | 'quickReplies'
  | 'report'
  | 'room'
  | 'setTyping'
>;

interface Options {
  roomId: string;
  viewerId: string;
  api: ConversationApi;
  live: Live;
  outbox: Outbox;
  delivery: Delivery;
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
  readonly quickReplies: QuickReplies;
  #options: Options;
  #clock: Clock;
  #timeline = new Timeline();
  #isVisible = false;
  #isClosed = false;
  /** Whether the server has responded since the room was opened. */
  #isLoaded = false;
  /** The `seq`s of the messages on the screen. */
  #onScreen = new Set<number>();
  /** Whether there was an interruption while the room was loading. */
  #hasMissed = false;
  #isConnected = false;
  /** Whether the other participant has blocked the viewer; null without Firebase. */
  #isBlocked: boolean | null = null;
  /** The other participant's watermarks. */
  #receipts = noReceipts;
  #ends: Unlisten[] = [];
  #listeners: KeptListener[] = [];
  #first: Retrying;
  #history: History;
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
    this.#history = new History({
      timeline: this.#timeline,
      newest: (limit) => api.newestMessages(roomId, limit),
      after: (seq, limit) => api.messagesAfter(roomId, seq, limit),
      changes: (since) => api.changes(roomId, since),
      merge: (messages) => this.#merge(messages),
      receipts: (receipts) => this.#setReceipts(receipts),
    });
    this.#catchUp = new CatchUp({ timeline: this.#timeline, history: this.#history, rejected, clock });
    this.#reading = new Reading({
      viewerId,
      markMessages: (ids) => api.markMessagesRead(ids),
      marked: (ids) => this.#markRead(ids),
      clock,
    });
    this.quickReplies = new QuickReplies(
      () => api.quickReplies(roomId),
      () => this.changed(),
      clock,
    );
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
    return this.#isLoaded && this.#timeline.oldest > 1;
  }

  /** How far a message of the viewer has come. */
  tickOf(message: Message): Tick {
    return tickOf(message, this.#receipts);
  }

  get otherIsTyping(): boolean {
    return this.#otherTyping.isTyping;
  }

  open(): void {
    const { live, outbox } = this.#options;
    const { roomId } = this;
    this.#listen((rejected) => live.messages(roomId, (message) => this.#received(message), rejected));
    this.#listen((rejected) => live.metadata(roomId, (metadata) => this.#setState(metadata), rejected));
    this.#listen((rejected) => live.roomConnection(roomId, (isConnected) => this.#connected(isConnected), rejected));
    this.#ends = [
      outbox.subscribe(() => this.changed()),
      outbox.onDelivered((item, message) => {
        if (item.roomId !== roomId) return;
        this.#merge([message]);
        this.#catchUp.holes();
      }),
    ];
    const known = this.#options.snapshots?.room(roomId);
    if (known) {
      this.room = known.room;
      this.#timeline.merge(known.messages);
      this.#history.revision = known.revision;
    }
    this.#first.request();
    this.#poll();
  }

  close(): void {
    this.#isClosed = true;
    this.typing.stop();
    for (const end of this.#ends.splice(0)) end();
    for (const listener of this.#listeners.splice(0)) listener.stop();
    for (const part of [this.#first, this.#catchUp, this.#reading, this.quickReplies, this.#otherTyping]) part.stop();
  }

  /** Whether the app is visible. Only then do messages on the screen count as read. */
  setVisible(isVisible: boolean): void {
    const isBack = isVisible && !this.#isVisible;
    this.#isVisible = isVisible;
    if (!isVisible || !this.#isLoaded) return;
    if (isBack) this.#findFirstUnread();
    this.#see();
    this.#mayHaveMissed();
  }

  /** Messages have appeared on the screen, or left it. */
  setOnScreen(seqs: number[], isOnScreen: boolean): void {
    for (const seq of seqs) {
      if (isOnScreen) this.#onScreen.add(seq);
      else this.#onScreen.delete(seq);
    }
    if (isOnScreen) this.#see();
  }

  send(content: Content, quickReplyKey?: string): void {
    this.typing.stop();
    this.#options.outbox.add(this.roomId, content, this.#timeline.newest, quickReplyKey);
  }

  /** Why the viewer cannot write here, in the server's words: the other participant has blocked them. */
  get refusal(): string | null {
    const rejection = this.waiting.find(({ isForbidden }) => isForbidden)?.rejection;
    // Firebase also reports the end of a block.
    return (this.#isBlocked ?? !!rejection) ? (rejection ?? BLOCKED) : null;
  }

  /** Reports a received message to the admins, or throws a CallError. */
  report(message: Message, reason: ReportReason, comment: string): Promise<void> {
    return this.#options.api.report(message.id, reason, comment);
  }

  /** Blocks or unblocks the other participant, or throws a CallError. */
  async block(is_blocked: boolean): Promise<void> {
    const other: { id: string } | null = this.room?.other_participant ?? null;
    if (!this.room || !other) return;
    await this.#options.api.block(other.id, is_blocked);
    this.room = { ...this.room, is_blocked };
    this.changed();
  }

  /** Whether the viewer, as the driver, may call the customer now. */
  get canCallCustomer(): boolean {
    const { viewerId } = this.#options;
    return !!this.room && canCall(this.room, this.quickReplies.event, this.#timeline.messages, viewerId, this.now());
  }

  /** Calls a customer who does not respond, or throws a CallError. */
  async callCustomer(): Promise<void> {
    const unreachable_until = await this.#options.api.callCustomer(this.roomId);
    if (this.room) this.room = { ...this.room, unreachable_until };
    this.changed();
  }

  /** The server's time, in milliseconds since 1970. */
  now(): number {
    return this.#clock.now() + this.#options.live.clockOffset();
  }

  /** Whether the viewer may edit or delete a message. The server decides; this is for the menu. */
  canChange({ senderId, type, createdAt, isDeleted }: Message): boolean {
    if (!this.room?.is_active || isDeleted) return false;
    const age = this.now() - Date.parse(createdAt);
    const isOwn = senderId === this.#options.viewerId && type !== 'system';
    return isOwn && age < this.room.edit_window_seconds * 1_000;
  }

  /** Replaces the text of a message of the viewer, or throws a CallError. */
  async edit(message: Message, words: string): Promise<void> {
    this.#merge([await this.#options.api.edit(message.id, words)]);
  }

  /** Deletes a message of the viewer for everybody, or throws a CallError. */
  async delete(message: Message): Promise<void> {
    this.#merge([await this.#options.api.delete(message.id)]);
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
    const parts = [...this.#listeners, this.#first, this.#catchUp, this.#reading, this.quickReplies];
    for (const part of parts) part.wake();
    this.#mayHaveMissed();
  }

  /** Loads the page before the oldest known message: `seq` is dense, so `after_seq` also reads backwards. */
  async loadOlder(): Promise<void> {
    if (this.isLoadingOlder || !this.hasOlder) return;
    this.#setLoadingOlder(true);
    try {
      const last = this.#timeline.oldest - 1;
      const after = Math.max(0, last - PAGE);
      await this.#history.after(after, last - after);
    } catch (error) {
      if (!isTemporary(error)) throw error;
    } finally {
      this.#setLoadingOlder(false);
    }
  }

  async #load(): Promise<void> {
    const { api } = this.#options;
    const history = this.#history;
    const newest = history.revision > 0 ? history.changes() : history.newest(LIVE_MESSAGES);
    const [room] = await Promise.all([api.room(this.roomId), newest]);
    await this.#loadUnread(room);
    if (this.#isClosed) return;
    this.room = room;
    this.#isLoaded = true;
    this.quickReplies.request();
    this.#listenTo(room.other_participant);
    this.#findFirstUnread();
    // The view scrolls to the first unread message and then reports again what is on the screen.
    this.#onScreen.clear();
    if (this.#hasMissed) this.#mayHaveMissed();
    this.#catchUp.holes();
    this.#merged();
  }

  /** Fetches what has changed: now, or once the room is loaded, because the request may be older than the interruption. */
  #mayHaveMissed(): void {
    this.#hasMissed = !this.#isLoaded;
    if (this.#isLoaded) this.#catchUp.changes();
  }

  #listenTo(other: { id: string } | null): void {
    if (!other) return;
    const { live } = this.#options;
    const typing = (timestamp: string | null) => this.#otherTyping.received(timestamp);
    const receipts = (known: Receipts) => this.#setReceipts({ [other.id]: known });
    this.#listen((rejected) => live.typing(this.roomId, other.id, typing, rejected));
    this.#listen((rejected) => live.receipts(this.roomId, other.id, receipts, rejected));
  }

  #listen(start: (rejected: () => void) => Unlisten): void {
    this.#listeners.push(keepListening(start, this.#clock));
  }

  /** The unread messages before the loaded ones, at most one page of them, so that the viewer starts at the first. */
  async #loadUnread(room: RoomDetail): Promise<void> {
    const { oldest } = this.#timeline;
    const missing = Math.min(MOST_UNREAD, room.unread_count - this.unseen, oldest - 1);
    if (missing > 0) await this.#history.after(oldest - 1 - missing, missing);
  }

  #findFirstUnread(): void {
    this.firstUnread = this.#timeline.messages.find((message) => this.#reading.isUnseen(message))?.seq ?? null;
  }

  #save(): void {
    if (this.room) {
      const messages = this.#timeline.messages.slice(-SNAPSHOT);
      const { revision } = this.#history;
      (this.#options.snapshots ?? noSnapshots).saveRoom(this.roomId, { room: this.room, messages, revision });
    }
  }

  #received(message: Message): void {
    if (!this.#timeline.mergeLive([message])) return;
    this.#merged();
    // The platform reports the events of the delivery by messages.
    if (message.senderId === null && this.#isLoaded) this.quickReplies.request();
    if (this.#isLoaded) this.#catchUp.holes();
  }

  #setReceipts(receipts: Record<string, Receipts>): void {
    for (const [userId, known] of Object.entries(receipts)) {
      if (userId !== this.#options.viewerId) this.#receipts = latestOf(this.#receipts, known);
    }
    this.changed();
  }

  /** While it is shown, a room can close or reopen, a call to the customer begin or end, and so can a block. */
  #setState({ is_active, unreachable_until, blocked = {} }: Metadata): void {
    this.#isBlocked = blocked[this.#options.viewerId] ?? false;
    this.changed();
    if (!this.room) return;
    const other: { id: string } | null = this.room.other_participant;
    const is_blocked = other ? (blocked[other.id] ?? false) : this.room.is_blocked;
    if (is_active && !this.room.is_active) this.quickReplies.request();
    this.room = { ...this.room, is_active, is_blocked, unreachable_until: unreachable_until ?? null };
  }

  #merge(messages: Message[]): void {
    if (this.#timeline.merge(messages)) this.#merged();
  }

  #merged(): void {
    if (this.#isLoaded) {
      this.#save();
      this.#reportDelivery();
    }
    this.changed();
  }

  /** Reports the newest message that has arrived and is not read. */
  #reportDelivery(): void {
    const newest = this.#timeline.messages.findLast((message) => this.#isUnread(message));
    if (newest) this.#options.delivery.arrived(this.roomId, newest.seq);
  }

  #isUnread({ senderId, readAt, isDeleted }: Message): boolean {
    return senderId !== this.#options.viewerId && readAt === null && !isDeleted;
  }

  #see(): void {
    if (!this.#isVisible || !this.#isLoaded) return;
    this.#reading.saw(this.#timeline.messages.filter(({ seq }) => this.#onScreen.has(seq)));
    this.changed();
  }

  #markRead(ids: ReadonlySet<string>): void {
    this.#timeline.markRead(ids, new Date(this.#clock.now()).toISOString());
    const isAllRead = !this.#timeline.messages.some((message) => this.#isUnread(message));
    if (isAllRead) this.#options.delivery.read(this.roomId, this.#timeline.newest);
    this.changed();
  }

  #connected(isConnected: boolean): void {
    const isBack = isConnected && !this.#isConnected;
    this.#isConnected = isConnected;
    if (isBack) this.wake();
  }

  /** Without a connection to the room's database, polls for new messages. */
  #poll(): void {
    const cancel = this.#clock.after(POLL_MS, () => {
      this.#ends.splice(this.#ends.indexOf(cancel), 1);
      if (!this.#isConnected && this.#isVisible && this.#isLoaded) this.#mayHaveMissed();
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
