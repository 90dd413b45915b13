import { deleteApp, initializeApp, type FirebaseApp } from 'firebase/app';
import { connectAuthEmulator, inMemoryPersistence, initializeAuth, signInWithCustomToken } from 'firebase/auth';
import {
  connectDatabaseEmulator,
  getDatabase,
  onChildAdded,
  onChildChanged,
  onValue,
  orderByChild,
  query,
  ref,
  type Database,
  type DataSnapshot,
} from 'firebase/database';
import type { FirebaseToken } from '../generated/typescript';
import type { Config } from './config';
import { CallError } from './core/errors';
import type { Journal } from './core/journal';
import type { Live, Metadata, Unlisten } from './core/live';
import { fromFirebase, type LiveMessage, type Message } from './core/message';

/** The live side by the official SDK. Whoever listens before it is connected hears once it is. */
export class FirebaseLive implements Live {
  #app: FirebaseApp | null = null;
  #connect!: (database: Database) => void;
  #database = new Promise<Database>((resolve) => (this.#connect = resolve));
  #offset = 0;

  constructor(
    private readonly config: Config['firebase'],
    private readonly journal: Journal,
  ) {}

  /** Signs in with what `firebase_token/` has answered. */
  async connect({ token, database_url }: FirebaseToken): Promise<void> {
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
      const { hostname, port } = new URL(`http://${database_emulator}`);
      connectDatabaseEmulator(database, hostname, Number(port));
    }
    this.#app = app;
    onValue(ref(database, '.info/serverTimeOffset'), (snapshot) => (this.#offset = snapshot.val()));
    this.#connect(database);
  }

  async close(): Promise<void> {
    if (this.#app) await deleteApp(this.#app);
  }

  clockOffset(): number {
    return this.#offset;
  }

  connection(heard: (isConnected: boolean) => void): Unlisten {
    return this.#listen((database) =>
      onValue(ref(database, '.info/connected'), (snapshot) => {
        this.#note(snapshot.val() ? 'connecté' : 'déconnecté', snapshot);
        heard(snapshot.val());
      }),
    );
  }

  messages(roomId: string, heard: (message: Message) => void, refused: () => void): Unlisten {
    const path = `chats/${roomId}/messages`;
    const take = (event: string) => (snapshot: DataSnapshot) => {
      const message = fromFirebase(snapshot.val() as LiveMessage);
      this.#note(event, snapshot);
      this.journal.add({ kind: 'message', step: message.readAt ? 'read' : 'heard', messageId: message.id });
      heard(message);
    };
    return this.#listen((database) => {
      const messages = query(ref(database, path), orderByChild('timestamp'));
      const endAdded = onChildAdded(messages, take('child_added'), this.#refusal(path, refused));
      // One refusal is enough: the SDK tells both listeners.
      const endChanged = onChildChanged(messages, take('child_changed'), () => {});
      return () => {
        endAdded();
        endChanged();
      };
    });
  }

  metadata(roomId: string, heard: (metadata: Metadata) => void, refused: () => void): Unlisten {
    return this.#value(`chats/${roomId}/metadata`, refused, (value) => value && heard(value as Metadata));
  }

  isActive(roomId: string, heard: (isActive: boolean | null) => void, refused: () => void): Unlisten {
    return this.#value(`chats/${roomId}/metadata/is_active`, refused, (value) => heard(value as boolean | null));
  }

  typing(roomId: string, userId: string, heard: (timestamp: string | null) => void, refused: () => void): Unlisten {
    const path = `chats/${roomId}/typing/${userId}`;
    return this.#value(path, refused, (value) => heard((value as { timestamp: string } | null)?.timestamp ?? null));
  }

  #value(path: string, refused: () => void, heard: (value: unknown) => void): Unlisten {
    const take = (snapshot: DataSnapshot) => {
      this.#note('value', snapshot);
      heard(snapshot.val());
    };
    return this.#listen((database) => onValue(ref(database, path), take, this.#refusal(path, refused)));
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

  #refusal(path: string, refused: () => void) {
    return (error: Error) => {
      this.journal.add({ kind: 'firebase', event: 'refusé', path: `/${path}`, value: error.message });
      refused();
    };
  }

  #note(event: string, snapshot: DataSnapshot): void {
    const path = new URL(snapshot.ref.toString()).pathname;
    this.journal.add({ kind: 'firebase', event, path, value: snapshot.val() });
  }
}
