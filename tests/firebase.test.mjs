// The Firebase tree of docs/api-guide.md#firebase-tree, field by field; typing; the token for clients.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { mirrored, mirroredRoom } from './support/firebase.mjs';
import { aPhone } from './support/phone.mjs';
import { aConversation, aDriver, aRoom, anAdmin, say, seenBy } from './support/people.mjs';
import { FIREBASE_DATABASE_URL } from './support/settings.mjs';

const WITHIN_A_MINUTE = 60_000;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Removes null fields, as Firebase does. */
const withoutNulls = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));

/** Returns a message as in the tree of the API guide. */
const inTree = (message) =>
  withoutNulls({
    id: message.id,
    sender_id: message.sender.id,
    message_type: message.message_type,
    text: message.text,
    image_url: message.image_url,
    latitude: message.latitude,
    longitude: message.longitude,
    timestamp: message.created_at,
    is_read: message.is_read,
    read_at: message.read_at,
    edited_at: message.edited_at,
    is_deleted: message.is_deleted,
    revision: message.revision,
    seq: message.seq,
  });

const treeOf = (messages) => Object.fromEntries(messages.map((message) => [message.id, inTree(message)]));

const history = async (viewer, room) =>
  (await viewer.get('messages/', { chat_room_id: room.id, page_size: 100 })).body.results;

/** Waits until the mirror equals the API's history, and returns the tree. */
const inStep = (viewer, room, within) =>
  eventually(async () => {
    const [tree, messages] = [await mirroredRoom(room), await history(viewer, room)];
    assert.deepEqual(tree?.messages ?? {}, treeOf(messages.slice(0, 50)));
    return tree;
  }, within);

describe('metadata', () => {
  test('exists as soon as the room, with the fields of the API guide and the revision', async () => {
    const { driver, client, delivery, room } = await aConversation();
    const tree = await eventually(async () => {
      const found = await mirroredRoom(room);
      assert.ok(found);
      return found;
    });
    assert.ok(Number.isInteger(tree.metadata.revision));
    assert.deepEqual(tree, {
      metadata: {
        id: room.id,
        room_type: 'delivery',
        driver_id: driver.id,
        other_user_id: client.id,
        delivery_id: delivery.id,
        created_at: room.created_at,
        is_active: true,
        last_message_text: '',
        revision: tree.metadata.revision,
      },
      receipts: {
        [driver.id]: { delivered_seq: 0, read_seq: 0 },
        [client.id]: { delivered_seq: 0, read_seq: 0 },
      },
    });
  });

  test('follows the last message', async () => {
    const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
    const message = await say(client, room, 'Je vous attends');
    const { metadata } = await inStep(driver, room);
    assert.equal(metadata.last_message_text, 'Je vous attends');
    assert.equal(metadata.last_message_at, message.created_at);
    assert.equal(metadata.last_message_sender_id, client.id);
  });

  test('has no delivery_id if the room has no delivery', async () => {
    const [driver, admin] = await Promise.all([aDriver(), anAdmin()]);
    const room = await aRoom(driver, admin, { initial_message: 'Bonjour' });
    const { metadata } = await inStep(driver, room);
    assert.equal(metadata.room_type, 'support');
    assert.equal(metadata.other_user_id, admin.id);
    assert.equal('delivery_id' in metadata, false);
  });

  test('has a revision that only grows', async () => {
    const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
    let { revision } = (await inStep(driver, room)).metadata;
    for (const change of [
      () => say(driver, room),
      () => client.post(`rooms/${room.id}/mark_as_read/`),
      () => say(client, room),
    ]) {
      await change();
      const { metadata } = await inStep(driver, room);
      assert.ok(metadata.revision > revision);
      ({ revision } = metadata);
    }
  });
});

describe('messages', () => {
  test('have all fields, whatever their type', async () => {
    const { driver, client, room } = await aConversation();
    await say(driver, room, 'Bonjour');
    await say(client, room, '', { message_type: 'image', image_url: 'https://res.cloudinary.com/relais/colis.jpg' });
    await say(driver, room, 'Je suis ici', { message_type: 'location', latitude: 5.345317, longitude: -4.024429 });
    const { messages } = await inStep(driver, room);
    for (const message of Object.values(messages)) {
      assert.match(message.timestamp, TIME);
      assert.equal(message.is_read, false);
      assert.equal('read_at' in message, false);
    }
  });

  test('become read by either mark endpoint', async () => {
    const { driver, client, room } = await aConversation();
    const [first] = [await say(driver, room), await say(driver, room), await say(client, room)];

    await client.post('messages/mark_as_read/', { message_ids: [first.id] });
    const one = await inStep(driver, room);
    assert.deepEqual(
      Object.values(one.messages)
        .filter(({ is_read }) => is_read)
        .map(({ id }) => id),
      [first.id],
    );
    assert.match(one.messages[first.id].read_at, TIME);

    await driver.post(`rooms/${room.id}/mark_as_read/`);
    await client.post('messages/mark_as_read/', { chat_room_id: room.id });
    const all = await inStep(driver, room);
    assert.ok(Object.values(all.messages).every(({ is_read }) => is_read));
  });

  test('are at most the newest fifty', async () => {
    const { driver, client, room } = await aConversation();
    for (let n = 1; n <= 53; n += 1) await say(n % 2 ? driver : client, room, `message ${n}`);
    const { messages } = await inStep(driver, room);
    const seqs = Object.values(messages)
      .map(({ seq }) => seq)
      .sort((a, b) => a - b);
    assert.deepEqual(
      seqs,
      Array.from({ length: 50 }, (_, i) => i + 4),
    );
  });

  test('have timestamps in the order of seq', async () => {
    const { driver, client, room } = await aConversation();
    for (let n = 0; n < 10; n += 1) await say(n % 2 ? driver : client, room);
    const { messages } = await inStep(driver, room);
    const byTime = Object.values(messages).sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
    assert.deepEqual(
      byTime.map(({ seq }) => seq),
      byTime.map((_, i) => i + 1),
    );
  });

  test('that are rejected are not mirrored', async () => {
    const { driver, room } = await aConversation({ initial_message: 'Bonjour' });
    const before = await inStep(driver, room);
    await driver.post('messages/', { chat_room_id: room.id, text: '' });
    await driver.post('messages/', { chat_room_id: room.id, message_type: 'system', text: 'Bonjour' });
    await say(driver, room, 'Une vraie');
    const after = await inStep(driver, room);
    assert.equal(Object.keys(after.messages).length, Object.keys(before.messages).length + 1);
  });
});

test('private state of one participant is not mirrored', async () => {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  await driver.post(`rooms/${room.id}/archive/`);
  await say(client, room);
  const tree = await inStep(driver, room);
  assert.doesNotMatch(JSON.stringify(tree), /archived|unread|phone|full_name/);
});

test('the whole tree can be rebuilt from PostgreSQL', async () => {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  await say(client, room);
  await inStep(driver, room);
  await sql('UPDATE chat_rooms SET mirrored_revision = 0 WHERE id = $1', [room.id]);
  await say(driver, room);
  const { metadata } = await inStep(driver, room);
  assert.equal(metadata.last_message_text, 'Bonjour');
  assert.equal(Object.keys((await mirroredRoom(room)).messages).length, 3);
});

describe('typing', () => {
  const typing = (room, person) => mirrored(`/chats/${room.id}/typing/${person.id}`);

  test('has an entry with the time until it ends', async () => {
    const { driver, client, room } = await aConversation();
    const { status, body } = await driver.post(`rooms/${room.id}/typing/`, { is_typing: true });
    assert.equal(status, 200);
    assert.deepEqual(body, { success: true });

    const entry = await eventually(async () => {
      const found = await typing(room, driver);
      assert.ok(found);
      return found;
    });
    assert.deepEqual(Object.keys(entry), ['timestamp']);
    assert.match(entry.timestamp, TIME);
    assert.ok(Math.abs(Date.now() - Date.parse(entry.timestamp)) < 10_000);
    assert.equal(await typing(room, client), null);

    await driver.post(`rooms/${room.id}/typing/`, { is_typing: false });
    await eventually(async () => assert.equal(await typing(room, driver), null));
  });

  test('is renewed by a repeat, at most once a second', async () => {
    const { driver, room } = await aConversation();
    await driver.post(`rooms/${room.id}/typing/`, { is_typing: true });
    const first = await eventually(async () => (await typing(room, driver)).timestamp);
    const second = await eventually(async () => {
      await driver.post(`rooms/${room.id}/typing/`, { is_typing: true });
      const { timestamp } = await typing(room, driver);
      assert.ok(timestamp > first);
      return timestamp;
    });
    assert.ok(Date.parse(second) - Date.parse(first) > 900, `${first}, ${second}`);
  });

  test('can end even if it has not started', async () => {
    const { client, room } = await aConversation();
    assert.equal((await client.post(`rooms/${room.id}/typing/`, { is_typing: false })).status, 200);
  });

  test('survives the mirror\'s write of a message', async () => {
    const { driver, client, room } = await aConversation();
    await driver.post(`rooms/${room.id}/typing/`, { is_typing: true });
    await eventually(async () => assert.ok(await typing(room, driver)));
    await say(client, room);
    await inStep(driver, room);
    assert.ok(await typing(room, driver));
  });
});

describe('the token for clients', () => {
  const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url'));

  test('is a custom token for the caller without further claims', async () => {
    const driver = await aDriver();
    const { status, body } = await driver.post('firebase_token/');
    assert.equal(status, 200);
    const [header, claims] = body.token.split('.').slice(0, 2).map(decoded);
    assert.equal(header.alg, 'RS256');
    assert.equal(claims.uid, driver.id);
    assert.equal(claims.iss, claims.sub);
    assert.match(claims.iss, /@.*\.iam\.gserviceaccount\.com$/);
    assert.equal(
      claims.aud,
      'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit',
    );
    assert.ok(claims.exp > claims.iat && claims.exp <= claims.iat + 3600);
    assert.ok(Math.abs(claims.iat - Date.now() / 1000) < 60);
    assert.deepEqual(Object.keys(claims).sort(), ['aud', 'exp', 'iat', 'iss', 'sub', 'uid']);
  });

  test('comes with its lifetime and the database URL', async () => {
    const { body } = await (await aDriver()).post('firebase_token/', {});
    const { exp, iat } = decoded(body.token.split('.')[1]);
    assert.equal(body.expires_in, exp - iat);
    assert.equal(body.database_url.replace(/\/$/, ''), FIREBASE_DATABASE_URL.replace(/\/$/, ''));
  });
});

test('a deactivated user loses access on a signed-in phone, and regains it once active', async (t) => {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  const phone = await aPhone(client);
  t.after(() => phone.close());
  await inStep(driver, room);
  const heard = phone.listen(room);
  await eventually(() => assert.equal(heard.added.length, 1));

  await sql('UPDATE users SET is_active = false WHERE id = $1', [client.id]);
  await eventually(() => assert.match(String(heard.error), /permission_denied/), WITHIN_A_MINUTE);
  await say(driver, room, 'Sans vous');
  await inStep(driver, room);
  assert.equal(heard.added.length, 1);
  await assert.rejects(phone.read(`chats/${room.id}/metadata/last_message_text`), /Permission denied/i);

  await sql('UPDATE users SET is_active = true WHERE id = $1', [client.id]);
  const read = () => phone.read(`chats/${room.id}/metadata/last_message_text`);
  assert.equal(await eventually(read, WITHIN_A_MINUTE), 'Sans vous');
});

test('firebase_path of the API is the room\'s path in Firebase', async () => {
  const { driver, room } = await aConversation({ initial_message: 'Bonjour' });
  const { firebase_path: path, last_message_text } = await seenBy(driver, room);
  await eventually(async () => assert.equal((await mirrored(path)).metadata.last_message_text, last_message_text));
});
