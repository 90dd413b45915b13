import { pauseAfter } from './retrying';
import type { Clock } from './clock';
import type { FirebaseMetadata as Metadata } from '../../generated/typescript';
import type { Inbox } from './inbox';
import type { Message } from './message';
import type { Receipts } from './receipts';

export type Unlisten = () => void;

/**
 * Receives all entries after each change. `isComplete` is false if one of several databases is not connected: the
 * entries are then those of the others.
 */
export type ReceiveInbox = (entries: Inbox, isComplete: boolean) => void;

/** The interface to Firebase. `rejected` is called when the rules end a listener. */
export interface Live {
  /** The newest entries of the viewer's inbox. */
  inbox(received: ReceiveInbox, rejected: () => void): Unlisten;
  /** The entries with unread messages. */
  unread(received: ReceiveInbox, rejected: () => void): Unlisten;
  /** The newest messages of a room, then each new or changed one. Removed messages are not reported. */
  messages(roomId: string, received: (message: Message) => void, rejected: () => void): Unlisten;
  /** The state of a room, once it is mirrored. */
  metadata(roomId: string, received: (metadata: Metadata) => void, rejected: () => void): Unlisten;
  /** When the user last typed, RFC 3339; null if they do not type. */
  typing(roomId: string, userId: string, received: (timestamp: string | null) => void, rejected: () => void): Unlisten;
  /** The watermarks of a participant. */
  receipts(roomId: string, userId: string, received: (receipts: Receipts) => void, rejected: () => void): Unlisten;
  /** Whether all databases are connected. */
  connection(received: (isConnected: boolean) => void): Unlisten;
  /** Whether the database of a room is connected. */
  roomConnection(roomId: string, received: (isConnected: boolean) => void, rejected: () => void): Unlisten;
  /** How many milliseconds the server's clock is ahead of this device's. */
  clockOffset(): number;
}

/** A listener that starts again after each rejection. */
export interface KeptListener {
  /** The connection may be back: a listener that waits starts now. */
  wake(): void;
  stop(): void;
}

/**
 * Listens, and listens again after a rejection, because a rejected listener receives no further events. The rules reject
 * a listener that starts before the room is mirrored. A listener is also rejected if the room cannot be located.
 */
export function keepListening(listen: (rejected: () => void) => Unlisten, clock: Clock): KeptListener {
  let failures = 0;
  let isWaiting = false;
  let stop: () => void;
  const start = () => {
    isWaiting = false;
    stop = listen(() => {
      failures += 1;
      isWaiting = true;
      stop = clock.after(pauseAfter(failures, clock.random()), start);
    });
  };
  start();
  return {
    wake: () => {
      failures = 0;
      if (!isWaiting) return;
      stop();
      start();
    },
    stop: () => {
      isWaiting = false;
      stop();
    },
  };
}
