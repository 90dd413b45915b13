// A phone: the official JS SDK, signed in with the token that the API gives, listening as the guide's app does.

import assert from 'node:assert/strict';

import { deleteApp, initializeApp } from 'firebase/app';
import {
  connectAuthEmulator,
  inMemoryPersistence,
  initializeAuth,
  signInWithCustomToken,
  signOut,
} from 'firebase/auth';
import {
  connectDatabaseEmulator,
  get,
  getDatabase,
  goOffline,
  onChildAdded,
  onChildChanged,
  onValue,
  orderByChild,
  query,
  ref,
  set,
} from 'firebase/database';

import { FIREBASE_HOST } from './settings.mjs';

let phones = 0;

/** Signs `person` in to Firebase; `close` lets the process end. */
export async function aPhone(person) {
  const { status, body } = await person.post('firebase_token/');
  assert.equal(status, 200);

  phones += 1;
  const app = initializeApp({ apiKey: 'of-no-use-here', databaseURL: body.database_url }, `phone-${phones}`);
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, `http://${FIREBASE_HOST}`, { disableWarnings: true });
  const database = getDatabase(app);
  const [host, port] = FIREBASE_HOST.split(':');
  connectDatabaseEmulator(database, host, Number(port));
  const { user } = await signInWithCustomToken(auth, body.token);

  return {
    uid: user.uid,

    /** The messages of a room as they arrive, ordered by `timestamp`, and what became of them. */
    listen(room) {
      const messages = query(ref(database, `chats/${room.id}/messages`), orderByChild('timestamp'));
      const heard = { added: [], changed: [], refused: null };
      const refuse = (error) => {
        heard.refused = error;
      };
      onChildAdded(messages, (snapshot) => heard.added.push(snapshot.val()), refuse);
      onChildChanged(messages, (snapshot) => heard.changed.push(snapshot.val()), refuse);
      return heard;
    },

    /** Whether the other one is typing, as it changes. */
    watchTyping(room, other) {
      const seen = [];
      onValue(ref(database, `chats/${room.id}/typing/${other.id}`), (snapshot) => seen.push(snapshot.exists()));
      return seen;
    },

    read: async (path) => (await get(ref(database, path))).val(),
    write: (path, value) => set(ref(database, path), value),
    // Deleting the app alone leaves the timer of the next token, for which the process would wait an hour.
    async close() {
      await signOut(auth);
      goOffline(database);
      await deleteApp(app);
    },
  };
}
