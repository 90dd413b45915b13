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
import { LIVE_ROOMS, merged, newestOf, type Inbox, type InboxEntry } from './core/inbox';
import type { Live, ReceiveInbox, Unlisten } from './core/live';
import type { Receipts } from './core/receipts';
import { fromFirebase, type Message } from './core/message';

/**
 * Firebase through the official SDK. Listeners that are added before the connection start with it. A room is on one of
 * the databases, its shard; the inbox is spread over all of them.
 */
export class FirebaseLive implements Live {
  #app: FirebaseApp | null = null;
  #connect!: (databases: Database[]) => void;
  #databases = new Promise<Database[]>((resolve) => (this.#connect = resolve));
  /** By URL. */
  #opened = new Map<string, Database>();
  /** The databases of rooms, if there are several. */
  #shards = new Map<string, Promise<Database>>();
  #inboxPath = '';
  #offset = 0;

  constructor(
    private readonly config: Config['firebase'],
    private readonly journal: Journal,
    /** Returns `firebase_database_url` of a room. */
    private readonly locate: (roomId: string) => Promise<string | null>,
  ) {}

  /** Signs in with the response of `firebase_token/`. */
  async connect({ token, database_url, database_urls, inbox_path }: FirebaseToken): Promise<void> {
    const { api_key, auth_emulator } = this.config;
    const app = initializeApp({ apiKey: api_key, databaseURL: database_url }, crypto.randomUUID());
    try {
      const auth = initializeAuth(app, { persistence: inMemoryPersistence });
      if (auth_emulator) connectAuthEmulator(auth, auth_emulator, { disableWarnings: true });
      await signInWithCustomToken(auth, token);
    } catch (error) {
      await deleteApp(app);
      throw new CallError(null, `Firebase : ${(error as Error).message}`);
    }
    this.#app = app;
    this.#inboxPath = inbox_path;
    // An older release of the functions has one database and does not list it.
    const databases = (database_urls ?? [database_url]).map((url) => this.#open(app, url));
    onValue(ref(databases[0]!, '.info/serverTimeOffset'), (snapshot) => (this.#offset = snapshot.val()));
    this.#connect(databases);
  }

  #open(app: FirebaseApp, url: string): Database {
    const known = this.#opened.get(url);
    if (known) return known;
    const { database_emulator } = this.config;
    const database = getDatabase(app, url);
    // The SDK changes to long polling after a failed connection. The local stack does not have it.
    if (database_emulator || url.startsWith('http:')) forceWebSockets();
    if (database_emulator) {
      const { hostname, port } = new URL(`http://${database_emulator}`);
      connectDatabaseEmulator(database, hostname, Number(port));
    }
    this.#opened.set(url, database);
    return database;
  }

  async #shardOf(roomId: string): Promise<Database> {
    const databases = await this.#databases;
    if (databases.length === 1) return databases[0]!;
    const find = async () => {
      const url = await this.locate(roomId);
      return url === null ? databases[0]! : this.#open(this.#app!, url);
    };
    const shard = this.#shards.get(roomId) ?? find();
    this.#shards.set(roomId, shard);
    // Also if the listeners have ended meanwhile: a failure is not cached.
    shard.catch(() => this.#shards.delete(roomId));
    return shard;
  }

  async close(): Promise<void> {
    if (this.#app) await deleteApp(this.#app);
  }

  clockOffset(): number {
    return this.#offset;
  }

  connection(received: (isConnected: boolean) => void): Unlisten {
    let isConnected: boolean | null = null;
    const states = new Map<Database, boolean>();
    return this.#listenToAll((database, databases) =>
      onValue(ref(database, '.info/connected'), (snapshot) => {
        this.#note(snapshot.val() ? 'connecté' : 'déconnecté', snapshot);
        states.set(database, snapshot.val());
        const all = databases.every((one) => states.get(one) === true);
        if (all !== isConnected) received((isConnected = all));
      }),
    );
  }

  roomConnection(roomId: string, received: (isConnected: boolean) => void, rejected: () => void): Unlisten {
    return this.#listenToRoom(roomId, rejected, (database) =>
      onValue(ref(database, '.info/connected'), (snapshot) => received(snapshot.val())),
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
    return this.#listenToRoom(roomId, rejected, (database, rejected) => {
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
    return this.#value(roomId, path, rejected, (value) => value && received(value as Receipts));
  }

  inbox(received: ReceiveInbox, rejected: () => void): Unlisten {
    const newest = [orderByChild('sort_at'), limitToLast(LIVE_ROOMS)];
    return this.#entries(newest, (entries, isComplete) => received(newestOf(entries), isComplete), rejected);
  }

  unread(received: ReceiveInbox, rejected: () => void): Unlisten {
    return this.#entries([orderByChild('unread_count'), startAt(1)], received, rejected);
  }

  metadata(roomId: string, received: (metadata: FirebaseMetadata) => void, rejected: () => void): Unlisten {
    const path = `chats/${roomId}/metadata`;
    return this.#value(roomId, path, rejected, (value) => value && received(value as FirebaseMetadata));
  }

  typing(roomId: string, userId: string, received: (timestamp: string | null) => void, rejected: () => void): Unlisten {
    const path = `chats/${roomId}/typing/${userId}`;
    const timestamp = (value: unknown) => (value as { timestamp: string } | null)?.timestamp ?? null;
    return this.#value(roomId, path, rejected, (value) => received(timestamp(value)));
  }

  #entries(which: QueryConstraint[], received: ReceiveInbox, rejected: () => void): Unlisten {
    /** Of the databases that are connected. */
    const known = new Map<Database, Inbox>();
    return this.#listenToAll((database, databases) => {
      const take = (snapshot: DataSnapshot) => {
        const entries = new Map<string, InboxEntry>();
        snapshot.forEach((child) => {
          const entry = child.val() as InboxEntry;
          entries.set(child.key, entry);
          if (entry.revision !== known.get(database)?.get(child.key)?.revision) this.#note('value', child);
        });
        const isFirst = !known.has(database);
        known.set(database, entries);
        const isComplete = known.size === databases.length;
        // Without the others, the first entries of a database are not a change.
        if (isComplete || !isFirst) received(merged([...known.values()]), isComplete);
      };
      const entries = query(ref(database, this.#inboxPath), ...which);
      // Starts again after each interruption, because the first event then has the current state.
      let end: Unlisten = () => {};
      const endConnection = onValue(ref(database, '.info/connected'), (snapshot) => {
        end();
        known.delete(database);
        end = snapshot.val() ? onValue(entries, take, this.#rejection(this.#inboxPath, rejected)) : () => {};
      });
      return () => {
        endConnection();
        end();
      };
    });
  }

  #value(roomId: string, path: string, rejected: () => void, received: (value: unknown) => void): Unlisten {
    const take = (snapshot: DataSnapshot) => {
      this.#note('value', snapshot);
      received(snapshot.val());
    };
    return this.#listenToRoom(roomId, rejected, (database, rejected) =>
      onValue(ref(database, path), take, this.#rejection(path, rejected)),
    );
  }

  #listenToAll(start: (database: Database, databases: Database[]) => Unlisten): Unlisten {
    return this.#listen(async () => {
      const databases = await this.#databases;
      return () => databases.map((database) => start(database, databases));
    });
  }

  /** After a rejection the room is located again, because it may have moved. */
  #listenToRoom(
    roomId: string,
    rejected: () => void,
    start: (database: Database, rejected: () => void) => Unlisten,
  ): Unlisten {
    const forget = () => {
      this.#shards.delete(roomId);
      rejected();
    };
    return this.#listen(async () => {
      const database = await this.#shardOf(roomId);
      return () => [start(database, forget)];
    }, rejected);
  }

  #listen(prepare: () => Promise<() => Unlisten[]>, failed: () => void = () => {}): Unlisten {
    let ends: Unlisten[] = [];
    let isEnded = false;
    prepare().then(
      (start) => {
        if (!isEnded) ends = start();
      },
      () => {
        if (!isEnded) failed();
      },
    );
    return () => {
      isEnded = true;
      for (const end of ends) end();
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
