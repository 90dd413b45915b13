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
  limitToLast,
  onChildAdded,
  onChildChanged,
  onValue,
  orderByChild,
  query,
  ref,
  set,
  startAt,
} from 'firebase/database';

import { FIREBASE_HOST } from './settings.mjs';

let phones = 0;

/** Signs `person` in to Firebase at `at`. `close` releases what keeps the process alive. */
export async function aPhone(person, at = FIREBASE_HOST) {
  const { status, body } = await person.post('firebase_token/');
  assert.equal(status, 200);

  phones += 1;
  const app = initializeApp({ apiKey: 'of-no-use-here', databaseURL: body.database_url }, `phone-${phones}`);
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, `http://${at}`, { disableWarnings: true });
  const database = getDatabase(app);
  const [host, port] = at.split(':');
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

    /**
     * Listens to the own inbox as an app does. `list()` returns the newest 30 conversations, newest first; `badge()` the
     * number of unread messages.
     */
    listenToInbox() {
      const inbox = ref(database, body.inbox_path);
      let newest = [];
      let unread = [];
      const entries = (snapshot) => {
        const found = [];
        snapshot.forEach((child) => void found.push({ room: child.key, ...child.val() }));
        return found;
      };
      onValue(query(inbox, orderByChild('sort_at'), limitToLast(30)), (snapshot) => (newest = entries(snapshot)));
      onValue(query(inbox, orderByChild('unread_count'), startAt(1)), (snapshot) => (unread = entries(snapshot)));
      return {
        list: () => newest.filter(({ is_archived }) => !is_archived).reverse(),
        badge: () => unread.reduce((sum, { unread_count }) => sum + unread_count, 0),
      };
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
