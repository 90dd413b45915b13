import type { Outgoing, OutboxStore } from './core/outbox';
import type { ListSnapshot, RoomSnapshot, Snapshots } from './core/snapshots';

/** Rooms whose messages are kept for reading without a connection. */
const MOST_ROOMS = 20;

/** The outbox of a user in localStorage. If the browser denies storage, it lasts as long as the page. */
export class LocalOutbox implements OutboxStore {
  #prefix: string;

  constructor(viewerId: string) {
    this.#prefix = `relais:outbox:${viewerId}:`;
  }

  load(): Outgoing[] {
    return attempt([], () =>
      Object.keys(localStorage)
        .filter((key) => key.startsWith(this.#prefix))
        .map((key) => JSON.parse(localStorage.getItem(key)!) as Outgoing),
    );
  }

  put(item: Outgoing): void {
    write(this.#prefix + item.clientMessageId, item);
  }

  remove(clientMessageId: string): void {
    write(this.#prefix + clientMessageId, null);
  }
}

/** The last known list and the last opened rooms of a user. */
export class LocalSnapshots implements Snapshots {
  #prefix: string;

  constructor(viewerId: string) {
    // The number changes with the stored form.
    this.#prefix = `relais:known:2:${viewerId}:`;
  }

  list = (): ListSnapshot | null => read(`${this.#prefix}list`);
  saveList = (list: ListSnapshot): void => write(`${this.#prefix}list`, list);
  room = (roomId: string): RoomSnapshot | null => read(`${this.#prefix}room:${roomId}`);

  saveRoom(roomId: string, snapshot: RoomSnapshot): void {
    const key = `${this.#prefix}rooms`;
    const opened = [roomId, ...(read<string[]>(key) ?? []).filter((id) => id !== roomId)];
    for (const id of opened.splice(MOST_ROOMS)) write(`${this.#prefix}room:${id}`, null);
    write(key, opened);
    write(`${this.#prefix}room:${roomId}`, snapshot);
  }
}

/** Unsent drafts of a user, by room. They survive a reload. */
export class LocalDrafts {
  constructor(private readonly viewerId: string) {}

  get(roomId: string): string {
    return read<string>(this.#key(roomId)) ?? '';
  }

  set(roomId: string, draft: string): void {
    write(this.#key(roomId), draft || null);
  }

  #key(roomId: string): string {
    return `relais:draft:${this.viewerId}:${roomId}`;
  }
}

/** The token of a user who signed in with one. It is known to this tab only, and for as long as the tab is open. */
export const tokenStore = {
  get: (personId: string): string | null => sessionStorage.getItem(`relais:token:${personId}`),
  set: (personId: string, token: string): void => sessionStorage.setItem(`relais:token:${personId}`, token),
  remove: (personId: string): void => sessionStorage.removeItem(`relais:token:${personId}`),
};

function read<T>(key: string): T | null {
  return attempt(null, () => JSON.parse(localStorage.getItem(key) ?? 'null') as T | null);
}

/** Stores a value; null removes it. */
function write(key: string, value: unknown): void {
  attempt(undefined, () =>
    value === null ? localStorage.removeItem(key) : localStorage.setItem(key, JSON.stringify(value)),
  );
}

function attempt<T>(otherwise: T, use: () => T): T {
  try {
    return use();
  } catch (error) {
    console.warn(error);
    return otherwise;
  }
}
