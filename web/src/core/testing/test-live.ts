import type { FirebaseMetadata } from '../../../generated/typescript';
import type { Live, ReceiveInbox, Unlisten } from '../live';
import type { Message } from '../message';
import type { Receipts } from '../receipts';

interface Listener<T> {
  received(value: T): void;
  rejected(): void;
}

interface InboxListener {
  received: ReceiveInbox;
  rejected(): void;
}

/** Firebase, simulated. */
export class TestLive implements Live {
  listeners = {
    inbox: new Set<InboxListener>(),
    unread: new Set<InboxListener>(),
    messages: new Set<Listener<Message>>(),
    metadata: new Set<Listener<FirebaseMetadata>>(),
    typing: new Set<Listener<string | null>>(),
    receipts: new Set<Listener<Receipts>>(),
  };
  #connections = new Set<(isConnected: boolean) => void>();
  #roomConnections = new Set<(isConnected: boolean) => void>();
  #isConnected = true;

  messages(_: string, received: (message: Message) => void, rejected: () => void): Unlisten {
    return add(this.listeners.messages, { received, rejected });
  }

  typing(_: string, __: string, received: (timestamp: string | null) => void, rejected: () => void): Unlisten {
    return add(this.listeners.typing, { received, rejected });
  }

  metadata(_: string, received: (metadata: FirebaseMetadata) => void, rejected: () => void): Unlisten {
    return add(this.listeners.metadata, { received, rejected });
  }

  receipts(_: string, __: string, received: (receipts: Receipts) => void, rejected: () => void): Unlisten {
    return add(this.listeners.receipts, { received, rejected });
  }

  inbox(received: ReceiveInbox, rejected: () => void): Unlisten {
    return add(this.listeners.inbox, { received, rejected });
  }

  unread(received: ReceiveInbox, rejected: () => void): Unlisten {
    return add(this.listeners.unread, { received, rejected });
  }

  connection(received: (isConnected: boolean) => void): Unlisten {
    received(this.#isConnected);
    return add(this.#connections, received);
  }

  roomConnection(_: string, received: (isConnected: boolean) => void): Unlisten {
    received(this.#isConnected);
    return add(this.#roomConnections, received);
  }

  clockOffset = () => 0;

  connect(isConnected: boolean): void {
    this.#isConnected = isConnected;
    for (const received of [...this.#connections, ...this.#roomConnections]) received(isConnected);
  }

  /** Loses one of several databases, on which no open room is. */
  loseAnother(): void {
    for (const received of this.#connections) received(false);
  }

  emit(...messages: Message[]): void {
    for (const message of messages) for (const { received } of this.listeners.messages) received(message);
  }

  reject(which: 'messages' | 'inbox' | 'unread' = 'messages'): void {
    for (const listener of [...this.listeners[which]]) {
      this.listeners[which].delete(listener as never);
      listener.rejected();
    }
  }
}

function add<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => void set.delete(item);
}
