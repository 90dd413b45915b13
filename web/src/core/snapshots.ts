import type { RoomDetail } from '../../generated/typescript';
import type { ListedRoom } from './inbox';
import type { Message } from './message';

/** The last known state of the list. */
export interface ListSnapshot {
  rooms: ListedRoom[];
  unread: number;
}

/** The last known state of a room. */
export interface RoomSnapshot {
  room: RoomDetail;
  /** The newest messages, oldest first. */
  messages: Message[];
  /** The room's revision of the messages. */
  revision: number;
}

/** Keeps what the server last sent, so that the app shows something without a connection. It may forget anything. */
export interface Snapshots {
  list(): ListSnapshot | null;
  saveList(list: ListSnapshot): void;
  room(roomId: string): RoomSnapshot | null;
  saveRoom(roomId: string, snapshot: RoomSnapshot): void;
}

export const noSnapshots: Snapshots = { list: () => null, saveList: () => {}, room: () => null, saveRoom: () => {} };
