// A phone: the official JS SDK, signed in with the token of the API, with the listeners of the API guide's app.

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

/** Signs `person` in to Firebase. `close` releases what keeps the process alive. */
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

    /** Records the events of a room's messages, ordered by `timestamp`, and the error that cancels the listener. */
    listen(room) {
      const messages = query(ref(database, `chats/${room.id}/messages`), orderByChild('timestamp'));
      const heard = { added: [], changed: [], error: null };
      const cancelled = (error) => {
        heard.error = error;
      };
      onChildAdded(messages, (snapshot) => heard.added.push(snapshot.val()), cancelled);
      onChildChanged(messages, (snapshot) => heard.changed.push(snapshot.val()), cancelled);
      return heard;
    },

    /** Records whether the other participant is typing. */
    watchTyping(room, other) {
      const seen = [];
      onValue(ref(database, `chats/${room.id}/typing/${other.id}`), (snapshot) => seen.push(snapshot.exists()));
      return seen;
    },

    read: async (path) => (await get(ref(database, path))).val(),
    write: (path, value) => set(ref(database, path), value),
    // Sign out first: deleteApp leaves the timer of the token renewal, which keeps the process alive for an hour.
    async close() {
      await signOut(auth);
      goOffline(database);
      await deleteApp(app);
    },
  };
}
