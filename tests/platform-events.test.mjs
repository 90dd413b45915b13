// Events of the platform's backend about a delivery: their messages, and how they close a room.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { api } from './support/api.mjs';
import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { mirroredRoom } from './support/firebase.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { aClient, aConversation, aDelivery, aDriver, aMerchant, aRoom, say, seenBy } from './support/people.mjs';
import { aPhone } from './support/phone.mjs';
import { DATABASE_URL, JWT_SECRET } from './support/settings.mjs';
import { platformToken } from './support/tokens.mjs';

const parts = ownParts('events');

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const platform = () => api(`Bearer ${platformToken()}`);
const body = (event, delivery, extra = {}) => ({ event_id: randomUUID(), event, delivery_id: delivery.id, ...extra });

/** Sends a new event, and returns the ids of the rooms that got a message. */
async function sendEvent(event, delivery, extra) {
  const response = await platform().post('events/', body(event, delivery, extra));
  assert.equal(response.status, 201, response.text);
  return response.body.rooms;
}

const history = async (viewer, room) =>
  (await viewer.get('messages/', { chat_room_id: room.id, ordering: 'created_at', page_size: 100 })).body.results;

/** Asserts that both unread counters equal the number of unread messages. */
async function assertCountersAreTrue(room) {
  const [counters] = await sql(
    `SELECT driver_unread_count::int AS driver, other_user_unread_count::int AS other FROM chat_rooms WHERE id = $1`,
    [room.id],
  );
  const [unread] = await sql(
    `SELECT count(*) FILTER (WHERE CASE WHEN sender_id IS NULL THEN driver_read_at IS NULL ELSE sender_id <> driver_id END)::int AS driver,
            count(*) FILTER (WHERE CASE WHEN sender_id IS NULL THEN other_user_read_at IS NULL ELSE sender_id <> other_user_id END)::int AS other
     FROM chat_messages AS message JOIN chat_rooms AS room ON room.id = message.chat_room_id
     WHERE room.id = $1 AND read_at IS NULL`,
    [room.id],
  );
  assert.deepEqual(counters, unread);
}

describe('an event', () => {
  test('names every bad field at once', async () => {
    const { status, body: errors } = await platform().post('events/', {
      event: 'eaten',
      delivery_id: 7,
      occurred_at: '15/01/2025',
    });
    assert.equal(status, 400);
    assert.deepEqual(Object.keys(errors).sort(), ['delivery_id', 'event', 'event_id', 'occurred_at']);
    assert.deepEqual(errors.event_id, ['Ce champ est obligatoire.']);
  });

  test('of an unknown delivery returns 400', async () => {
    const { status, body: errors } = await platform().post('events/', body('assigned', { id: randomUUID() }));
    assert.equal(status, 400);
    assert.deepEqual(Object.keys(errors), ['delivery_id']);
  });

  test('with the id of another event returns 400', async () => {
    const { driver, client, delivery } = await aConversation();
    const first = body('arriving', delivery);
    assert.equal((await platform().post('events/', first)).status, 201);
    const another = await aDelivery({ driver, client });
    for (const change of [{ event: 'delivered' }, { delivery_id: another.id }]) {
      const { status, body: errors } = await platform().post('events/', { ...first, ...change });
      assert.equal(status, 400);
      assert.deepEqual(Object.keys(errors), ['event_id']);
    }
  });
});

describe('both phones receive', () => {
  const phones = [];
  after(() => Promise.all(phones.map((phone) => phone.close())));
  async function phoneOf(person) {
    const phone = await aPhone(person);
    phones.push(phone);
    return phone;
  }

  test('each event from the assignment, which opens the conversation, to the delivery', async () => {
    const [driver, client] = await Promise.all([aDriver(), aClient()]);
    const delivery = await aDelivery({ driver, client });
    const [id] = await sendEvent('assigned', delivery, { occurred_at: new Date().toISOString() });
    const room = { id };
    await eventually(async () => assert.ok(await mirroredRoom(room)));
    const heard = (await Promise.all([driver, client].map(phoneOf))).map((phone) => phone.listen(room));
    for (const event of ['picked_up', 'arriving', 'delivered']) assert.deepEqual(await sendEvent(event, delivery), [id]);

    const texts = [
      `La livraison ${delivery.tracking_number} a été attribuée à ${driver.full_name}.`,
      `La livraison ${delivery.tracking_number} a été récupérée et est en route.`,
      `La livraison ${delivery.tracking_number} arrive à destination.`,
      `La livraison ${delivery.tracking_number} a bien été remise. Cette conversation reste ouverte encore 2 heures.`,
    ];
    await eventually(() => {
      for (const { added } of heard)
        assert.deepEqual(
          added.map(({ text }) => text),
          texts,
        );
    });
    for (const message of heard[0].added) {
      assert.equal('sender_id' in message, false);
      assert.equal(message.message_type, 'system');
      assert.equal(message.is_read, false);
    }
    for (const viewer of [driver, client]) {
      const seen = await seenBy(viewer, room);
      assert.equal(seen.unread_count, 4);
      assert.equal(seen.last_message_text, texts.at(-1));
      assert.equal(seen.is_active, true);
      assert.match(seen.closes_at, TIME);
      const messages = await history(viewer, room);
      assert.deepEqual(
        messages.map(({ sender, text, seq }) => [sender, text, seq]),
        texts.map((text, at) => [null, text, at + 1]),
      );
    }
    assert.equal((await mirroredRoom(room)).metadata.closes_at_ms, Date.parse((await seenBy(driver, room)).closes_at));

    // After one participant has read, only that participant sees it. After both have, Firebase shows it.
    await driver.post(`rooms/${id}/mark_as_read/`);
    assert.deepEqual(
      (await history(driver, room)).map(({ is_read }) => is_read),
      [true, true, true, true],
    );
    assert.deepEqual(
      (await history(client, room)).map(({ is_read }) => is_read),
      [false, false, false, false],
    );
    assert.equal((await client.get('rooms/unread_count/')).body.unread_count, 4);
    const { revision } = (await mirroredRoom(room)).metadata;
    await say(driver, room, 'Merci');
    await eventually(async () => assert.ok((await mirroredRoom(room)).metadata.revision > revision));
    assert.ok(heard[0].changed.every(({ is_read }) => !is_read));
    const marked = await client.post('messages/mark_as_read/', { chat_room_id: id });
    assert.equal(marked.body.count, 5);
    await eventually(() => assert.equal(heard[1].changed.filter(({ is_read }) => is_read).length, 5));
    const latest = await history(client, room);
    const tree = (await mirroredRoom(room)).messages;
    for (const { id: message, read_at } of latest) assert.equal(tree[message].read_at, read_at);
    await assertCountersAreTrue(room);
  });

  test('an event also in the merchant’s room, and in no other room', async () => {
    const { driver, client, delivery, room } = await aConversation();
    const merchant = await aMerchant();
    await sql('UPDATE deliveries SET merchant_id = $1 WHERE id = $2', [merchant.id, delivery.id]);
    const second = await aRoom(driver, merchant, { delivery_id: delivery.id });
    const other = await aRoom(driver, client);
    assert.deepEqual(await sendEvent('picked_up', delivery), [room.id, second.id].sort());
    assert.equal((await history(merchant, second)).length, 1);
    assert.equal((await history(client, other)).length, 0);
    assert.equal((await merchant.get('messages/', { chat_room_id: room.id })).status, 404);
  });
});

describe('concurrent requests', () => {
  test('with the same event store one message in each room: one 201, the others 200', async () => {
    const { driver, client, delivery, room } = await aConversation();
    const event = body('arriving', delivery);
    const responses = await Promise.all(Array.from({ length: 20 }, () => platform().post('events/', event)));
    assert.equal(responses.filter(({ status }) => status === 201).length, 1);
    assert.equal(responses.filter(({ status }) => status === 200).length, 19);
    for (const { body: repeated } of responses) assert.deepEqual(repeated, responses[0].body);
    assert.equal((await history(client, room)).length, 1);
    assert.equal((await seenBy(driver, room)).unread_count, 1);
  });

  test('with events, messages and marks keep both counters exact', async () => {
    const { driver, client, delivery, room } = await aConversation();
    const kinds = ['assigned', 'picked_up', 'arriving', 'delivered'];
    await Promise.all(
      Array.from({ length: 80 }, (_, n) => {
        if (n % 4 === 0) return sendEvent(kinds[(n % 16) >> 2], delivery);
        if (n % 4 === 1) return say(n % 8 === 1 ? driver : client, room);
        return (n % 8 < 4 ? driver : client).post(`rooms/${room.id}/mark_as_read/`);
      }),
    );
    await assertCountersAreTrue(room);
    const messages = await history(client, room);
    assert.deepEqual(
      messages.map(({ seq }) => seq),
      Array.from({ length: 40 }, (_, at) => at + 1),
    );
    const created = messages.map(({ created_at }) => created_at);
    assert.deepEqual(created, created.toSorted());
  });
});

describe('closing a room', () => {
  /** The API with a short grace period. maintain-rooms of the stack closes the rooms. */
  let short;
  before(async () => {
    const firebase = Object.entries(process.env).filter(([name]) => name.startsWith('FIREBASE_'));
    const environment = plain({ ...Object.fromEntries(firebase), DATABASE_URL, JWT_SECRET, ROOM_GRACE_SECONDS: '2' });
    short = await parts.functions(['receive-event'], { environment });
  });
  const sendEnd = async (event, delivery) => {
    const response = await short.request('POST', 'events/', platformToken(), body(event, delivery));
    assert.equal(response.status, 201, response.text);
  };
  const attempt = (viewer, room) => viewer.post('messages/', { chat_room_id: room.id, text: 'Encore un mot' });

  test('ends writing after the grace period, and leaves reading', async () => {
    const { driver, client, delivery, room } = await aConversation({ initial_message: 'Bonjour' });
    const phone = await aPhone(client);
    try {
      const typing = () => phone.write(`chats/${room.id}/typing/${client.id}`, { timestamp: new Date().toISOString() });
      await eventually(typing);
      await sendEnd('delivered', delivery);
      const { closes_at } = await seenBy(client, room);
      assert.ok(Date.parse(closes_at) - Date.now() <= 2_000);
      assert.equal((await attempt(driver, room)).status, 201);

      // The deadline is exact: it does not wait for maintain-rooms, which runs every five seconds here.
      await new Promise((resolve) => setTimeout(resolve, Date.parse(closes_at) - Date.now() + 20));
      for (const viewer of [driver, client]) {
        const rejected = await attempt(viewer, room);
        assert.equal(rejected.status, 400);
        assert.deepEqual(rejected.body, { chat_room_id: ['Cette conversation est fermée.'] });
        assert.equal((await viewer.post(`rooms/${room.id}/typing/`, { is_typing: true })).status, 400);
        assert.equal((await viewer.post('uploads/', { chat_room_id: room.id })).status, 400);
        assert.equal((await seenBy(viewer, room)).is_active, false);
        assert.equal((await viewer.get('rooms/')).body.count, 0);
        assert.equal((await viewer.get('rooms/unread_count/')).body.unread_count, 0);
      }
      await assert.rejects(typing, /PERMISSION_DENIED/);

      await eventually(async () => assert.equal((await mirroredRoom(room)).metadata.is_active, false), 15_000);
      await assert.rejects(typing, /PERMISSION_DENIED/);
      assert.equal((await history(client, room)).length, 3);
      assert.equal(Object.keys(await phone.read(`chats/${room.id}/messages`)).length, 3);
      assert.equal((await driver.post(`rooms/${room.id}/mark_as_read/`)).status, 200);
      assert.equal((await client.post(`rooms/${room.id}/archive/`)).status, 200);
      assert.equal((await seenBy(driver, room)).unread_count, 0);
      const again = await client.post('rooms/', {
        other_user_id: driver.id,
        delivery_id: delivery.id,
        room_type: 'delivery',
        initial_message: 'Allô',
      });
      assert.equal(again.status, 200);
      assert.equal(again.body.is_active, false);
      assert.equal((await history(client, room)).length, 3);
      assert.deepEqual(await sendEvent('arriving', delivery), []);
      await assertCountersAreTrue(room);
    } finally {
      await phone.close();
    }
  });

  test('is undone if the delivery is assigned again', async () => {
    const { driver, client, delivery, room } = await aConversation();
    await sendEnd('cancelled', delivery);
    await eventually(async () => assert.equal((await attempt(client, room)).status, 400), 4_000);
    await eventually(async () => assert.equal((await mirroredRoom(room)).metadata.is_active, false), 15_000);
    assert.deepEqual(await sendEvent('assigned', delivery), [room.id]);
    assert.equal((await attempt(client, room)).status, 201);
    assert.equal((await seenBy(driver, room)).closes_at, null);
    await eventually(async () => {
      const { metadata } = await mirroredRoom(room);
      assert.equal(metadata.is_active, true);
      assert.equal('closes_at_ms' in metadata, false);
    });
  });

  test('also prevents a new conversation about the delivery', async () => {
    const [driver, client] = await Promise.all([aDriver(), aClient()]);
    const delivery = await aDelivery({ driver, client });
    await sendEnd('delivered', delivery);
    await sql('UPDATE chat_deliveries SET closes_at = now() WHERE delivery_id = $1', [delivery.id]);
    const rejected = await driver.post('rooms/', {
      other_user_id: client.id,
      delivery_id: delivery.id,
      room_type: 'delivery',
    });
    assert.equal(rejected.status, 400);
    assert.deepEqual(rejected.body, { delivery_id: ['Cette livraison est terminée.'] });
  });
});
