import { deleteApp, initializeApp, type FirebaseApp } from 'firebase/app';
import { connectAuthEmulator, inMemoryPersistence, initializeAuth, signInWithCustomToken } from 'firebase/auth';
import {
  connectDatabaseEmulator,
  forceWebSockets,
  getDatabase,
  limitToLast,
  onChildAdded,
  onChildChanged,
  onValue,
  orderByChild,
  query,
  ref,
  startAt,
  type Database,
  type DataSnapshot,
  type QueryConstraint,
} from 'firebase/database';
import type { FirebaseMessage, FirebaseMetadata, FirebaseToken } from '../generated/typescript';
import type { Config } from './config';
import { CallError } from './core/errors';
import type { Journal } from './core/journal';
import { LIVE_ROOMS, type Inbox, type InboxEntry } from './core/inbox';
import type { Live, Unlisten } from './core/live';
import type { Receipts } from './core/receipts';
import { fromFirebase, type Message } from './core/message';

/** Firebase through the official SDK. Listeners that are added before the connection start with it. */
export class FirebaseLive implements Live {
  #app: FirebaseApp | null = null;
  #connect!: (database: Database) => void;
  #database = new Promise<Database>((resolve) => (this.#connect = resolve));
  #inboxPath = '';
  #offset = 0;

  constructor(
    private readonly config: Config['firebase'],
    private readonly journal: Journal,
  ) {}

  /** Signs in with the response of `firebase_token/`. */
  async connect({ token, database_url, inbox_path }: FirebaseToken): Promise<void> {
    const { api_key, auth_emulator, database_emulator } = this.config;
    const app = initializeApp({ apiKey: api_key, databaseURL: database_url }, crypto.randomUUID());
    try {
      const auth = initializeAuth(app, { persistence: inMemoryPersistence });
      if (auth_emulator) connectAuthEmulator(auth, auth_emulator, { disableWarnings: true });
      await signInWithCustomToken(auth, token);
    } catch (error) {
      await deleteApp(app);
      throw new CallError(null, `Firebase : ${(error as Error).message}`);
    }
    const database = getDatabase(app);
    if (database_emulator) {
      // The SDK changes to long polling after a failed connection. The local stack does not have it.
      forceWebSockets();
      const { hostname, port } = new URL(`http://${database_emulator}`);
      connectDatabaseEmulator(database, hostname, Number(port));
    }
    this.#app = app;
    this.#inboxPath = inbox_path;
    onValue(ref(database, '.info/serverTimeOffset'), (snapshot) => (this.#offset = snapshot.val()));
    this.#connect(database);
  }

  async close(): Promise<void> {
    if (this.#app) await deleteApp(this.#app);
  }

  clockOffset(): number {
    return this.#offset;
  }

  connection(received: (isConnected: boolean) => void): Unlisten {
    return this.#listen((database) =>
      onValue(ref(database, '.info/connected'), (snapshot) => {
        this.#note(snapshot.val() ? 'connecté' : 'déconnecté', snapshot);
        received(snapshot.val());
      }),
    );
  }

  messages(roomId: string, received: (message: Message) => void, rejected: () => void): Unlisten {
    const path = `chats/${roomId}/messages`;
    const take = (event: string) => (snapshot: DataSnapshot) => {
      const message = fromFirebase(snapshot.val() as FirebaseMessage);
      this.#note(event, snapshot);
      this.journal.add({ kind: 'message', step: message.readAt ? 'read' : 'received', messageId: message.id });
      received(message);
    };
    return this.#listen((database) => {
      const messages = query(ref(database, path), orderByChild('timestamp'));
      const endAdded = onChildAdded(messages, take('child_added'), this.#rejection(path, rejected));
      // One report is enough: the SDK calls both listeners.
      const endChanged = onChildChanged(messages, take('child_changed'), () => {});
      return () => {
        endAdded();
        endChanged();
      };
    });
  }

  receipts(roomId: string, userId: string, received: (receipts: Receipts) => void, rejected: () => void): Unlisten {
    const path = `chats/${roomId}/receipts/${userId}`;
    return this.#value(path, rejected, (value) => value && received(value as Receipts));
  }

  inbox(received: (newest: Inbox) => void, rejected: () => void): Unlisten {
    return this.#entries([orderByChild('sort_at'), limitToLast(LIVE_ROOMS)], received, rejected);
  }

  unread(received: (unread: Inbox) => void, rejected: () => void): Unlisten {
    return this.#entries([orderByChild('unread_count'), startAt(1)], received, rejected);
  }

  metadata(roomId: string, received: (metadata: FirebaseMetadata) => void, rejected: () => void): Unlisten {
    return this.#value(`chats/${roomId}/metadata`, rejected, (value) => value && received(value as FirebaseMetadata));
  }

  typing(roomId: string, userId: string, received: (timestamp: string | null) => void, rejected: () => void): Unlisten {
    const path = `chats/${roomId}/typing/${userId}`;
    return this.#value(path, rejected, (value) => received((value as { timestamp: string } | null)?.timestamp ?? null));
  }

  #entries(which: QueryConstraint[], received: (entries: Inbox) => void, rejected: () => void): Unlisten {
    let known: Inbox = new Map();
    const take = (snapshot: DataSnapshot) => {
      const entries = new Map<string, InboxEntry>();
      snapshot.forEach((child) => {
        const entry = child.val() as InboxEntry;
        entries.set(child.key, entry);
        if (entry.revision !== known.get(child.key)?.revision) this.#note('value', child);
      });
      known = entries;
      received(entries);
    };
    return this.#listen((database) => {
      const entries = query(ref(database, this.#inboxPath), ...which);
      return onValue(entries, take, this.#rejection(this.#inboxPath, rejected));
    });
  }

  #value(path: string, rejected: () => void, received: (value: unknown) => void): Unlisten {
    const take = (snapshot: DataSnapshot) => {
      this.#note('value', snapshot);
      received(snapshot.val());
    };
    return this.#listen((database) => onValue(ref(database, path), take, this.#rejection(path, rejected)));
  }

  #listen(start: (database: Database) => Unlisten): Unlisten {
    let end: Unlisten | null = null;
    let isEnded = false;
    void this.#database.then((database) => {
      if (!isEnded) end = start(database);
    });
    return () => {
      isEnded = true;
      end?.();
    };
  }

  #rejection(path: string, rejected: () => void) {
    return (error: Error) => {
      this.journal.add({
        kind: 'firebase',
        event: 'refusé',
        path: `/${path.replace(/^\//, '')}`,
        value: error.message,
      });
      rejected();
    };
  }

  #note(event: string, snapshot: DataSnapshot): void {
    const path = new URL(snapshot.ref.toString()).pathname;
    this.journal.add({ kind: 'firebase', event, path, value: snapshot.val() });
  }
}
