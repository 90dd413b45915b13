import type { Live, Metadata, Unlisten } from '../live';
import type { Message } from '../message';

interface Listener<T> {
  heard(value: T): void;
  refused(): void;
}

/** Firebase as a test plays it. */
export class TestLive implements Live {
  listeners = {
    messages: new Set<Listener<Message>>(),
    isActive: new Set<Listener<boolean | null>>(),
    typing: new Set<Listener<string | null>>(),
  };
  metadataOf = new Map<string, Listener<Metadata>>();
  #connections = new Set<(isConnected: boolean) => void>();
  #isConnected = true;

  messages(_: string, heard: (message: Message) => void, refused: () => void): Unlisten {
    return add(this.listeners.messages, { heard, refused });
  }

  typing(_: string, __: string, heard: (timestamp: string | null) => void, refused: () => void): Unlisten {
    return add(this.listeners.typing, { heard, refused });
  }

  isActive(_: string, heard: (isActive: boolean | null) => void, refused: () => void): Unlisten {
    return add(this.listeners.isActive, { heard, refused });
  }

  metadata(roomId: string, heard: (metadata: Metadata) => void, refused: () => void): Unlisten {
    this.metadataOf.set(roomId, { heard, refused });
    return () => void this.metadataOf.delete(roomId);
  }

  connection(heard: (isConnected: boolean) => void): Unlisten {
    heard(this.#isConnected);
    return add(this.#connections, heard);
  }

  clockOffset = () => 0;

  connect(isConnected: boolean): void {
    this.#isConnected = isConnected;
    for (const heard of this.#connections) heard(isConnected);
  }

  tell(...messages: Message[]): void {
    for (const message of messages) for (const { heard } of this.listeners.messages) heard(message);
  }

  refuse(): void {
    for (const listener of [...this.listeners.messages]) {
      this.listeners.messages.delete(listener);
      listener.refused();
    }
  }
}

function add<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => void set.delete(item);
}
