// Rules 4, 14 and 15 of docs/api-guide.md, and its sections "Detail", "Archive" and "Unread count".

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { sql } from './support/database.mjs';
import { aClient, aConversation, aDriver, aRoom, anAdmin, say, seenBy } from './support/people.mjs';

const listedIds = async (viewer, query) => (await viewer.get('rooms/', query)).body.results.map(({ id }) => id);

describe('the detail of a room', () => {
  test('shows each participant the other one, and the driver to both', async () => {
    const { driver, client, room } = await aConversation();
    const [asDriver, asClient] = [await seenBy(driver, room), await seenBy(client, room)];
    assert.equal(asDriver.other_participant.id, client.id);
    assert.equal(asClient.other_participant.id, driver.id);
    assert.deepEqual(asClient.driver, asClient.other_participant);
    assert.deepEqual(asClient.driver, asDriver.driver);
  });

  test('is the same as the response to its creation', async () => {
    const { driver, room } = await aConversation({ initial_message: 'Bonjour' });
    assert.deepEqual(await seenBy(driver, room), room);
  });

  test('is also returned for an archived or inactive room', async () => {
    const { driver, room } = await aConversation();
    await driver.post(`rooms/${room.id}/archive/`);
    await sql('UPDATE chat_rooms SET is_active = false WHERE id = $1', [room.id]);
    const seen = await seenBy(driver, room);
    assert.equal(seen.is_archived, true);
    assert.equal(seen.is_active, false);
  });

  test('shows a name that has changed on the platform', async () => {
    const { driver, client, room } = await aConversation();
    await sql('UPDATE users SET full_name = $2 WHERE id = $1', [client.id, 'Jeanne Dupont']);
    assert.equal((await seenBy(driver, room)).other_participant.full_name, 'Jeanne Dupont');
  });
});

describe('archiving', () => {
  test('returns the new state of the room', async () => {
    const { driver, room } = await aConversation();
    const archived = await driver.post(`rooms/${room.id}/archive/`, { archive: true });
    assert.equal(archived.status, 200);
    assert.equal(archived.body.is_archived, true);
    assert.equal((await seenBy(driver, room)).is_archived, true);

    const unarchived = await driver.post(`rooms/${room.id}/archive/`, { archive: false });
    assert.equal(unarchived.status, 200);
    assert.equal(unarchived.body.is_archived, false);
    assert.equal((await seenBy(driver, room)).is_archived, false);
  });

  test('can be repeated', async () => {
    const { driver, room } = await aConversation();
    for (const archive of [true, true, false, false]) {
      const { body } = await driver.post(`rooms/${room.id}/archive/`, { archive });
      assert.equal(body.is_archived, archive);
    }
  });

  test('is the default if `archive` or the whole body is missing', async () => {
    for (const body of [{}, undefined, { reason: 'terminé' }]) {
      const { driver, room } = await aConversation();
      assert.equal((await driver.post(`rooms/${room.id}/archive/`, body)).body.is_archived, true);
    }
  });

  test('affects the caller only', async () => {
    const { driver, client, room } = await aConversation();
    await driver.post(`rooms/${room.id}/archive/`);
    assert.deepEqual(await listedIds(driver), []);
    assert.deepEqual(await listedIds(client), [room.id]);
    assert.equal((await seenBy(client, room)).is_archived, false);
  });

  test('is not undone by a new message, from either participant', async () => {
    const { driver, client, room } = await aConversation();
    await driver.post(`rooms/${room.id}/archive/`);
    await say(client, room);
    await say(driver, room);
    assert.equal((await seenBy(driver, room)).is_archived, true);
    assert.deepEqual(await listedIds(driver, { include_archived: 'true' }), [room.id]);
  });

  test('with a value that is not a boolean returns 400', async () => {
    const { driver, room } = await aConversation();
    for (const archive of ['oui', 'true', 1, 0, null, [], {}]) {
      const { status, body } = await driver.post(`rooms/${room.id}/archive/`, { archive });
      assert.equal(status, 400, JSON.stringify(archive));
      assert.deepEqual(Object.keys(body), ['archive']);
    }
    assert.equal((await seenBy(driver, room)).is_archived, false);
  });
});

describe('rows that the platform has deleted are null', () => {
  test('for the other participant and the delivery', async () => {
    const { driver, client, delivery, room } = await aConversation({ initial_message: 'Bonjour' });
    await say(client, room, 'Bonjour Kouamé');
    await sql('DELETE FROM users WHERE id = $1', [client.id]);
    await sql('DELETE FROM deliveries WHERE id = $1', [delivery.id]);
    const detail = await seenBy(driver, room);
    const [summary] = (await driver.get('rooms/')).body.results;
    for (const seen of [detail, summary]) {
      assert.equal(seen.other_participant, null);
      assert.equal(seen.delivery_info, null);
    }
    assert.equal(detail.driver.id, driver.id);
    const { results } = (await driver.get('messages/', { chat_room_id: room.id })).body;
    assert.deepEqual(
      results.map(({ sender }) => sender?.id ?? null),
      [null, driver.id],
    );
    const found = (await driver.get('messages/search/', { q: 'bonjour' })).body.results;
    assert.deepEqual(
      found.map(({ sender }) => sender?.id ?? null),
      [null, driver.id],
    );
    assert.equal((await driver.post(`rooms/${room.id}/mark_as_read/`)).status, 200);
    await say(driver, room);
  });

  test('for the driver', async () => {
    const { driver, client, room } = await aConversation();
    await sql('DELETE FROM users WHERE id = $1', [driver.id]);
    const detail = await seenBy(client, room);
    assert.equal(detail.driver, null);
    assert.equal(detail.other_participant, null);
  });
});

describe('the total of unread messages', () => {
  const unread = async (viewer) => (await viewer.get('rooms/unread_count/')).body.unread_count;

  test('is 0 for a user without conversations', async () => {
    assert.equal(await unread(await aDriver()), 0);
  });

  test('is the sum over all rooms, including archived ones', async () => {
    const driver = await aDriver();
    for (const count of [1, 2]) {
      const client = await aClient();
      const room = await aRoom(driver, client);
      for (let i = 0; i < count; i += 1) await say(client, room);
      if (count === 2) await driver.post(`rooms/${room.id}/archive/`);
    }
    assert.equal(await unread(driver), 3);
  });

  test('excludes the caller’s own messages', async () => {
    const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
    await say(driver, room);
    assert.equal(await unread(driver), 0);
    assert.equal(await unread(client), 2);
  });
});

describe('another user’s room returns the same 404 as an unknown room', () => {
  const calls = {
    'detail': (who, id) => who.get(`rooms/${id}/`),
    'history': (who, id) => who.get('messages/', { chat_room_id: id }),
    'backfill': (who, id) => who.get('messages/', { chat_room_id: id, after_seq: 0 }),
    'a page of the history': (who, id) => who.get('messages/', { chat_room_id: id, page: 7 }),
    'sending': (who, id) => who.post('messages/', { chat_room_id: id, text: 'Bonjour' }),
    'marking the room read': (who, id) => who.post(`rooms/${id}/mark_as_read/`),
    'marking its messages read': (who, id) => who.post('messages/mark_as_read/', { chat_room_id: id }),
    'archiving': (who, id) => who.post(`rooms/${id}/archive/`, { archive: true }),
    'typing': (who, id) => who.post(`rooms/${id}/typing/`, { is_typing: true }),
  };
  for (const [name, call] of Object.entries(calls)) {
    test(name, async () => {
      const { client, room } = await aConversation({ initial_message: 'Bonjour' });
      for (const stranger of [await aDriver(), await aClient(), await anAdmin()]) {
        const [foreign, unknown] = [await call(stranger, room.id), await call(stranger, randomUUID())];
        assert.equal(foreign.status, 404, stranger.user_type);
        assert.deepEqual([unknown.status, unknown.text], [404, foreign.text]);
      }
      assert.deepEqual((await seenBy(client, room)).unread_count, 1);
    });
  }

  test('an id in the path that is not a UUID returns 404', async () => {
    const driver = await aDriver();
    for (const id of ['1', 'abc', `${randomUUID()}0`, '%00', "'", 'a%2Fb', 'é', '%F0%9F%93%B7', '{room_id}']) {
      assert.equal((await driver.get(`rooms/${id}/`)).status, 404, id);
      assert.equal((await driver.post(`rooms/${id}/archive/`, {})).status, 404, id);
      assert.equal((await driver.post(`rooms/${id}/mark_as_read/`)).status, 404, id);
      assert.equal((await driver.post(`rooms/${id}/typing/`, { is_typing: true })).status, 404, id);
    }
  });

  test('an id in the path is not case-sensitive', async () => {
    const { driver, room } = await aConversation();
    assert.equal((await seenBy(driver, { id: room.id.toUpperCase() })).id, room.id);
  });
});
