// Quick replies: what is offered to whom, in which language, and sending one by its key.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { address, api, call } from './support/api.mjs';
import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { mirroredRoom } from './support/firebase.mjs';
import { aClient, aConversation, aDriver, aMerchant, aRoom, anAdmin, seenBy } from './support/people.mjs';
import { platformToken } from './support/tokens.mjs';

const platform = () => api(`Bearer ${platformToken()}`);
const sendEvent = async (event, delivery) => {
  const response = await platform().post('events/', { event_id: randomUUID(), event, delivery_id: delivery.id });
  assert.equal(response.status, 201, response.text);
};

/** Returns the quick replies that the viewer is offered, in the language of the header. */
async function offered(viewer, room, language) {
  const headers = { authorization: `Bearer ${viewer.token}`, ...(language && { 'accept-language': language }) };
  const { status, body } = await call('GET', address(`rooms/${room.id}/quick_replies/`), { headers });
  assert.equal(status, 200);
  return body;
}

const send = (sender, room, key, extra = {}) =>
  sender.post('messages/', { chat_room_id: room.id, quick_reply_key: key, ...extra });

describe('quick replies', () => {
  test('follow the delivery, differently for each side', async () => {
    const { driver, client, delivery, room } = await aConversation();
    assert.equal((await offered(driver, room)).event, null);
    const seen = new Set();
    for (const event of ['assigned', 'picked_up', 'arriving', 'delivered']) {
      await sendEvent(event, delivery);
      for (const viewer of [driver, client]) {
        const { results, ...rest } = await offered(viewer, room);
        assert.deepEqual(rest, { language: 'fr', event });
        assert.ok(results.length > 0);
        seen.add(JSON.stringify(results));
      }
    }
    assert.equal(seen.size, 8);
  });

  test('differ between clients, merchants and support', async () => {
    const driver = await aDriver();
    const first = async (viewer, room) => (await offered(viewer, room)).results[0].key.split('_')[0];
    for (const [other, type] of [
      [await aClient(), 'client'],
      [await aMerchant(), 'merchant'],
      [await anAdmin(), 'admin'],
    ]) {
      const room = await aRoom(driver, other);
      assert.equal(await first(other, room), type);
      assert.equal(await first(driver, room), 'driver');
    }
  });

  test('are in the language that the client accepts, and are sent in it', async () => {
    const { driver, client, delivery, room } = await aConversation();
    await sendEvent('arriving', delivery);
    const english = await offered(driver, room, 'de, en-GB;q=0.9, fr;q=0.8');
    assert.equal(english.language, 'en');
    const [{ key, text }] = english.results;
    const headers = { authorization: `Bearer ${driver.token}`, 'accept-language': 'en', 'content-type': 'application/json' };
    const payload = JSON.stringify({ chat_room_id: room.id, quick_reply_key: key });
    const sent = await call('POST', address('messages/'), { headers, payload });
    assert.equal(sent.status, 201);
    assert.equal(sent.body.text, text);
    assert.equal((await seenBy(client, room)).last_message_text, text);
    await eventually(async () => assert.equal((await mirroredRoom(room)).messages[sent.body.id].text, text));
  });

  test('are not listed for strangers, and are empty in a closed room', async () => {
    const { driver, room } = await aConversation();
    const stranger = await aDriver();
    for (const id of [room.id, randomUUID(), 'x']) {
      assert.equal((await stranger.get(`rooms/${id}/quick_replies/`)).status, 404);
    }
    assert.ok((await offered(driver, room)).results.length > 0);
    await sql('UPDATE chat_rooms SET closes_at = now() WHERE id = $1', [room.id]);
    assert.deepEqual((await offered(driver, room)).results, []);
  });
});

describe('a quick reply', () => {
  test('is sent once for each client_message_id', async () => {
    const { driver, room } = await aConversation();
    const client_message_id = randomUUID();
    const responses = await Promise.all(
      Array.from({ length: 5 }, () => send(driver, room, 'driver_outside', { client_message_id })),
    );
    assert.deepEqual(responses.map(({ status }) => status).sort(), [200, 200, 200, 200, 201]);
    assert.equal(new Set(responses.map(({ body }) => body.id)).size, 1);
  });

  test('with an unknown key, another role’s key, or a text besides it returns 400 and names the field', async () => {
    const { driver, room } = await aConversation();
    for (const [key, extra] of [
      ['nothing', {}],
      ['client_coming', {}],
      ['driver_outside', { text: 'Oui' }],
      [7, {}],
    ]) {
      const { status, body } = await send(driver, room, key, extra);
      assert.equal(status, 400);
      assert.deepEqual(Object.keys(body), ['quick_reply_key']);
    }
  });

  test('in another’s room is 404, before the key is looked at', async () => {
    const { room } = await aConversation();
    assert.equal((await send(await aDriver(), room, 'nothing')).status, 404);
  });
});
