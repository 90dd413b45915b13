import type { Live, Metadata, Unlisten } from '../live';
import type { Message } from '../message';

interface Listener<T> {
  received(value: T): void;
  rejected(): void;
}

/** Firebase, simulated. */
export class TestLive implements Live {
  listeners = {
    messages: new Set<Listener<Message>>(),
    isActive: new Set<Listener<boolean | null>>(),
    typing: new Set<Listener<string | null>>(),
  };
  metadataOf = new Map<string, Listener<Metadata>>();
  #connections = new Set<(isConnected: boolean) => void>();
  #isConnected = true;

  messages(_: string, received: (message: Message) => void, rejected: () => void): Unlisten {
    return add(this.listeners.messages, { received, rejected });
  }

  typing(_: string, __: string, received: (timestamp: string | null) => void, rejected: () => void): Unlisten {
    return add(this.listeners.typing, { received, rejected });
  }

  isActive(_: string, received: (isActive: boolean | null) => void, rejected: () => void): Unlisten {
    return add(this.listeners.isActive, { received, rejected });
  }

  metadata(roomId: string, received: (metadata: Metadata) => void, rejected: () => void): Unlisten {
    this.metadataOf.set(roomId, { received, rejected });
    return () => void this.metadataOf.delete(roomId);
  }

  connection(received: (isConnected: boolean) => void): Unlisten {
    received(this.#isConnected);
    return add(this.#connections, received);
  }

  clockOffset = () => 0;

  connect(isConnected: boolean): void {
    this.#isConnected = isConnected;
    for (const received of this.#connections) received(isConnected);
  }

  emit(...messages: Message[]): void {
    for (const message of messages) for (const { received } of this.listeners.messages) received(message);
  }

  reject(): void {
    for (const listener of [...this.listeners.messages]) {
      this.listeners.messages.delete(listener);
      listener.rejected();
    }
  }
}

function add<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => void set.delete(item);
}
