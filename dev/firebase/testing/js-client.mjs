import { deleteApp, initializeApp, setLogLevel } from 'firebase/app';
import { connectDatabaseEmulator, getDatabase, goOffline, onChildAdded, onValue } from 'firebase/database';
import { after } from 'node:test';

// The SDK warns of every denied write, and this suite is about them.
setLogLevel('silent');

let count = 0;

/** A phone: the official JS SDK, signed in as `uid` by a mock token, or as nobody. */
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

/** Everything that is heard at a place, in order. */
export function record(target, { changes = onChildAdded } = {}) {
  const heard = [];
  changes(
    target,
    (snapshot) => heard.push(snapshot.key),
    (error) => heard.push(error.message),
  );
  return heard;
}

/** The last value heard at a place, or how listening ended. */
export function watch(target) {
  const seen = { values: [], error: undefined };
  onValue(
    target,
    (snapshot) => seen.values.push(snapshot.val()),
    (error) => (seen.error = error.message),
  );
  return seen;
}
