// Reports and blocks from outside: docs/trust.md.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { aConversation, aDelivery, aDriver, anAdmin, say, seenBy } from './support/people.mjs';
import { platformToken } from './support/tokens.mjs';
import { api } from './support/api.mjs';

const REJECTED = { detail: 'Vous ne pouvez pas écrire à cette personne.' };

const rejected = ({ status, body }) => assert.deepEqual([status, body], [403, REJECTED]);

describe('a blocked user', () => {
  test('can read but neither send, type, upload nor open a room, until unblocked', async () => {
    const { driver, client, room } = await aConversation();
    await say(client, room);
    assert.equal((await client.put(`blocks/${driver.id}/`)).status, 201);
    assert.equal((await client.put(`blocks/${driver.id}/`)).status, 200);

    const send = () => driver.post('messages/', { chat_room_id: room.id, text: 'Bonjour' });
    rejected(await send());
    rejected(await driver.post(`rooms/${room.id}/typing/`, { is_typing: true }));
    rejected(await driver.post('uploads/', { chat_room_id: room.id }));
    const delivery = await aDelivery({ driver, client });
    for (const [one, other] of [[driver, client], [client, driver]]) {
      const body = { room_type: 'delivery', other_user_id: other.id, delivery_id: delivery.id };
      rejected(await one.post('rooms/', body));
    }

    const { body: history } = await driver.get('messages/', { chat_room_id: room.id });
    assert.equal(history.count, 1);
    assert.equal((await driver.post(`rooms/${room.id}/mark_as_read/`)).status, 200);
    await say(client, room, 'Le bloqueur peut écrire');
    assert.deepEqual(
      [(await seenBy(client, room)).is_blocked, (await seenBy(driver, room)).is_blocked],
      [true, false],
    );
    const { body: blocks } = await client.get('blocks/');
    assert.deepEqual(blocks.results.map(({ user_id }) => user_id), [driver.id]);

    assert.equal((await client.delete(`blocks/${driver.id}/`)).status, 204);
    assert.equal((await send()).status, 201);
  });

  test('gets a room by the event of the platform', async () => {
    const { driver, client } = await aConversation();
    await client.put(`blocks/${driver.id}/`);
    const delivery = await aDelivery({ driver, client });
    const event = { event_id: randomUUID(), event: 'assigned', delivery_id: delivery.id };
    const { status, body } = await api(`Bearer ${platformToken()}`).post('events/', event);
    assert.deepEqual([status, body.rooms.length], [201, 1]);
    rejected(await driver.post('messages/', { chat_room_id: body.rooms[0], text: 'Bonjour' }));
  });
});

describe('a report', () => {
  test('reaches the admins with the message, and is handled', async () => {
    const { driver, client, room } = await aConversation();
    const [admin, stranger] = await Promise.all([anAdmin(), aDriver()]);
    const message = await say(client, room, 'Je sais où tu habites');
    const report = (user) => user.post(`messages/${message.id}/report/`, { reason: 'harassment', comment: 'Menace' });
    assert.equal((await report(stranger)).status, 404);
    assert.equal((await report(client)).status, 400);
    const { status, body: made } = await report(driver);
    assert.equal(status, 201);
    assert.deepEqual(await report(driver).then(({ status, body }) => [status, body]), [200, made]);

    const find = async (query) => {
      const { body } = await admin.get('reports/', { ...query, page: 'last', page_size: 100 });
      return body.results.find(({ id }) => id === made.id);
    };
    const open = await find({ status: 'open' });
    assert.equal(open.snapshot.text, 'Je sais où tu habites');
    assert.deepEqual([open.reporter.id, open.reported.id], [driver.id, client.id]);

    const decision = { status: 'resolved', note: 'Client averti' };
    assert.equal((await driver.patch(`reports/${made.id}/`, decision)).status, 403);
    assert.equal((await admin.patch(`reports/${made.id}/`, decision)).status, 200);
    assert.equal(await find({ status: 'open' }), undefined);
    const resolved = await find({ status: 'resolved' });
    assert.deepEqual([resolved.handled_by.id, resolved.note], [admin.id, 'Client averti']);
  });
});
