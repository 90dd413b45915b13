// The inbox in Firebase: the list of conversations and the badge, without polling.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';

import { seeded } from './chaos/random.mjs';
import { checkTree } from './support/contract.mjs';
import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { mirrored, namespace } from './support/firebase.mjs';
import { aClient, aConversation, aDriver, anAdmin, aRoom, say } from './support/people.mjs';
import { aPhone } from './support/phone.mjs';
import { BASE_URL, FIREBASE_HOST } from './support/settings.mjs';
import { tcpProxy } from './support/tcp-proxy.mjs';

const phones = [];
const phoneOf = async (person, at) => {
  const phone = await aPhone(person, at);
  phones.push(phone);
  return phone;
};
after(() => Promise.all(phones.map((phone) => phone.close())));

const inboxOf = async (person) => (await mirrored(`/inboxes/${person.id}`)) ?? {};
const unreadCount = async (person) => (await person.get('rooms/unread_count/')).body.unread_count;
const listOf = async (person) => (await person.get('rooms/', { page_size: 100 })).body.results;

/** Invokes `repair-mirror` of the stack under test. */
async function repair(command) {
  const url = `${BASE_URL}/2015-03-31/functions/repair-mirror/invocations`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(command) });
  assert.equal(response.headers.get('x-amz-function-error'), null);
  return response.json();
}

/** Writes to Firebase with admin rights. */
async function overwrite(path, value) {
  const response = await fetch(`http://${FIREBASE_HOST}${path}.json?ns=${namespace}`, {
    method: 'PUT',
    headers: { authorization: 'Bearer owner' },
    body: JSON.stringify(value),
  });
  assert.ok(response.ok);
}

describe('an entry', () => {
  test('has the conversation as its user sees it, without a phone number', async () => {
    const { driver, client, delivery, room } = await aConversation();
    const message = await say(driver, room, "J'arrive");
    const [drivers, clients] = await eventually(async () => {
      const entries = [await inboxOf(driver), await inboxOf(client)].map((inbox) => inbox[room.id]);
      assert.equal(entries[1]?.unread_count, 1);
      return entries;
    });
    for (const [person, entry] of [[driver, drivers], [client, clients]]) checkTree(`/inboxes/${person.id}/${room.id}`, entry);
    const { metadata } = await mirrored(`/chats/${room.id}`);
    assert.deepEqual(clients, {
      room_type: 'delivery',
      other_participant: {
        id: driver.id,
        full_name: driver.full_name,
        user_type: 'driver',
        profile_photo_url: driver.profile_photo_url,
      },
      tracking_number: delivery.tracking_number,
      last_message_text: "J'arrive",
      last_message_at: message.created_at,
      last_message_sender_id: driver.id,
      last_message_seq: message.seq,
      sort_at: message.created_at,
      unread_count: 1,
      is_archived: false,
      is_muted: false,
      revision: metadata.revision,
    });
    assert.equal(drivers.other_participant.id, client.id);
    assert.equal(drivers.unread_count, 0);
    assert.ok(!JSON.stringify([drivers, clients]).includes(client.phone_number.slice(1)));
  });

  test('exists before the first message, ordered by the creation of the room', async () => {
    const { driver, room } = await aConversation();
    const entry = await eventually(async () => {
      const entry = (await inboxOf(driver))[room.id];
      assert.ok(entry);
      return entry;
    });
    assert.deepEqual([entry.sort_at, entry.last_message_seq], [room.created_at, 0]);
  });

  test('disappears when the room closes, also for a phone that listens', async () => {
    const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
    const inbox = (await phoneOf(client)).listenToInbox();
    await eventually(() => assert.equal(inbox.badge(), 1));
    const close = 'UPDATE chat_rooms SET is_active = false, revision = revision + 1 WHERE id = $1';
    await sql(close, [room.id]);
    await repair({ action: 'rebuild', room_id: room.id });
    await eventually(() => assert.deepEqual([inbox.badge(), inbox.list()], [0, []]));
    assert.equal(await unreadCount(client), 0);
    assert.deepEqual(await inboxOf(driver), {});
  });
});

test('two phones that only listen see the list re-ordered and the badge counted at once', async () => {
  const client = await aClient();
  const drivers = [await aDriver(), await aDriver({ full_name: 'Awa Koné' })];
  const rooms = [];
  for (const driver of drivers) rooms.push(await aRoom(driver, client, { initial_message: 'Bonjour' }));
  const onClients = (await phoneOf(client)).listenToInbox();
  const onDrivers = (await phoneOf(drivers[0])).listenToInbox();
  const order = () => onClients.list().map(({ room }) => rooms.findIndex(({ id }) => id === room));
  await eventually(() => assert.deepEqual([order(), onClients.badge()], [[1, 0], 2]));

  await say(drivers[0], rooms[0], 'Je suis en bas');
  await eventually(() => assert.deepEqual([order(), onClients.badge()], [[0, 1], 3]), 1000);
  assert.equal(onClients.list()[0].last_message_text, 'Je suis en bas');

  await client.post(`rooms/${rooms[0].id}/mark_as_read/`);
  await eventually(() => assert.equal(onClients.badge(), 1), 1000);
  await say(client, rooms[0], 'Je descends');
  await eventually(() => assert.deepEqual([onDrivers.badge(), onDrivers.list()[0].last_message_text], [1, 'Je descends']), 1000);

  await client.post(`rooms/${rooms[1].id}/archive/`);
  await eventually(() => assert.deepEqual([order(), onClients.badge()], [[0], 1]), 1000);
  await client.post(`rooms/${rooms[1].id}/mark_as_read/`);
  await eventually(async () => assert.deepEqual(Object.keys(await inboxOf(client)), [rooms[0].id]), 1000);
});

test('after a random workload, the inbox and GET /rooms/ show the same order and counts', async () => {
  const random = seeded(16);
  const client = await aClient();
  const drivers = await Promise.all(Array.from({ length: 6 }, () => aDriver()));
  const rooms = await Promise.all(drivers.map((driver) => aRoom(driver, client, { initial_message: 'Bonjour' })));
  for (let n = 0; n < 120; n += 1) {
    const room = random.of(rooms);
    const driver = drivers[rooms.indexOf(room)];
    const person = random.chance(0.3) ? client : driver;
    if (random.chance(0.15)) await person.post(`rooms/${room.id}/mark_as_read/`);
    else if (random.chance(0.15)) await person.post(`rooms/${room.id}/archive/`, { archive: random.chance(0.5) });
    else if (random.chance(0.1)) await person.post(`rooms/${room.id}/mute/`, { mute: random.chance(0.5) });
    else await say(person, room, `message ${n}`);
  }
  for (const person of [client, ...drivers]) {
    await eventually(async () => {
      const entries = Object.entries(await inboxOf(person));
      const listed = entries.filter(([, { is_archived }]) => !is_archived);
      listed.sort(([, a], [, b]) => (a.sort_at < b.sort_at ? 1 : -1));
      const seen = ({ last_message_text, last_message_at, unread_count }) => ({ last_message_text, last_message_at, unread_count });
      const expected = (await listOf(person)).map((room) => [room.id, seen(room)]);
      assert.deepEqual(listed.map(([id, entry]) => [id, seen(entry)]), expected);
      const badge = entries.reduce((sum, [, { unread_count }]) => sum + unread_count, 0);
      assert.equal(badge, await unreadCount(person));
    });
  }
});

test('a phone with 10,000 conversations receives 30 entries, not 10,000', async () => {
  const driver = await aDriver();
  const entry = (n) => ({
    room_type: 'delivery',
    last_message_text: `message ${n}`,
    sort_at: `2025-01-15T10:00:00.${String(n).padStart(6, '0')}Z`,
    unread_count: n % 1000 === 0 ? 1 : 0,
    is_archived: false,
    is_muted: false,
    revision: 1,
  });
  const inbox = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [randomUUID(), entry(n)]));
  await overwrite(`/inboxes/${driver.id}`, inbox);
  const proxy = await tcpProxy(...FIREBASE_HOST.split(':'));
  try {
    const seen = (await phoneOf(driver, `127.0.0.1:${proxy.port}`)).listenToInbox();
    await eventually(() => assert.deepEqual([seen.list().length, seen.badge()], [30, 10]));
    assert.equal(seen.list()[0].last_message_text, 'message 9999');
    const bytes = proxy.received();
    const all = JSON.stringify(inbox).length;
    assert.ok(bytes < 50_000, `${bytes} bytes of ${all} came through`);
  } finally {
    proxy.close();
    await overwrite(`/inboxes/${driver.id}`, null);
  }
});

describe('repair-mirror', () => {
  test('finds a damaged entry and writes it again', async () => {
    const { client, room } = await aConversation({ initial_message: 'Bonjour' });
    const path = `/inboxes/${client.id}/${room.id}`;
    await eventually(async () => assert.equal((await mirrored(path))?.unread_count, 1));
    await overwrite(`${path}/unread_count`, 7);
    const { different } = await repair({ action: 'compare', room_id: room.id });
    assert.deepEqual(different.map(({ paths }) => paths), [[`${path.slice(1)}/unread_count`]]);
    await repair({ action: 'rebuild', room_id: room.id });
    await eventually(async () => assert.equal((await mirrored(path)).unread_count, 1));
    assert.deepEqual((await repair({ action: 'compare', room_id: room.id })).different, []);
  });

  test('finds and removes the entries of strangers and of rooms that do not exist', async () => {
    const { driver, client, room } = await aConversation();
    const stranger = await anAdmin();
    const stray = [`/inboxes/${stranger.id}/${room.id}`, `/inboxes/${driver.id}/${randomUUID()}`, `/inboxes/nobody/${room.id}`];
    await eventually(async () => assert.ok((await inboxOf(client))[room.id]));
    for (const path of stray) await overwrite(path, { sort_at: room.created_at, unread_count: 1, revision: 1 });
    const found = (await repair({ action: 'compare' })).stray_inbox_entries;
    for (const path of stray) assert.ok(found.includes(path.slice(1)), path);
    await repair({ action: 'rebuild' });
    for (const path of stray) assert.equal(await mirrored(path), null);
    assert.ok((await inboxOf(client))[room.id]);
    assert.deepEqual((await repair({ action: 'compare' })).stray_inbox_entries, []);
  });
});
