// A driver calls a customer who does not respond: the conditions, the push, the answer, and the end of the time.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';

import { api } from './support/api.mjs';
import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { aDevice, pushesTo } from './support/fcm.mjs';
import { mirroredRoom } from './support/firebase.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { aConversation, aDriver, aMerchant, aRoom, say, seenBy } from './support/people.mjs';
import { DATABASE_URL, JWT_SECRET } from './support/settings.mjs';
import { platformToken } from './support/tokens.mjs';

const parts = ownParts('unreachable');
const CALL = 'Le livreur est arrivé et ne parvient pas à joindre le destinataire. Merci de répondre dans les 5 minutes.';

const sendEvent = async (event, delivery) => {
  const body = { event_id: randomUUID(), event, delivery_id: delivery.id };
  assert.equal((await api(`Bearer ${platformToken()}`).post('events/', body)).status, 201);
};
const callIn = (viewer, room) => viewer.post(`rooms/${room.id}/unreachable/`);
const ago = (message, seconds) =>
  sql('UPDATE chat_messages SET created_at = now() - make_interval(secs => $1) WHERE id = $2', [seconds, message.id]);
const theCall = async (room) =>
  (await sql('SELECT outcome, messages, push_devices FROM chat_unreachable_calls WHERE chat_room_id = $1', [room.id]))[0];

/** Creates a conversation in which the driver has arrived, and has waited for an answer for over two minutes. */
async function waiting() {
  const conversation = await aConversation();
  await sendEvent('arriving', conversation.delivery);
  const said = await say(conversation.driver, conversation.room, 'Je suis devant chez vous');
  await ago(said, 121);
  return { ...conversation, said };
}

/** Returns quiet hours around the present. */
function quietNow() {
  const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
  return { push_enabled: true, quiet_from: at(-30), quiet_to: at(30), time_zone: 'UTC' };
}

describe('a call', () => {
  test('reaches a customer in quiet hours who has muted the room, and shows in the detail and in Firebase', async () => {
    const { driver, client, delivery, room } = await waiting();
    const [phone, own] = [await aDevice(client), await aDevice(driver)];
    assert.equal((await client.put('notification_settings/', quietNow())).status, 200);
    assert.equal((await client.post(`rooms/${room.id}/mute/`)).status, 200);
    const unread = (await seenBy(driver, room)).unread_count;

    const called = await callIn(driver, room);
    assert.equal(called.status, 200);
    const { unreachable_until } = called.body;
    const left = Date.parse(unreachable_until) - Date.now();
    assert.ok(left > 290_000 && left <= 300_000, `${left} ms`);
    for (const viewer of [driver, client]) {
      const seen = await seenBy(viewer, room);
      assert.deepEqual([seen.unreachable_until, seen.last_message_text], [unreachable_until, CALL]);
    }
    assert.equal((await seenBy(driver, room)).unread_count, unread, 'the driver has caused it');
    await eventually(async () => {
      const [push, ...more] = await pushesTo(phone);
      assert.deepEqual(push?.notification, { title: `Livraison ${delivery.tracking_number}`, body: CALL });
      assert.equal(push.data.urgent, 'true');
      assert.deepEqual(more, []);
    });
    await eventually(async () =>
      assert.equal((await mirroredRoom(room)).metadata.unreachable_until, unreachable_until),
    );
    assert.deepEqual(await pushesTo(own), []);

    const again = await callIn(driver, room);
    assert.deepEqual([again.status, again.body], [200, called.body]);
    await say(driver, room, 'Vous êtes là ?');
    assert.equal((await pushesTo(phone)).length, 1, 'only the call is urgent');
  });

  test('does not reach a customer who has turned off pushes altogether', async () => {
    const { driver, client, room } = await waiting();
    const phone = await aDevice(client);
    await client.put('notification_settings/', { push_enabled: false });
    assert.equal((await callIn(driver, room)).status, 200);
    await client.put('notification_settings/', { push_enabled: true });
    const next = await say(driver, room, 'La suite');
    await eventually(async () => assert.equal((await pushesTo(phone)).at(-1)?.data.message_id, next.id));
    assert.equal((await pushesTo(phone)).length, 1);
  });

  test('is made once by concurrent requests', async () => {
    const { driver, client, room } = await waiting();
    const { unread_count } = await seenBy(client, room);
    const calls = await Promise.all(Array.from({ length: 10 }, () => callIn(driver, room)));
    for (const { status, body } of calls) assert.deepEqual([status, body], [200, calls[0].body]);
    assert.equal((await seenBy(client, room)).unread_count, unread_count + 1);
  });

  test('ends with any message of the customer, and not with the driver’s', async () => {
    for (const answer of [
      { text: 'J’arrive' },
      { quick_reply_key: 'client_coming' },
      { message_type: 'location', latitude: 5.3, longitude: -4 },
    ]) {
      const { driver, client, room } = await waiting();
      const { body: called } = await callIn(driver, room);
      await say(driver, room, 'Vous êtes là ?');
      assert.equal((await seenBy(driver, room)).unreachable_until, called.unreachable_until);
      await eventually(async () => assert.ok((await mirroredRoom(room)).metadata.unreachable_until));
      assert.equal((await client.post('messages/', { chat_room_id: room.id, ...answer })).status, 201);
      assert.equal((await seenBy(driver, room)).unreachable_until, null);
      await eventually(async () => assert.equal('unreachable_until' in (await mirroredRoom(room)).metadata, false));
    }
  });

  test('ends with the delivery', async () => {
    const { driver, delivery, room } = await waiting();
    await callIn(driver, room);
    await sendEvent('delivered', delivery);
    assert.equal((await seenBy(driver, room)).unreachable_until, null);
  });
});

describe('a call is rejected', () => {
  const rejected = async (driver, room, words) => {
    const { status, body } = await callIn(driver, room);
    assert.equal(status, 400);
    assert.deepEqual(Object.keys(body), ['detail']);
    assert.match(body.detail, words);
    assert.equal((await seenBy(driver, room)).unreachable_until, null);
  };

  test('before the driver has arrived', async () => {
    const { driver, delivery, room, said } = await waiting();
    await sendEvent('picked_up', delivery);
    await rejected(driver, room, /« arriving »/);
    await sendEvent('arriving', delivery);
    await ago(said, 121);
    assert.equal((await callIn(driver, room)).status, 200);
  });

  test('without a message that is unanswered for two minutes', async () => {
    const { driver, client, room, said } = await waiting();
    await ago(said, 115);
    await rejected(driver, room, /deux minutes/);
    await ago(said, 600);
    await say(client, room, 'J’arrive');
    await rejected(driver, room, /deux minutes/);
    const again = await say(driver, room, 'Je vous attends');
    await rejected(driver, room, /deux minutes/);
    await ago(again, 121);
    assert.equal((await driver.delete(`messages/${again.id}/`)).status, 200);
    await rejected(driver, room, /deux minutes/);
  });

  test('in a closed room, in a merchant’s room, and for a former driver', async () => {
    const { driver, delivery, room } = await waiting();
    const merchant = await aMerchant();
    await sql('UPDATE deliveries SET merchant_id = $1 WHERE id = $2', [merchant.id, delivery.id]);
    const shop = await aRoom(driver, merchant, { delivery_id: delivery.id });
    await ago(await say(driver, shop, 'Je suis arrivé'), 121);
    await rejected(driver, shop, /du client d'une livraison/);
    await sql('UPDATE deliveries SET driver_id = $1 WHERE id = $2', [(await aDriver()).id, delivery.id]);
    await rejected(driver, room, /livreur actuel/);
    await sql('UPDATE chat_rooms SET is_active = false WHERE id = $1', [room.id]);
    await rejected(driver, room, /fermée/);
  });

  test('with 403 for the customer and 404 for strangers', async () => {
    const { driver, client, room } = await waiting();
    assert.equal((await callIn(client, room)).status, 403);
    assert.equal((await callIn(await aDriver(), room)).status, 404);
    assert.equal((await callIn(driver, { id: randomUUID() })).status, 404);
  });
});

describe('when the time is up', () => {
  /** The API with a short time. maintain-rooms of the stack ends the calls. */
  let short;
  before(async () => {
    const firebase = Object.entries(process.env).filter(([name]) => name.startsWith('FIREBASE_'));
    const environment = plain({ ...Object.fromEntries(firebase), DATABASE_URL, JWT_SECRET, UNREACHABLE_SECONDS: '1' });
    short = await parts.functions(['report-unreachable'], { environment });
  });
  const callBriefly = async (driver, room) => {
    const { status, body } = await short.request('POST', `rooms/${room.id}/unreachable/`, driver.token);
    assert.equal(status, 200);
    return body;
  };

  test('the call ends with the evidence, in the detail and in Firebase', async () => {
    const { driver, client, room, said } = await waiting();
    await aDevice(client);
    await client.post('messages/mark_as_read/', { message_ids: [said.id] });
    await callBriefly(driver, room);
    await eventually(async () => assert.equal((await theCall(room)).outcome, 'unreachable'), 20_000);
    const { messages, push_devices } = await theCall(room);
    assert.equal(push_devices, 1);
    assert.deepEqual(
      messages.map(({ seq, sender_id, is_read, is_delivered, is_deleted }) => [seq, sender_id, is_read, is_delivered, is_deleted]),
      [
        [2, driver.id, true, true, false],
        [3, null, false, false, false],
      ],
    );
    assert.equal((await seenBy(client, room)).unreachable_until, null);
    await eventually(async () => assert.equal('unreachable_until' in (await mirroredRoom(room)).metadata, false), 15_000);

    // The driver may call again.
    assert.equal((await callIn(driver, room)).status, 200);
  });

  test('an answer at that moment is either the end of the call or comes after it', async () => {
    const conversations = await Promise.all(Array.from({ length: 8 }, waiting));
    await Promise.all(
      conversations.map(async ({ driver, client, room }, n) => {
        await callBriefly(driver, room);
        await new Promise((resolve) => setTimeout(resolve, 1_000 + n * 700));
        await say(client, room, 'Oui');
        assert.equal((await seenBy(driver, room)).unreachable_until, null);
      }),
    );
    await eventually(async () => {
      for (const { room } of conversations) assert.ok((await theCall(room)).outcome);
    }, 20_000);
    for (const { client, room } of conversations) {
      const [{ is_true }] = await sql(
        `SELECT CASE outcome WHEN 'unreachable' THEN ended_at < answer.created_at ELSE ended_at = answer.created_at END AS is_true
         FROM chat_unreachable_calls AS call
         JOIN chat_messages AS answer ON answer.chat_room_id = call.chat_room_id AND answer.sender_id = $2
         WHERE call.chat_room_id = $1`,
        [room.id, client.id],
      );
      assert.equal(is_true, true);
    }
  });
});
