import { deleteApp, initializeApp, setLogLevel } from 'firebase/app';
import { connectDatabaseEmulator, getDatabase, goOffline } from 'firebase/database';
import { after } from 'node:test';

// The SDK warns of every denied write, and this suite is about them.
setLogLevel('silent');

let count = 0;

/** A phone: the official JS SDK, signed in as `uid` by a mock token, or as nobody. */
export function phone(peer, uid) {
  const app = initializeApp({ apiKey: 'none', databaseURL: peer.databaseUrl, projectId: 'demo-suite' }, `phone-${count++}`);
  const database = getDatabase(app);
  const options = uid === undefined ? {} : { mockUserToken: { sub: uid } };
  connectDatabaseEmulator(database, peer.host, peer.port, options);
  after(async () => {
    goOffline(database);
    await deleteApp(app);
  });
  return database;
}
