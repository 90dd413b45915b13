// No function and no gateway logs a value of a user, at any log level.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT } from '../dev/parts/places.mjs';
import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { aClient, aDelivery, aDriver, anAdmin } from './support/people.mjs';
import { DATABASE_URL, FCM_URL, JWT_SECRET } from './support/settings.mjs';
import { claims, now, platformToken, sign } from './support/tokens.mjs';

const parts = ownParts('logs');
const FUNCTIONS = readdirSync(join(ROOT, 'functions'));
/** Words that the test puts into requests, rows and tokens. The test searches every log for each of them. */
const planted = {
  text: 'zanzibarophone',
  search: 'quiproquophile',
  name: 'Bathyscaphandre',
  phone: '+2250707998877',
  device: 'tokendappareilsecret',
  query: 'parametreindiscret',
  body: 'corpsmalformesecret',
  address: 'ruedesindiscrets',
  image: 'photocompromettante',
};

function everythingLogged(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => ({ name: file.name, text: readFileSync(join(file.parentPath, file.name), 'utf8') }));
}

test('no log has a value of a user, even with RUST_LOG=trace', async () => {
  const [driver, client, admin] = await Promise.all([
    aDriver({ full_name: planted.name, phone_number: planted.phone }),
    aClient({ full_name: planted.name }),
    anAdmin(),
  ]);
  const delivery = await aDelivery({ driver, client, delivery_address: planted.address });
  const firebase = Object.entries(process.env).filter(([name]) => name.startsWith('FIREBASE_'));
  const environment = plain({
    ...Object.fromEntries(firebase),
    DATABASE_URL,
    FCM_URL,
    JWT_SECRET,
    CLOUDINARY_URL: 'cloudinary://1234:secretdecloudinary@demo',
    RUST_LOG: 'trace',
  });
  const { request, invoke, logs } = await parts.functions(FUNCTIONS, { environment, at: 'all' });

  const device = `devices/${planted.device}/`;
  await request('PUT', device, client.token);
  const room = await request('POST', 'rooms/', driver.token, {
    room_type: 'delivery',
    other_user_id: client.id,
    delivery_id: delivery.id,
    initial_message: planted.text,
  });
  assert.equal(room.status, 201, room.text);
  const { id } = room.body;
  const image_url = `https://photos.example/${planted.image}.jpg`;
  const sent = await request('POST', 'messages/', driver.token, { chat_room_id: id, text: planted.text });
  assert.equal(sent.status, 201, sent.text);

  const expired = sign(claims(driver.id, { exp: now() - 60 }));
  const forged = sign(claims(driver.id), { secret: 'a key of a forger, which is long enough' });
  const longSearch = `${planted.search}${'é'.repeat(300)}`;
  const calls = [
    ['POST', 'messages/', driver.token, { chat_room_id: id, message_type: 'image', image_url }],
    ['POST', 'messages/', driver.token, { chat_room_id: id, message_type: planted.text, text: planted.text }],
    ['POST', 'messages/', driver.token, { chat_room_id: planted.text, text: `${planted.text}\u0000` }],
    ['POST', 'messages/', driver.token, { chat_room_id: id, text: planted.text, client_message_id: planted.text }],
    ['POST', 'messages/', driver.token, planted.body],
    ['POST', 'messages/mark_as_read/', client.token, { message_ids: [planted.body] }],
    ['POST', 'messages/mark_as_read/', client.token, { chat_room_id: id }],
    ['POST', 'messages/mark_as_delivered/', client.token, { receipts: [planted.body, { chat_room_id: id, seq: 1 }] }],
    ['PATCH', `messages/${id}/`, driver.token, { text: planted.text }],
    ['PATCH', `messages/${planted.query}/`, driver.token, { text: planted.body }],
    ['DELETE', `messages/${planted.query}/`, driver.token],
    ['GET', `messages/?chat_room_id=${id}&${planted.query}=${planted.query}`, client.token],
    ['GET', `messages/?chat_room_id=${planted.query}&page=${planted.query}`, client.token],
    ['GET', `messages/search/?q=${planted.search}`, client.token],
    ['GET', `messages/search/?q=${encodeURIComponent(longSearch)}&page_size=100`, client.token],
    ['GET', `messages/search/?q=%00${planted.search}`, client.token],
    ['GET', `rooms/?search=${planted.search}&room_type=${planted.query}`, driver.token],
    ['GET', `rooms/?search=${planted.search}&ordering=${planted.query}`, driver.token],
    ['GET', `rooms/${planted.query}/`, driver.token],
    ['GET', `rooms/${id}/`, driver.token],
    ['POST', `rooms/${id}/mark_as_read/`, driver.token],
    ['POST', `rooms/${id}/archive/`, driver.token, { archive: planted.body }],
    ['POST', `rooms/${id}/mute/`, driver.token, { muted: planted.body }],
    ['POST', `rooms/${id}/typing/`, driver.token, { is_typing: true }],
    ['POST', 'uploads/', driver.token, { chat_room_id: id }],
    ['POST', 'firebase_token/', driver.token],
    ['PUT', 'notification_settings/', client.token, { push_enabled: planted.body }],
    ['GET', 'notification_settings/', client.token],
    ['GET', `analytics/?from=${planted.query}`, admin.token],
    ['GET', 'rooms/unread_count/', expired],
    ['GET', 'rooms/unread_count/', forged],
    ['GET', 'rooms/unread_count/', planted.device],
    ['POST', 'events/', platformToken(), { event_id: randomUUID(), event: planted.body, delivery_id: planted.body }],
    ['POST', 'events/', platformToken(), { event_id: randomUUID(), event: 'arriving', delivery_id: delivery.id }],
    ['DELETE', device, client.token],
    ['GET', `nowhere/${planted.query}/?q=${planted.query}`, client.token],
  ];
  const responses = await Promise.all(calls.map((call) => request(...call)));
  for (const [n, { status }] of responses.entries()) assert.ok(status < 500, `${calls[n].slice(0, 2)}: ${status}`);

  // A 500 is logged with its cause: PostgreSQL rejects a row and quotes it.
  const check = `CHECK (text NOT LIKE '%${planted.search}%') NOT VALID`;
  await sql(`ALTER TABLE chat_messages ADD CONSTRAINT planted_by_a_test ${check}`);
  try {
    const body = { chat_room_id: id, text: planted.search };
    assert.equal((await request('POST', 'messages/', driver.token, body)).status, 500);
  } finally {
    await sql('ALTER TABLE chat_messages DROP CONSTRAINT planted_by_a_test');
  }
  for (const name of FUNCTIONS.filter((it) => /mirror|push|sweep|deliver|maintain|roll-up/.test(it))) {
    await invoke(name, {}).catch(() => {});
  }

  await eventually(() => {
    const all = everythingLogged(logs).map(({ text }) => text).join('');
    assert.match(all, /planted_by_a_test/, 'the 500 is logged, with the constraint');
    assert.match(all, /"status":201|201/, 'the gateway has logged');
  });
  const tokens = [driver, client, admin].map(({ token }) => token).concat(expired, forged, platformToken());
  const signatures = tokens.map((token) => token.split('.')[2]);
  const words = [...Object.values(planted), ...signatures, JWT_SECRET, 'secretdecloudinary'];
  const files = everythingLogged(logs);
  assert.ok(files.length >= FUNCTIONS.length, `${files.length} logs`);
  for (const { name, text } of files) {
    for (const word of words) {
      const at = text.toLowerCase().indexOf(word.toLowerCase());
      assert.equal(at, -1, `${name} has ${word}: …${text.slice(Math.max(0, at - 200), at + 100)}`);
    }
  }
});
