import type { CreateRoomRequest, RoomDetail } from '../../generated/typescript';
import type { Api } from './api';
import { systemClock, type Clock } from './clock';
import { CallError } from './errors';
import {
  fromInbox,
  fromSummary,
  listOf,
  LIVE_ROOMS,
  newestFirst,
  unreadIn,
  type Inbox,
  type ListedRoom,
} from './inbox';
import { keepListening, type KeptListener, type Live, type Unlisten } from './live';
import { Observable } from './observable';
import { Retrying } from './retrying';
import { noSnapshots, type Snapshots } from './snapshots';

/** How often the list is read by REST while a database of Firebase cannot be reached. */
const POLL_MS = 5_000;

export type RoomsApi = Pick<Api, 'rooms' | 'createRoom' | 'unreadCount'>;

/**
 * The list of rooms with its badges. The newest rooms and all badges come from the inbox in Firebase; older rooms,
 * archived rooms and search come from REST, and so does everything while a database of Firebase cannot be reached.
 */
export class RoomList extends Observable {
  isLoaded = false;
  problem: string | null = null;
  search = '';
  includeArchived = false;

  #clock: Clock;
  #pages = 1;
  #isVisible = false;
  /** The rooms of the last REST response, and those that have left the newest entries since. */
  #known = new Map<string, ListedRoom>();
  #hasMore = false;
  /** The unread messages according to REST. */
  #unread = 0;
  /** Null without Firebase. */
  #newest: Inbox | null = null;
  #unreadEntries: Inbox | null = null;
  #list: Retrying;
  #listener: KeptListener | null = null;
  #endConnection: Unlisten = () => {};
  #cancelPoll: () => void = () => {};

  constructor(
    private readonly api: RoomsApi,
    private readonly live: Live,
    clock: Clock = systemClock,
    private readonly snapshots: Snapshots = noSnapshots,
    /** Called with the newest `seq` of each unread room that Firebase shows. */
    private readonly arrived: (roomId: string, seq: number) => void = () => {},
  ) {
    super();
    this.#clock = clock;
    const snapshot = snapshots.list();
    if (snapshot) {
      this.#known = byId(snapshot.rooms);
      this.#unread = snapshot.unread;
      this.isLoaded = true;
    }
    this.#list = new Retrying(
      () => this.#load(),
      clock,
      (error) => this.#fail(error),
    );
  }

  get rooms(): ListedRoom[] {
    const known = [...this.#known.values()].map((room) => this.#withBadge(room));
    return this.#newest && !this.#isFiltered ? listOf(this.#newest, known) : known.sort(newestFirst);
  }

  /** Unread messages over all rooms, including those that are not in the list. */
  get unread(): number {
    return this.#unreadEntries ? unreadIn(this.#unreadEntries) : this.#unread;
  }

  /** Unread messages in archived rooms that the list does not show; null if unknown. */
  get unreadArchived(): number | null {
    if (this.#isFiltered) return null;
    if (this.#unreadEntries) return unreadIn(this.#unreadEntries, ({ is_archived }) => is_archived);
    if (this.hasMore) return null;
    return Math.max(0, this.unread - this.rooms.reduce((sum, room) => sum + room.unread_count, 0));
  }

  get hasMore(): boolean {
    const isComplete = !this.#isFiltered && this.#newest !== null && this.#newest.size < LIVE_ROOMS;
    return this.#hasMore && !isComplete;
  }

  open(): void {
    this.#list.request();
    this.#listener = keepListening((rejected) => this.#listen(rejected), this.#clock);
    this.#endConnection = this.live.connection((isConnected) => {
      if (!isConnected) this.#lose();
    });
    this.#poll();
  }

  close(): void {
    this.#cancelPoll();
    this.#list.stop();
    this.#endConnection();
    this.#listener?.stop();
  }

  show(filter: { search?: string; includeArchived?: boolean }): void {
    Object.assign(this, filter);
    this.#pages = 1;
    this.#list.request();
  }

  more(): void {
    this.#pages += 1;
    this.#list.request();
  }

  setVisible(isVisible: boolean): void {
    const isBack = isVisible && !this.#isVisible;
    this.#isVisible = isVisible;
    if (isBack && this.isLoaded) this.refresh();
  }

  /** The connection may be back: reads the list again. */
  wake(): void {
    this.#listener?.wake();
    this.#list.wake();
    this.#list.request();
  }

  async create(request: CreateRoomRequest): Promise<RoomDetail> {
    const room = await this.api.createRoom(request);
    this.refresh();
    return room;
  }

  /** Reads the list again, unless the inbox has all of it. */
  refresh(): void {
    if (!this.#isLive || this.#isFiltered) this.#list.request();
  }

  get #isLive(): boolean {
    return this.#newest !== null && this.#unreadEntries !== null;
  }

  get #isFiltered(): boolean {
    return this.search !== '' || this.includeArchived;
  }

  async #load(): Promise<void> {
    const { search, includeArchived } = this;
    const count = this.#pages;
    const [unread, ...pages] = await Promise.all([
      this.api.unreadCount(),
      ...Array.from({ length: count }, (_, index) => this.#page(index + 1, search, includeArchived)),
    ]);
    // The filter has changed meanwhile; its own response follows.
    if (search !== this.search || includeArchived !== this.includeArchived) return;
    this.#known = byId(pages.flatMap(({ results }) => results.map(fromSummary)));
    this.#unread = unread;
    this.#hasMore = pages.at(-1)!.next !== null;
    this.#loaded();
  }

  /** A page after the last one is 404: the list has become shorter. */
  async #page(page: number, search: string, includeArchived: boolean) {
    try {
      return await this.api.rooms({ search, includeArchived, page });
    } catch (error) {
      if (page > 1 && error instanceof CallError && error.status === 404) return { results: [], next: null };
      throw error;
    }
  }

  #loaded(): void {
    this.isLoaded = true;
    this.problem = null;
    if (!this.#isFiltered) this.snapshots.saveList({ rooms: this.rooms.slice(0, 50), unread: this.unread });
    this.changed();
  }

  #listen(rejected: () => void): Unlisten {
    const { live } = this;
    const lost = () => {
      end();
      this.#lose();
      rejected();
    };
    const ends = [
      live.inbox((newest, isComplete) => this.#receive(newest, isComplete), lost),
      live.unread((unread, isComplete) => this.#receiveUnread(unread, isComplete), lost),
    ];
    const end = () => ends.forEach((one) => one());
    return end;
  }

  /** Without all databases of Firebase, the list continues from what it last showed. */
  #lose(): void {
    this.#unread = this.unread;
    if (!this.#isFiltered) this.#known = byId(this.rooms);
    this.#newest = this.#unreadEntries = null;
  }

  #receive(newest: Inbox, isComplete: boolean): void {
    // In a part of the inbox, the other rooms would look as if they were closed: only REST has them all.
    if (!isComplete) return this.#read();
    const before = this.#newest;
    this.#newest = newest;
    const left = [...(before ?? [])].filter(([id]) => !newest.has(id));
    // A room that has become older than the newest ones is still in the list.
    if (!this.#isFiltered) for (const entry of left) this.#known.set(entry[0], fromInbox(entry));
    // A search shows other rooms than the inbox: only REST knows whether it finds a new one.
    else if (before && (left.length > 0 || newest.size > before.size)) this.#list.request();
    this.#loaded();
  }

  #receiveUnread(unread: Inbox, isComplete: boolean): void {
    // A release without `last_message_seq` may have mirrored the entry.
    for (const [id, { last_message_seq = 0 }] of unread) if (last_message_seq > 0) this.arrived(id, last_message_seq);
    if (!isComplete) return;
    this.#unreadEntries = unread;
    this.#loaded();
  }

  /** Returns a room that REST has sent with what the inbox knows of it. */
  #withBadge(room: ListedRoom): ListedRoom {
    const entry = this.#unreadEntries?.get(room.id) ?? this.#newest?.get(room.id);
    if (entry) return fromInbox([room.id, entry]);
    return this.#unreadEntries ? { ...room, unread_count: 0 } : room;
  }

  #poll(): void {
    this.#cancelPoll = this.#clock.after(POLL_MS, () => {
      this.#read();
      this.#poll();
    });
  }

  /** Reads the list while the inbox does not have all of it. */
  #read(): void {
    if (this.#isVisible && !this.#isLive) this.#list.request();
  }

  #fail(error: unknown): void {
    if (!(error instanceof CallError)) throw error;
    this.problem = error.message;
    this.changed();
  }
}

const byId = (rooms: ListedRoom[]): Map<string, ListedRoom> => new Map(rooms.map((room) => [room.id, room]));
