// Rule 25 of docs/api-guide.md: sending is idempotent. concurrency.test.mjs has concurrent repeats.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { aConversation, aRoom, say, seenBy } from './support/people.mjs';

test('a repeat returns 200 with the first message, and changes nothing', async () => {
  const { driver, client, room } = await aConversation();
  const client_message_id = randomUUID();
  const first = await say(driver, room, 'Bonjour', { client_message_id });
  await say(driver, room, 'Une autre');
  const before = await seenBy(client, room);

  for (const text of ['Bonjour', 'Un autre texte']) {
    const repeat = await driver.post('messages/', { chat_room_id: room.id, text, client_message_id });
    assert.equal(repeat.status, 200);
    assert.deepEqual(repeat.body, first);
  }
  assert.deepEqual(await seenBy(client, room), before);
  assert.equal((await driver.get('messages/', { chat_room_id: room.id })).body.count, 2);
});

test('a repeat shows that the first message was read meanwhile', async () => {
  const { driver, client, room } = await aConversation();
  const client_message_id = randomUUID();
  await say(driver, room, 'Bonjour', { client_message_id });
  await client.post(`rooms/${room.id}/mark_as_read/`);
  const repeat = await driver.post('messages/', { chat_room_id: room.id, text: 'Bonjour', client_message_id });
  assert.equal(repeat.body.is_read, true);
  assert.equal((await seenBy(client, room)).unread_count, 0);
});

test('a client_message_id is unique per sender and room only', async () => {
  const { driver, client, room } = await aConversation();
  const elsewhere = await aRoom(driver, client);
  const client_message_id = randomUUID();
  const sent = [
    await say(driver, room, 'Bonjour', { client_message_id }),
    await say(client, room, 'Bonjour', { client_message_id }),
    await say(driver, elsewhere, 'Bonjour', { client_message_id }),
  ];
  assert.equal(new Set(sent.map(({ id }) => id)).size, 3);
});

test('a client_message_id is not case-sensitive', async () => {
  const { driver, room } = await aConversation();
  const client_message_id = randomUUID();
  const first = await say(driver, room, 'Bonjour', { client_message_id });
  const repeat = await driver.post('messages/', {
    chat_room_id: room.id,
    text: 'Bonjour',
    client_message_id: client_message_id.toUpperCase(),
  });
  assert.equal(repeat.status, 200);
  assert.equal(repeat.body.id, first.id);
});

test('a client_message_id must be a UUID', async () => {
  const { driver, room } = await aConversation();
  for (const client_message_id of ['1', 1, true, [], {}]) {
    const { status, body } = await driver.post('messages/', {
      chat_room_id: room.id,
      text: 'Bonjour',
      client_message_id,
    });
    assert.equal(status, 400);
    assert.deepEqual(body, { client_message_id: ['Doit être un UUID valide.'] });
  }
});
