// Dispute access, the export and the erasure of a person's data, from outside: afterwards neither PostgreSQL nor Firebase
// has a trace of the person.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { api } from './support/api.mjs';
import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { mirrored, mirroredRoom } from './support/firebase.mjs';
import { aConversation, aDriver, anAdmin, aClient, aDelivery, aRoom, say, seenBy } from './support/people.mjs';
import { platformToken } from './support/tokens.mjs';

const A_MINUTE = 60_000;
const platform = () => api(`Bearer ${platformToken()}`);
/** Returns a word that occurs nowhere else. */
const aWord = () => `mot${randomUUID().replaceAll('-', '').slice(0, 12)}`;

/** Returns the tables, without the platform's, in which a row contains one of the words, and whether Firebase does. */
async function traces(words) {
  const tables = await sql(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name NOT IN ('users', 'deliveries')`,
  );
  const found = [];
  for (const { name } of tables) {
    const rows = await sql(`SELECT FROM ${name} AS any_row WHERE any_row::text ILIKE ANY ($1)`, [words.map((word) => `%${word}%`)]);
    if (rows.length > 0) found.push(name);
  }
  const tree = JSON.stringify(await mirrored('/')).toLowerCase();
  if (words.some((word) => tree.includes(word))) found.push('Firebase');
  return found.sort();
}

async function erased(user, body) {
  const path = `users/${user.id}/erase/`;
  assert.equal((await platform().post(path, body)).status, 202);
  return eventually(async () => {
    const { status, body: progress } = await platform().post(path);
    assert.equal(status, 200);
    return progress;
  }, A_MINUTE);
}

describe('the erasure of a person', () => {
  test('leaves no trace in PostgreSQL and Firebase', async () => {
    const [name, first, old, second, device] = Array.from({ length: 5 }, aWord);
    const driver = await aDriver({ full_name: `Awa ${name}` });
    const client = await aClient();
    const delivery = await aDelivery({ driver, client });
    const room = await aRoom(driver, client, { delivery_id: delivery.id });
    const event = { event_id: randomUUID(), event: 'assigned', delivery_id: delivery.id };
    assert.equal((await platform().post('events/', event)).status, 201);
    assert.equal((await driver.put(`devices/${device}/`)).status, 201);
    await say(driver, room, first);
    const edited = await say(driver, room, old);
    assert.equal((await driver.patch(`messages/${edited.id}/`, { text: second })).status, 200);
    await say(client, room, 'Merci');
    await say(driver, room, first);
    const words = [name, first, old, second, device];
    await eventually(async () => assert.equal((await mirroredRoom(room)).metadata.last_message_text, first));
    await sql('SELECT chat_message_search_index(1000)');
    const before = await traces(words);
    for (const place of ['Firebase', 'chat_devices', 'chat_message_search', 'chat_message_versions', 'chat_messages', 'chat_rooms']) {
      assert.ok(before.includes(place), `${place} has no trace that could be erased`);
    }

    await sql('UPDATE users SET is_active = false WHERE id = $1', [driver.id]);
    const progress = await erased(driver);
    assert.deepEqual([progress.messages_erased, progress.profile_remains], [3, true]);
    await sql("UPDATE users SET full_name = '', phone_number = '', profile_photo_url = NULL WHERE id = $1", [driver.id]);
    assert.equal((await erased(driver, { again: true })).profile_remains, false);
    await eventually(async () => assert.deepEqual(await traces(words), []), A_MINUTE);

    const messages = (await client.get('messages/', { chat_room_id: room.id, ordering: 'created_at' })).body.results;
    assert.deepEqual(
      messages.map(({ text, is_deleted }) => [text, is_deleted]),
      [
        [`La livraison ${delivery.tracking_number} a été attribuée à un livreur.`, false],
        ['', true],
        ['', true],
        ['Merci', false],
        ['', true],
      ],
    );
    const exported = await platform().get(`users/${driver.id}/export/`);
    assert.deepEqual(new Set(exported.body.messages.map(({ text }) => text)), new Set(['']));
  });
});

describe('access for a dispute', () => {
  test('shows a room and the versions of its messages to an admin, and is recorded', async () => {
    const { driver, client, room } = await aConversation();
    const admin = await anAdmin();
    const message = await say(driver, room, 'avant');
    assert.equal((await driver.patch(`messages/${message.id}/`, { text: 'après' })).status, 200);
    const history = () => admin.get('messages/', { chat_room_id: room.id });
    assert.equal((await history()).status, 404);
    assert.equal((await client.post(`rooms/${room.id}/access/`, { reason: 'x' })).status, 403);
    assert.equal((await admin.post(`rooms/${room.id}/access/`, { reason: 'Litige 12' })).status, 201);
    assert.equal((await seenBy(admin, room)).driver.id, driver.id);
    const [seen] = (await history()).body.results;
    assert.deepEqual([seen.text, seen.versions.map(({ text }) => text)], ['après', ['avant']]);
    const [own] = (await client.get('messages/', { chat_room_id: room.id })).body.results;
    assert.equal('versions' in own, false);
    assert.equal((await admin.delete(`rooms/${room.id}/access/`)).status, 204);
    assert.equal((await history()).status, 404);
    const log = (await admin.get('audit/', { room_id: room.id })).body.results;
    assert.deepEqual(
      log.map(({ action }) => action),
      ['close_access', 'read_messages', 'read_room', 'open_access'],
    );
    assert.equal(log.at(-1).reason, 'Litige 12');
  });

  test('a hold is set and lifted', async () => {
    const { room } = await aConversation();
    const admin = await anAdmin();
    assert.equal((await admin.put(`rooms/${room.id}/legal_hold/`, { reason: 'Plainte' })).status, 200);
    assert.equal((await admin.delete(`rooms/${room.id}/legal_hold/`)).status, 204);
  });
});
