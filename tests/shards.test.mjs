// Three Realtime Databases of one project: where rooms and inbox entries are, and how a further database takes its share.

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { deleteApp, initializeApp } from 'firebase/app';
import { connectAuthEmulator, inMemoryPersistence, initializeAuth, signInWithCustomToken, signOut } from 'firebase/auth';
import { connectDatabaseEmulator, get, getDatabase, goOffline, ref } from 'firebase/database';

import { startStandIn } from '../dev/firebase/server.mjs';
import { withDatabase } from '../dev/parts/database.mjs';
import { ROOT } from '../dev/parts/places.mjs';
import { freePort } from '../dev/parts/processes.mjs';
import { ensureServiceAccount } from '../dev/parts/stand-in.mjs';
import { eventually } from './support/eventually.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { JWT_SECRET } from './support/settings.mjs';
import { accessToken } from './support/tokens.mjs';

const RULES = join(ROOT, 'firebase', 'database.rules.json');
const OF_TWO = ['migrate-database', 'create-room', 'send-message', 'repair-mirror'];
const OF_THREE = ['firebase-token', 'get-room', 'send-message', 'repair-mirror', 'preflight'];

const parts = ownParts('shards');
const client = randomUUID();
const databases = [];
let two;
let three;
/** The rooms by id, with their drivers. */
const rooms = new Map();

const url = (shard) => databases[shard].url;
const tree = async (shard, path) =>
  (await (await fetch(`${url(shard)}${path}.json`, { headers: { authorization: 'Bearer owner' } })).json()) ?? {};

/** Returns a room's shard of the first `count`, as docs/mirror.md defines it. */
function shardOf(room, count) {
  const bucket = parseInt(room.slice(-3), 16) % 2048;
  const hash = (shard) => createHash('sha256').update(`${url(shard)}/${bucket}`).digest('hex');
  return [...Array(count).keys()].reduce((best, shard) => (hash(shard) > hash(best) ? shard : best));
}

const of = (shard, count) => [...rooms.keys()].filter((room) => shardOf(room, count) === shard).sort();
const moved = () => of(2, 3);

/** Asserts that each of the first `count` databases has its rooms and their inbox entries, and no others. */
async function assertPlaces(count) {
  for (let shard = 0; shard < count; shard += 1) {
    const expected = of(shard, count);
    assert.deepEqual(Object.keys(await tree(shard, '/chats')).sort(), expected, `rooms of ${shard}`);
    const inboxes = await tree(shard, '/inboxes');
    assert.deepEqual(Object.keys(inboxes[client] ?? {}).sort(), expected, `the client's inbox on ${shard}`);
    for (const [room, { driver }] of rooms) {
      assert.equal(room in (inboxes[driver] ?? {}), expected.includes(room), `the driver's inbox on ${shard}`);
    }
  }
}

before(async () => {
  const { url: postgres } = await parts.postgres();
  mkdirSync(parts.logs, { recursive: true });
  const credentials = join(parts.logs, 'service-account.json');
  const port = await freePort();
  ensureServiceAccount(credentials, `http://127.0.0.1:${port}/token`);
  databases.push(await startStandIn({ port, rules: RULES, serviceAccount: credentials }));
  const { project } = databases[0];
  for (let further = 0; further < 2; further += 1) databases.push(await startStandIn({ rules: RULES, project }));

  const functions = (names, urls, at) => {
    const environment = plain({
      DATABASE_URL: postgres,
      JWT_SECRET,
      FIREBASE_DATABASE_URL: urls.join(', '),
      FIREBASE_CREDENTIALS_PATH: credentials,
      FCM_URL: '',
    });
    return parts.functions(names, { environment, at });
  };
  two = await functions(OF_TWO, [url(0), url(1)], 'two');
  await two.invoke('migrate-database');
  const drivers = Array.from({ length: 60 }, () => randomUUID());
  await withDatabase(postgres, async (it) => {
    const user = `INSERT INTO users (id, full_name, phone_number, user_type)
      SELECT id, 'Kouamé Yao', '+2250701020304', $2 FROM unnest($1::uuid[]) AS id`;
    await it.query(user, [drivers, 'driver']);
    await it.query(user, [[client], 'client']);
  });
  // Until the third database takes two rooms of each of the others, and leaves two to each.
  const isEnough = () => [0, 1].every((shard) => {
    const all = of(shard, 2);
    const leaving = all.filter((room) => shardOf(room, 3) === 2);
    return leaving.length > 1 && all.length - leaving.length > 1;
  });
  for (const driver of drivers) {
    if (isEnough()) break;
    const body = { room_type: 'delivery', other_user_id: client, initial_message: 'Bonjour' };
    const response = await two.request('POST', 'rooms/', accessToken(driver), body);
    assert.equal(response.status, 201);
    rooms.set(response.body.id, { driver, created: response.body });
  }
  assert.ok(isEnough());
  three = await functions(OF_THREE, databases.map((it) => it.url), 'three');
});

after(() => Promise.all(databases.map((it) => it.close())));

test('a room and its inbox entries are on its shard only, and the response names it', async () => {
  for (const [room, { driver, created }] of rooms) {
    assert.equal(created.firebase_database_url, url(shardOf(room, 2)));
    const message = { chat_room_id: room, text: 'Je suis en bas' };
    assert.equal((await two.request('POST', 'messages/', accessToken(driver), message)).status, 201);
  }
  await eventually(() => assertPlaces(2));
  await eventually(async () => {
    for (const room of rooms.keys()) {
      const { messages } = await tree(shardOf(room, 2), `/chats/${room}`);
      assert.equal(Object.keys(messages).length, 2);
    }
  });
  assert.deepEqual(await tree(2, '/'), {});
  const { compared, different, stray_inbox_entries } = await two.invoke('repair-mirror', { action: 'compare' });
  assert.deepEqual([compared, different, stray_inbox_entries], [rooms.size, [], []]);
});

test('after a further URL, compare lists the rooms that the new shard takes, and no others', async () => {
  const { different } = await three.invoke('repair-mirror', { action: 'compare' });
  assert.deepEqual(different.map(({ room_id }) => room_id).sort(), moved());
  for (const { room_id, paths, revision } of different) {
    const old = url(shardOf(room_id, 2));
    const { driver } = rooms.get(room_id);
    const places = [`chats/${room_id}`, `inboxes/${driver}/${room_id}`, `inboxes/${client}/${room_id}`];
    assert.deepEqual(paths, [...places, ...places.map((path) => `${old}/${path}`)]);
    assert.equal(revision[1], null);
  }
});

test('a rebuild moves them, and leaves nothing of them on the old shards', async () => {
  const rebuilt = await three.invoke('repair-mirror', { action: 'rebuild' });
  assert.deepEqual([rebuilt.rooms, rebuilt.failed, rebuilt.backlog], [rooms.size, 0, 0]);
  const { different, stray_inbox_entries } = await three.invoke('repair-mirror', { action: 'compare' });
  assert.deepEqual([different, stray_inbox_entries], [[], []]);
  await assertPlaces(3);
});

test('a stray inbox entry is found on each shard, and removed', async () => {
  const path = `inboxes/${client}/${randomUUID()}`;
  for (const shard of [0, 1, 2]) {
    const stray = { method: 'PUT', headers: { authorization: 'Bearer owner' }, body: '{"unread_count":1}' };
    assert.ok((await fetch(`${url(shard)}/${path}.json`, stray)).ok);
  }
  const stray = async (action) => (await three.invoke('repair-mirror', { action })).stray_inbox_entries;
  const everywhere = databases.map((it) => `${it.url}/${path}`);
  assert.deepEqual(await stray('compare'), everywhere);
  assert.deepEqual(await stray('rebuild'), everywhere);
  assert.deepEqual(await stray('compare'), []);
});

test('a phone signs in once, and reads its inbox and its rooms on every shard', async () => {
  const as = accessToken(client);
  const { body } = await three.request('POST', 'firebase_token/', as);
  assert.deepEqual(body.database_urls, databases.map((it) => it.url));
  assert.equal(body.database_url, body.database_urls[0]);

  // The SDK would take this host for all databases.
  delete process.env.FIREBASE_DATABASE_EMULATOR_HOST;
  const app = initializeApp({ apiKey: 'of-no-use-here', databaseURL: body.database_url }, 'shards');
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, body.database_url, { disableWarnings: true });
  const connected = body.database_urls.map((address) => {
    const database = getDatabase(app, address);
    const { hostname, port } = new URL(address);
    connectDatabaseEmulator(database, hostname, Number(port));
    return database;
  });
  await signInWithCustomToken(auth, body.token);
  const read = async (shard, path) => (await get(ref(connected[shard], path))).val();
  try {
    for (const shard of [0, 1, 2]) {
      assert.deepEqual(Object.keys(await read(shard, body.inbox_path)).sort(), of(shard, 3));
      const [room] = of(shard, 3);
      const detail = (await three.request('GET', `rooms/${room}/`, as)).body;
      assert.equal(detail.firebase_database_url, body.database_urls[shard]);
      const text = `Merci ${shard}`;
      assert.equal((await three.request('POST', 'messages/', as, { chat_room_id: room, text })).status, 201);
      await eventually(async () => {
        assert.equal((await read(shard, detail.firebase_path)).metadata.last_message_text, text);
      });
    }
  } finally {
    await signOut(auth);
    for (const database of connected) goOffline(database);
    await deleteApp(app);
  }
});

test('preflight checks the rules of every shard, and names it', async () => {
  const isOfFirebase = ({ name }) => /^(Firebase (database|rules)|rules)/.test(name);
  const before = await three.invoke('preflight');
  const checks = before.checks.filter(isOfFirebase);
  assert.deepEqual(checks.filter(({ status }) => status !== 'ok'), []);
  for (const { url: address } of databases) {
    assert.equal(checks.filter(({ name }) => name.endsWith(`, ${address}`)).length, checks.length / 3);
  }
  const admin = { authorization: 'Bearer owner' };
  const open = JSON.stringify({ rules: { '.read': true, '.write': true } });
  assert.ok((await fetch(`${url(1)}/.settings/rules.json`, { method: 'PUT', headers: admin, body: open })).ok);
  const failed = (await three.invoke('preflight')).checks.filter(isOfFirebase).filter(({ status }) => status === 'failed');
  assert.equal(failed[0].name, `Firebase rules, ${url(1)}`);
  assert.ok(failed.every(({ name }) => name.endsWith(`, ${url(1)}`)));
});
