import type { CreateRoomRequest, RoomDetail, RoomSummary } from '../../generated/typescript';
import type { Api } from './api';
import { systemClock, type Clock } from './clock';
import { CallError, isTemporary } from './errors';
import { keepListening, type Live, type Metadata, type Unlisten } from './live';
import { Observable } from './observable';
import { Retrying } from './retrying';
import { noSnapshots, type Snapshots } from './snapshots';

const POLL_MS = 5_000;

export type RoomsApi = Pick<Api, 'rooms' | 'room' | 'createRoom' | 'unreadCount'>;

/** The list of rooms with its badges, read by REST and read again when Firebase reports a change. */
export class RoomList extends Observable {
  rooms: RoomSummary[] = [];
  /** Unread messages over all rooms, including those that are not in the list. */
  unread = 0;
  hasMore = false;
  isLoaded = false;
  problem: string | null = null;
  search = '';
  includeArchived = false;

  #clock: Clock;
  #pages = 1;
  #isVisible = false;
  #due = new Set<string>();
  #listeners = new Map<string, Unlisten>();
  #list: Retrying;
  #changes: Retrying;
  #cancelPoll: () => void = () => {};

  constructor(
    private readonly api: RoomsApi,
    private readonly live: Live,
    clock: Clock = systemClock,
    private readonly snapshots: Snapshots = noSnapshots,
  ) {
    super();
    this.#clock = clock;
    const known = snapshots.list();
    if (known) {
      this.rooms = known.rooms;
      this.unread = known.unread;
      this.isLoaded = true;
    }
    const rejected = (error: unknown) => this.#fail(error);
    this.#list = new Retrying(() => this.#load(), clock, rejected);
    this.#changes = new Retrying(() => this.#loadChanged(), clock, rejected);
  }

  /** Unread messages in archived rooms that the list does not show; null if unknown. */
  get unreadArchived(): number | null {
    if (this.hasMore || this.search !== '' || this.includeArchived) return null;
    return Math.max(0, this.unread - this.rooms.reduce((sum, room) => sum + room.unread_count, 0));
  }

  open(): void {
    this.#list.request();
    this.#poll();
  }

  close(): void {
    this.#cancelPoll();
    this.#list.stop();
    this.#changes.stop();
    for (const end of this.#listeners.values()) end();
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
    if (isBack && this.isLoaded) this.#list.request();
  }

  /** The connection may be back: reads the list again. */
  wake(): void {
    this.#list.wake();
    this.#changes.wake();
    this.#list.request();
  }

  async create(request: CreateRoomRequest): Promise<RoomDetail> {
    const room = await this.api.createRoom(request);
    this.#list.request();
    return room;
  }

  /** Reads the list again after a change of the viewer's that Firebase does not report. */
  refresh(): void {
    this.#list.request();
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
    const rooms = new Map(pages.flatMap(({ results }) => results).map((room) => [room.id, room]));
    this.rooms = [...rooms.values()];
    this.unread = unread;
    this.hasMore = pages.at(-1)!.next !== null;
    this.isLoaded = true;
    this.problem = null;
    if (search === '' && !includeArchived) this.snapshots.saveList({ rooms: this.rooms.slice(0, 50), unread });
    this.#listen();
    this.changed();
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

  /** Reads the changed rooms again. */
  async #loadChanged(): Promise<void> {
    for (const roomId of this.#due) {
      // Removed before the call, so that a change during the call is read again.
      this.#due.delete(roomId);
      try {
        this.#replace(await this.api.room(roomId));
      } catch (error) {
        if (isTemporary(error)) this.#due.add(roomId);
        throw error;
      }
    }
  }

  #replace(room: RoomDetail): void {
    const known = this.rooms.find(({ id }) => id === room.id);
    if (!known) return;
    this.unread += room.unread_count - known.unread_count;
    this.rooms = this.rooms.map((other) => (other.id === room.id ? room : other)).sort(newestFirst);
    this.changed();
  }

  /** Listens to the metadata of exactly the rooms in the list. */
  #listen(): void {
    const ids = new Set(this.rooms.map(({ id }) => id));
    for (const [id, end] of this.#listeners) {
      if (ids.has(id)) continue;
      end();
      this.#listeners.delete(id);
    }
    for (const id of ids) {
      if (!this.#listeners.has(id)) this.#listeners.set(id, this.#listenTo(id));
    }
  }

  #listenTo(roomId: string): Unlisten {
    let revision: number | null = null;
    const received = (metadata: Metadata) => {
      const room = this.rooms.find(({ id }) => id === roomId);
      const isKnown = revision === null && (metadata.last_message_at ?? null) === room?.last_message_at;
      if (!isKnown && metadata.revision !== revision) {
        this.#due.add(roomId);
        this.#changes.request();
      }
      revision = metadata.revision;
    };
    return keepListening((rejected) => this.live.metadata(roomId, received, rejected), this.#clock);
  }

  /** Firebase does not announce a new room, so the first page is compared with the list. */
  #poll(): void {
    this.#cancelPoll = this.#clock.after(POLL_MS, () => {
      if (this.#isVisible) void this.#compareFirstPage();
      this.#poll();
    });
  }

  async #compareFirstPage(): Promise<void> {
    const { search, includeArchived } = this;
    try {
      const { results } = await this.api.rooms({ search, includeArchived, page: 1 });
      const known = new Map(this.rooms.map((room) => [room.id, stateOf(room)]));
      if (results.some((room) => known.get(room.id) !== stateOf(room))) this.#list.request();
    } catch (error) {
      // The next poll compares again.
      if (!isTemporary(error)) throw error;
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof CallError)) throw error;
    this.problem = error.message;
    this.changed();
  }
}

/** The state of a room that others can change and the list shows. */
const stateOf = ({ last_message_at, unread_count }: RoomSummary): string => `${last_message_at} ${unread_count}`;

/** Rooms without a message come last. */
function newestFirst(a: RoomSummary, b: RoomSummary): number {
  const [left, right] = [a.last_message_at ?? '', b.last_message_at ?? ''];
  return left < right ? 1 : left > right ? -1 : 0;
}
