import { deleteApp, initializeApp, setLogLevel } from 'firebase/app';
import { connectDatabaseEmulator, getDatabase, goOffline, onChildAdded, onValue } from 'firebase/database';
import { after } from 'node:test';

// The SDK logs a warning for every denied write, and this suite tests denied writes.
setLogLevel('silent');

let count = 0;

/** Returns a phone: the official JS SDK, signed in as `uid` with a mock token, or signed out. */
export function phone(peer, uid) {
  const app = initializeApp(
    { apiKey: 'none', databaseURL: peer.databaseUrl, projectId: 'demo-suite' },
    `phone-${count++}`,
  );
  const database = getDatabase(app);
  const options = uid === undefined ? {} : { mockUserToken: { sub: uid } };
  connectDatabaseEmulator(database, peer.host, peer.port, options);
  after(async () => {
    goOffline(database);
    await deleteApp(app);
  });
  return database;
}

/** Records all events at a path, in order. */
export function record(target, { changes = onChildAdded } = {}) {
  const heard = [];
  changes(
    target,
    (snapshot) => heard.push(snapshot.key),
    (error) => heard.push(error.message),
  );
  return heard;
}

/** Records the last value at a path, or the error that ended the listener. */
export function watch(target) {
  const seen = { values: [], error: undefined };
  onValue(
    target,
    (snapshot) => seen.values.push(snapshot.val()),
    (error) => (seen.error = error.message),
  );
  return seen;
}
