import { pauseAfter } from './retrying';
import type { Clock } from './clock';
import type { FirebaseMetadata as Metadata } from '../../generated/typescript';
import type { Inbox } from './inbox';
import type { Message } from './message';
import type { Receipts } from './receipts';

export type Unlisten = () => void;

/** The interface to Firebase. `rejected` is called when the rules end a listener. */
export interface Live {
  /** The newest entries of the viewer's inbox, all of them after each change. */
  inbox(received: (newest: Inbox) => void, rejected: () => void): Unlisten;
  /** The entries with unread messages, all of them after each change. */
  unread(received: (unread: Inbox) => void, rejected: () => void): Unlisten;
  /** The newest messages of a room, then each new or changed one. Removed messages are not reported. */
  messages(roomId: string, received: (message: Message) => void, rejected: () => void): Unlisten;
  /** The state of a room, once it is mirrored. */
  metadata(roomId: string, received: (metadata: Metadata) => void, rejected: () => void): Unlisten;
  /** When the user last typed, RFC 3339; null if they do not type. */
  typing(roomId: string, userId: string, received: (timestamp: string | null) => void, rejected: () => void): Unlisten;
  /** The watermarks of a participant. */
  receipts(roomId: string, userId: string, received: (receipts: Receipts) => void, rejected: () => void): Unlisten;
  connection(received: (isConnected: boolean) => void): Unlisten;
  /** How many milliseconds the server's clock is ahead of this device's. */
  clockOffset(): number;
}

/**
 * Listens, and listens again after a rejection: the rules reject a listener that starts before the room is mirrored, and
 * a rejected listener receives no further events.
 */
export function keepListening(listen: (rejected: () => void) => Unlisten, clock: Clock): Unlisten {
  let failures = 0;
  let stop: () => void;
  const start = () => {
    stop = listen(() => {
      failures += 1;
      stop = clock.after(pauseAfter(failures, clock.random()), start);
    });
  };
  start();
  return () => stop();
}
