// The page on two Realtime Databases of one project: each room is on one of them, the inbox is on both.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startStandIn } from '../../dev/firebase/server.mjs';
import { withDatabase } from '../../dev/parts/database.mjs';
import { ROOT } from '../../dev/parts/places.mjs';
import { freePort } from '../../dev/parts/processes.mjs';
import { ensureServiceAccount } from '../../dev/parts/stand-in.mjs';
import { eventually } from '../../tests/support/eventually.mjs';
import { ownParts, plain } from '../../tests/support/own-parts.mjs';
import { JWT_SECRET } from '../../tests/support/settings.mjs';
import { accessToken } from '../../tests/support/tokens.mjs';
import { configFor, DESKTOP, phoneOf } from './support/browser.mjs';
import { aLine } from './support/line.mjs';

const FUNCTIONS = [
  'create-room',
  'deliver-pending',
  'firebase-token',
  'get-room',
  'list-messages',
  'list-quick-replies',
  'list-rooms',
  'mark-messages-delivered',
  'mark-messages-read',
  'mark-room-read',
  'migrate-database',
  'send-message',
  'set-typing',
  'unread-count',
];

const parts = ownParts('page-shards');
mkdirSync(parts.logs, { recursive: true });
const serviceAccount = join(parts.logs, 'service-account.json');
const port = await freePort();
ensureServiceAccount(serviceAccount, `http://127.0.0.1:${port}/token`);
const rules = join(ROOT, 'firebase', 'database.rules.json');
const first = await startStandIn({ port, rules, serviceAccount });
const second = await startStandIn({ rules, project: first.project });
const databases = [first, second];
after(() => Promise.all(databases.map((database) => database.close())));
/** For the functions and the page, the URLs of the lines are those of the databases. */
const lines = await Promise.all(databases.map(({ url }) => aLine(url)));
let postgres;
let functions;

before(async () => {
  postgres = (await parts.postgres()).url;
  const environment = plain({
    CORS_ALLOW_ORIGIN: '*',
    DATABASE_URL: postgres,
    JWT_SECRET,
    FIREBASE_DATABASE_URL: lines.map(({ url }) => url).join(),
    FIREBASE_CREDENTIALS_PATH: serviceAccount,
    FCM_URL: '',
  });
  functions = await parts.functions(FUNCTIONS, { environment });
  await functions.invoke('migrate-database');
});

async function aUser(user_type, full_name) {
  const id = randomUUID();
  const insert = `INSERT INTO users (id, full_name, phone_number, user_type) VALUES ($1, $2, '+2250701020304', $3)`;
  await withDatabase(postgres, (client) => client.query(insert, [id, full_name, user_type]));
  return { id, full_name, user_type, token: accessToken(id) };
}

async function call(user, path, body) {
  const response = await functions.request('POST', path, user.token, body);
  assert.ok(response.status < 300, `${path}: ${response.text}`);
  return response.body;
}

const say = ({ driver, id }, text) => call(driver, 'messages/', { chat_room_id: id, text });

/** Opens a client's phone with two rooms on each database: `rooms[1][0]` is a room on the second one. */
async function aList() {
  const client = await aUser('client', 'Jean Dupont');
  const rooms = [[], []];
  for (let n = 1; rooms.some(({ length }) => length < 2); n += 1) {
    const driver = await aUser('driver', `Livreur ${n}.`);
    const body = { room_type: 'delivery', other_user_id: client.id };
    const { id, firebase_database_url } = await call(driver, 'rooms/', body);
    const shard = lines.findIndex(({ url }) => url === firebase_database_url);
    if (rooms[shard].length < 2) rooms[shard].push({ id, driver });
  }
  for (const room of rooms.flat()) await say(room, 'Bonjour');
  const config = {
    ...configFor([client], { api: functions.url }),
    firebase: { api_key: 'none', auth_emulator: databases[0].url },
  };
  const phone = await phoneOf(client, { config, viewport: DESKTOP });
  const calls = [];
  phone.page.on('request', (request) => {
    const { pathname, origin } = new URL(request.url());
    if (request.method() === 'GET' && origin === functions.url) calls.push(pathname.replace('/api/v1/chat/', ''));
  });
  await phone.isLive();
  await phone.badge('4 non lus');
  return { client, rooms, phone, calls };
}

const row = ({ rooms }, { driver }) => rooms.getByRole('link', { name: driver.full_name });
const firstRow = ({ page }) => page.locator('.room').first();

test('the list and the rooms of each database are live, without polling', async () => {
  const { client, rooms, phone, calls } = await aList();
  for (const [room, other] of [rooms[0], rooms[1]]) {
    await say(other, 'Je pars');
    await firstRow(phone).getByText('Je pars').waitFor({ timeout: 5_000 });
    await firstRow(phone).getByText(other.driver.full_name).waitFor();

    calls.length = 0;
    await row(phone, room).click();
    await phone.bubble('Bonjour').waitFor();
    // The detail for the page and for the listeners, the newest messages and then the changes since.
    const opening = [`rooms/${room.id}/`, `rooms/${room.id}/`, `rooms/${room.id}/quick_replies/`];
    await eventually(async () => assert.deepEqual(calls.toSorted(), ['messages/', 'messages/', ...opening]));
    calls.length = 0;
    await call(room.driver, `rooms/${room.id}/typing/`, { is_typing: true });
    await phone.typing.getByText('en train d’écrire').waitFor({ timeout: 5_000 });
    await say(room, 'J’arrive');
    await phone.bubble('J’arrive').waitFor({ timeout: 5_000 });
    await phone.write('Merci');
    const sent = phone.bubble('Merci');
    await sent.filter({ hasText: 'Envoyé' }).waitFor();
    const seq = Number(await sent.getAttribute('data-seq'));
    await call(room.driver, 'messages/mark_as_delivered/', { receipts: [{ chat_room_id: room.id, seq }] });
    await sent.filter({ hasText: 'Distribué' }).waitFor({ timeout: 5_000 });
    await call(room.driver, `rooms/${room.id}/mark_as_read/`);
    await sent.filter({ hasText: 'Lu à' }).waitFor({ timeout: 5_000 });
    assert.deepEqual(calls, []);
  }
  await phone.badge('4 non lus');
  const { status, body } = await functions.request('GET', 'rooms/unread_count/', client.token);
  assert.deepEqual([status, body.unread_count], [200, 4]);
  assert.deepEqual(phone.page.mistakes, []);
});

test('a room that was opened offline listens as soon as the connection is back', async () => {
  const { rooms, phone } = await aList();
  const { page } = phone;
  const [, [room]] = rooms;
  await page.clock.install();
  await page.context().setOffline(true);
  await page.getByText('Hors connexion').waitFor();
  const isOfRoom = (request) => request.url().endsWith(`/rooms/${room.id}/`);
  let failed = page.waitForEvent('requestfailed', isOfRoom);
  await row(phone, room).click();
  await failed;
  // Until the pauses between the attempts are the longest ones, of 15 to 30 s.
  for (let n = 0; n < 8; n += 1) {
    failed = page.waitForEvent('requestfailed', isOfRoom);
    await page.clock.fastForward(30_000);
    await failed;
  }

  const listens = new Promise((resolve) => {
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        if (String(payload).includes(`/chats/${room.id}/messages`)) resolve();
      }),
    );
  });
  const backAt = performance.now();
  await page.context().setOffline(false);
  await listens;
  const delay = performance.now() - backAt;
  assert.ok(delay < 5_000, `it takes ${Math.round(delay)} ms`);
  await say(room, 'en direct');
  await phone.bubble('en direct').waitFor({ timeout: 5_000 });
  assert.deepEqual(page.mistakes, []);
});

test('without one database, the rooms of the other stay live, and all are live again afterwards', async () => {
  const { rooms, phone, calls } = await aList();
  const [[room, other], [lost, otherLost]] = rooms;
  const polled = () => phone.page.waitForResponse((response) => response.url().includes('/rooms/?'));
  await row(phone, room).click();
  await phone.isLoaded();
  await phone.badge('3 non lus');
  lines[1].cut();
  await phone.page.getByText('Connexion…').waitFor({ state: 'attached' });

  await polled();
  calls.length = 0;
  await say(room, 'toujours là');
  await phone.bubble('toujours là').waitFor({ timeout: 3_000 });
  await say(other, 'moi aussi');
  await row(phone, other).getByText('moi aussi').waitFor({ timeout: 3_000 });
  await say(otherLost, 'sans Firebase');
  await row(phone, otherLost).getByText('sans Firebase').waitFor({ timeout: 20_000 });
  await phone.badge('5 non lus');
  await polled();
  assert.deepEqual(
    calls.filter((path) => !['rooms/', 'rooms/unread_count/'].includes(path)),
    [],
  );

  await row(phone, lost).click();
  await phone.isLoaded();
  await say(lost, 'plus lentement');
  await phone.bubble('plus lentement').waitFor({ timeout: 20_000 });

  await lines[1].restore();
  await phone.page.getByText('En direct').waitFor({ state: 'attached', timeout: 60_000 });
  await eventually(async () => {
    await functions.invoke('deliver-pending', { channel: 'mirror' });
    const path = `${databases[1].url}/chats/${lost.id}/metadata/last_message_text.json`;
    const mirrored = await fetch(path, { headers: { authorization: 'Bearer owner' } });
    assert.equal(await mirrored.json(), 'plus lentement');
  }, 60_000);
  await say(otherLost, 'de nouveau');
  await firstRow(phone).getByText('de nouveau').waitFor();
  await phone.badge('5 non lus');
  calls.length = 0;
  await call(lost.driver, `rooms/${lost.id}/typing/`, { is_typing: true });
  await phone.typing.getByText('en train d’écrire').waitFor({ timeout: 5_000 });
  await say(lost, 'en direct');
  await phone.bubble('en direct').waitFor({ timeout: 3_000 });
  await say(otherLost, 'moi aussi');
  await firstRow(phone).getByText('moi aussi').waitFor({ timeout: 3_000 });
  assert.deepEqual(calls, []);
  assert.deepEqual(phone.page.mistakes, []);
});
