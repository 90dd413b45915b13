// Rules 13 and 24 of docs/api-guide.md, and both endpoints that mark messages as read.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { aClient, aConversation, aRoom, say, seenBy } from './support/people.mjs';

const mark = async (viewer, body) => {
  const { status, body: response } = await viewer.post('messages/mark_as_read/', body);
  assert.equal(status, 200);
  assert.deepEqual(response, {
    success: true,
    count: response.count,
    message: `${response.count} message(s) marqué(s) comme lu(s)`,
  });
  return response.count;
};
const unread = async (viewer, room) => (await seenBy(viewer, room)).unread_count;
const history = async (viewer, room) =>
  (await viewer.get('messages/', { chat_room_id: room.id, ordering: 'created_at', page_size: 100 })).body.results;

/** Creates a conversation with three messages of the driver and one of the client. */
async function fourMessages() {
  const conversation = await aConversation();
  const { driver, client, room } = conversation;
  const received = [];
  for (let i = 0; i < 3; i += 1) received.push((await say(driver, room)).id);
  const own = (await say(client, room)).id;
  return { ...conversation, received, own };
}

test('each message adds one to the recipient’s unread count, and none to the sender’s', async () => {
  const { driver, client, room } = await fourMessages();
  assert.equal(await unread(client, room), 3);
  assert.equal(await unread(driver, room), 1);
});

describe('marking a room as read', () => {
  test('returns the response of the API guide', async () => {
    const { client, room } = await fourMessages();
    const { status, body } = await client.post(`rooms/${room.id}/mark_as_read/`);
    assert.equal(status, 200);
    assert.deepEqual(body, { success: true, message: 'Conversation marquée comme lue' });
  });

  test('marks the received messages only', async () => {
    const { driver, client, room, received } = await fourMessages();
    await client.post(`rooms/${room.id}/mark_as_read/`);
    assert.equal(await unread(client, room), 0);
    assert.equal(await unread(driver, room), 1);
    for (const message of await history(driver, room)) {
      assert.equal(message.is_read, received.includes(message.id));
      assert.equal(message.read_at !== null, message.is_read);
    }
  });

  test('can be repeated, and needs no body', async () => {
    const { client, room } = await fourMessages();
    for (const body of [undefined, {}, undefined]) {
      assert.equal((await client.post(`rooms/${room.id}/mark_as_read/`, body)).status, 200);
    }
    assert.equal(await unread(client, room), 0);
  });

  test('leaves later messages unread', async () => {
    const { driver, client, room } = await fourMessages();
    await client.post(`rooms/${room.id}/mark_as_read/`);
    await say(driver, room);
    assert.equal(await unread(client, room), 1);
  });
});

describe('marking all messages of a room', () => {
  test('returns the number of newly read messages', async () => {
    const { driver, client, room } = await fourMessages();
    assert.equal(await mark(client, { chat_room_id: room.id }), 3);
    assert.equal(await mark(client, { chat_room_id: room.id }), 0);
    assert.equal(await mark(driver, { chat_room_id: room.id }), 1);
    assert.equal(await unread(client, room), 0);
  });

  test('covers more than one page', async () => {
    const { driver, client, room } = await aConversation();
    for (let i = 0; i < 30; i += 1) await say(driver, room);
    assert.equal(await mark(client, { chat_room_id: room.id }), 30);
  });
});

describe('marking messages by id', () => {
  test('marks only these messages', async () => {
    const { client, room, received } = await fourMessages();
    assert.equal(await mark(client, { message_ids: received.slice(0, 2) }), 2);
    assert.equal(await unread(client, room), 1);
    assert.deepEqual(
      (await history(client, room)).map(({ is_read }) => is_read),
      [true, true, false, false],
    );
  });

  test('counts each message once, even if it is repeated or already read', async () => {
    const { client, room, received } = await fourMessages();
    const [first] = received;
    assert.equal(await mark(client, { message_ids: [first, first, first.toUpperCase()] }), 1);
    assert.equal(await mark(client, { message_ids: [first] }), 0);
    assert.equal(await unread(client, room), 2);
  });

  test('does not change the time at which a message was first read', async () => {
    const { client, room, received } = await fourMessages();
    await mark(client, { message_ids: [received[0]] });
    const [{ read_at }] = await history(client, room);
    await mark(client, { message_ids: received });
    assert.equal((await history(client, room))[0].read_at, read_at);
  });

  test('covers several rooms at once', async () => {
    const { driver, client, room, received } = await fourMessages();
    const second = await aRoom(driver, client);
    const elsewhere = await say(driver, second);
    assert.equal(await mark(client, { message_ids: [...received, elsewhere.id] }), 4);
    assert.equal(await unread(client, room), 0);
    assert.equal(await unread(client, second), 0);
  });

  test('ignores foreign and unknown messages and the caller’s own', async () => {
    const { driver, client, room, received, own } = await fourMessages();
    const foreign = await aConversation({ initial_message: 'Bonjour' });
    const [message] = await history(foreign.client, foreign.room);

    assert.equal(await mark(client, { message_ids: [message.id, randomUUID(), own, received[2]] }), 1);
    assert.equal(await mark(await aClient(), { message_ids: received }), 0);
    assert.equal(await unread(foreign.client, foreign.room), 1);
    assert.equal(await unread(driver, room), 1);
  });

  test('ignores chat_room_id if message_ids is present', async () => {
    const { client, room, received } = await fourMessages();
    assert.equal(await mark(client, { message_ids: [received[0]], chat_room_id: room.id }), 1);
    assert.equal(await unread(client, room), 2);
  });

  test('accepts 1000 ids and rejects 1001', async () => {
    const { client, received } = await fourMessages();
    const unknown = Array.from({ length: 999 }, () => randomUUID());
    assert.equal(await mark(client, { message_ids: [received[0], ...unknown] }), 1);
    const { status, body } = await client.post('messages/mark_as_read/', {
      message_ids: [received[1], randomUUID(), ...unknown],
    });
    assert.equal(status, 400);
    assert.deepEqual(Object.keys(body), ['message_ids']);
  });
});

describe('an invalid body returns 400', () => {
  test('if it has neither field', async () => {
    const { client } = await fourMessages();
    for (const body of [{}, undefined, { ids: [] }]) {
      assert.equal((await client.post('messages/mark_as_read/', body)).status, 400);
    }
  });

  test('and names each field of the wrong type', async () => {
    const { client, received } = await fourMessages();
    for (const message_ids of ['x', 1, true, {}, [1], ['x'], [received[0], 'x'], [[received[0]]]]) {
      const { status, body } = await client.post('messages/mark_as_read/', { message_ids });
      assert.equal(status, 400, JSON.stringify(message_ids));
      assert.deepEqual(Object.keys(body), ['message_ids']);
    }
    for (const chat_room_id of ['x', 1, true, [], {}]) {
      const { status, body } = await client.post('messages/mark_as_read/', { chat_room_id });
      assert.equal(status, 400, JSON.stringify(chat_room_id));
      assert.deepEqual(Object.keys(body), ['chat_room_id']);
    }
    const both = await client.post('messages/mark_as_read/', { message_ids: 'x', chat_room_id: 'x' });
    assert.deepEqual(Object.keys(both.body).sort(), ['chat_room_id', 'message_ids']);
  });

  test('and names a bad id by its place in the list', async () => {
    const { client, received } = await fourMessages();
    const { body } = await client.post('messages/mark_as_read/', { message_ids: [received[0], 'x', null] });
    assert.deepEqual(body, {
      message_ids: { 1: ['Doit être un UUID valide.'], 2: ['Ce champ ne peut être nul.'] },
    });
  });

  test('and marks nothing', async () => {
    const { client, room, received } = await fourMessages();
    await client.post('messages/mark_as_read/', { message_ids: [...received, 'x'] });
    assert.equal(await unread(client, room), 3);
  });
});
