// Messages in the platform's own words: where they arrive, repeats, and pushes.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { api } from './support/api.mjs';
import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { aDevice, pushesTo } from './support/fcm.mjs';
import { mirroredRoom } from './support/firebase.mjs';
import { aConversation, aDelivery, aMerchant, anAdmin, aRoom, say, seenBy } from './support/people.mjs';
import { platformToken } from './support/tokens.mjs';

const TEXT = 'Le point de retrait a changé.';
const platform = () => api(`Bearer ${platformToken()}`);
const body = (extra) => ({ message_id: randomUUID(), text: TEXT, ...extra });
const post = (message) => platform().post('platform_messages/', message);

describe('a message of the platform', () => {
  test('arrives in the rooms of its delivery, unread for both sides, and in Firebase', async () => {
    const { driver, client, delivery, room } = await aConversation();
    const merchant = await aMerchant();
    await sql('UPDATE deliveries SET merchant_id = $1 WHERE id = $2', [merchant.id, delivery.id]);
    const second = await aRoom(driver, merchant, { delivery_id: delivery.id });
    const message = body({ delivery_id: delivery.id });
    const { status, body: posted } = await post(message);
    assert.equal(status, 201);
    assert.deepEqual(posted, { message_id: message.message_id, rooms: [room.id, second.id].sort() });
    for (const [viewer, its] of [
      [driver, room],
      [client, room],
      [merchant, second],
    ]) {
      const seen = await seenBy(viewer, its);
      assert.deepEqual([seen.unread_count, seen.last_message_text], [1, TEXT]);
      const [stored] = (await viewer.get('messages/', { chat_room_id: its.id })).body.results;
      assert.deepEqual([stored.sender, stored.message_type, stored.text], [null, 'system', TEXT]);
      await eventually(async () => assert.equal((await mirroredRoom(its)).messages[stored.id].text, TEXT));
    }
  });

  test('is pushed to both sides unless it says otherwise', async () => {
    const { driver, client, delivery, room } = await aConversation();
    const phones = [await aDevice(driver), await aDevice(client)];
    assert.equal((await post(body({ chat_room_id: room.id, text: 'en silence', push: false }))).status, 201);
    assert.equal((await post(body({ chat_room_id: room.id }))).status, 201);
    for (const phone of phones) {
      await eventually(async () => {
        const pushes = await pushesTo(phone);
        assert.deepEqual(
          pushes.map(({ notification }) => notification),
          [{ title: `Livraison ${delivery.tracking_number}`, body: TEXT }],
        );
      });
    }
    assert.equal((await seenBy(client, room)).unread_count, 2);
  });

  test('is stored once however often it is sent at the same time', async () => {
    const { client, room } = await aConversation();
    const message = body({ chat_room_id: room.id });
    const responses = await Promise.all(Array.from({ length: 20 }, () => post(message)));
    assert.equal(responses.filter(({ status }) => status === 201).length, 1);
    assert.equal(responses.filter(({ status }) => status === 200).length, 19);
    for (const response of responses) assert.deepEqual(response.body.rooms, [room.id]);
    assert.equal((await seenBy(client, room)).unread_count, 1);
  });

  test('with the id of another message returns 400', async () => {
    const { delivery, room } = await aConversation();
    const message = body({ chat_room_id: room.id });
    assert.equal((await post(message)).status, 201);
    const { chat_room_id: _, ...rest } = message;
    for (const other of [
      { ...message, text: 'Autre chose' },
      { ...message, push: false },
      { ...rest, delivery_id: delivery.id },
    ]) {
      const { status, body: errors } = await post(other);
      assert.equal(status, 400);
      assert.deepEqual(Object.keys(errors), ['message_id']);
    }
    assert.equal((await post({ ...message, text: ` ${TEXT} ` })).status, 200, 'the same text once trimmed');
  });

  test('cannot be sent into a closed room, and skips it if it is for a delivery', async () => {
    const { delivery, room } = await aConversation();
    await sql('UPDATE chat_rooms SET closes_at = now() WHERE id = $1', [room.id]);
    const closed = await post(body({ chat_room_id: room.id }));
    assert.equal(closed.status, 400);
    assert.deepEqual(closed.body, { chat_room_id: ['Cette conversation est fermée.'] });
    const skipped = await post(body({ delivery_id: delivery.id }));
    assert.deepEqual([skipped.status, skipped.body.rooms], [201, []]);
  });

  test('names every bad field, and the missing addressee', async () => {
    const none = await post({ text: '\u200b', push: 1 });
    assert.equal(none.status, 400);
    assert.deepEqual(Object.keys(none.body).sort(), ['message_id', 'non_field_errors', 'push', 'text']);
    const delivery = await aDelivery({});
    const both = await post(body({ delivery_id: delivery.id, chat_room_id: randomUUID() }));
    assert.deepEqual([both.status, Object.keys(both.body)], [400, ['non_field_errors']]);
    for (const name of ['delivery_id', 'chat_room_id']) {
      const unknown = await post(body({ [name]: randomUUID() }));
      assert.deepEqual([unknown.status, Object.keys(unknown.body)], [400, [name]]);
    }
  });

  test('cannot be sent with a user’s token, not even an admin’s', async () => {
    const { driver, room } = await aConversation();
    for (const user of [driver, await anAdmin()]) {
      const { status, body: error } = await user.post('platform_messages/', body({ chat_room_id: room.id }));
      assert.deepEqual([status, error.code], [401, 'token_not_valid']);
    }
    assert.equal((await platform().post('messages/', { chat_room_id: room.id, text: 'x' })).status, 401);
    const message = await say(driver, room);
    assert.equal(message.seq, 1);
  });
});
