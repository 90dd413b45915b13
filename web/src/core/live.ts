import { pauseAfter } from './retrying';
import type { Clock } from './clock';
import type { Message } from './message';

export type Unlisten = () => void;

/** A child of `/chats/{room}`: what of it the list of rooms needs to know. */
export interface Metadata {
  revision: number;
  last_message_at?: string;
}

/** The live side, as the logic needs it: six places to listen to. `refused` ends the listening that it is told to. */
export interface Live {
  /** The newest messages of a room, and then each that comes or changes. Those that fall out are not told. */
  messages(roomId: string, heard: (message: Message) => void, refused: () => void): Unlisten;
  metadata(roomId: string, heard: (metadata: Metadata) => void, refused: () => void): Unlisten;
  /** Whether one can still write there; null as long as that is not mirrored. */
  isActive(roomId: string, heard: (isActive: boolean | null) => void, refused: () => void): Unlisten;
  /** Since when someone is typing, RFC 3339; null when not. */
  typing(roomId: string, userId: string, heard: (timestamp: string | null) => void, refused: () => void): Unlisten;
  connection(heard: (isConnected: boolean) => void): Unlisten;
  /** By how many milliseconds the server's clock is ahead of this device's. */
  clockOffset(): number;
}

/**
 * Listens, and listens again where that was refused: the rules let nobody in before the room's metadata are
 * mirrored, and a refused listener hears nothing ever after.
 */
export function keepListening(listen: (refused: () => void) => Unlisten, clock: Clock): Unlisten {
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
