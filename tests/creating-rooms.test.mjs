// Rules 8 to 12 of docs/api-guide.md, and its section "Create".

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import {
  aClient,
  aConversation,
  aDelivery,
  aDriver,
  aMerchant,
  aRoom,
  anAdmin,
  say,
  seenBy,
} from './support/people.mjs';
import { FIREBASE_DATABASE_URL } from './support/settings.mjs';

const publicPart = ({ id, full_name, phone_number, user_type, profile_photo_url }) => ({
  id,
  full_name,
  phone_number,
  user_type,
  profile_photo_url,
});

test('a new conversation returns 201 with the detail, as the driver sees it', async () => {
  const [driver, client] = await Promise.all([aDriver(), aClient({ profile_photo_url: null })]);
  const delivery = await aDelivery({ driver, client });
  const { status, body } = await driver.post('rooms/', {
    other_user_id: client.id,
    delivery_id: delivery.id,
    room_type: 'delivery',
    initial_message: 'Bonjour, je suis votre livreur',
  });

  assert.equal(status, 201);
  assert.deepEqual(body, {
    id: body.id,
    room_type: 'delivery',
    driver: publicPart(driver),
    other_participant: publicPart(client),
    delivery_info: delivery,
    last_message_text: 'Bonjour, je suis votre livreur',
    last_message_at: body.last_message_at,
    unread_count: 0,
    is_active: true,
    closes_at: null,
    is_archived: false,
    is_blocked: false,
    unreachable_until: null,
    is_muted: false,
    created_at: body.created_at,
    firebase_path: `/chats/${body.id}`,
    edit_window_seconds: 900,
    firebase_database_url: FIREBASE_DATABASE_URL.replace(/\/$/, ''),
  });
  assert.ok(body.last_message_at >= body.created_at);
});

test('a room without a first message has an empty last message', async () => {
  const { room } = await aConversation();
  assert.equal(room.last_message_text, '');
  assert.equal(room.last_message_at, null);
});

test('either participant can create the room, and both get the same one', async () => {
  const [driver, client] = await Promise.all([aDriver(), aClient()]);
  const delivery = await aDelivery({ driver, client });
  const asked = await client.post('rooms/', {
    other_user_id: driver.id,
    delivery_id: delivery.id,
    room_type: 'delivery',
  });
  const again = await driver.post('rooms/', {
    other_user_id: client.id,
    delivery_id: delivery.id,
    room_type: 'delivery',
  });

  assert.equal(asked.status, 201);
  assert.equal(again.status, 200);
  assert.equal(again.body.id, asked.body.id);
  assert.equal(asked.body.driver.id, driver.id);
  assert.equal(asked.body.other_participant.id, driver.id);
  assert.equal(again.body.other_participant.id, client.id);
});

test('the first message is unread for the recipient only', async () => {
  const { driver, client, room } = await aConversation({ initial_message: '  Bonjour  ' });
  assert.equal((await seenBy(driver, room)).unread_count, 0);
  assert.equal((await seenBy(client, room)).unread_count, 1);

  const { body } = await client.get('messages/', { chat_room_id: room.id });
  assert.equal(body.count, 1);
  const [message] = body.results;
  assert.equal(message.text, 'Bonjour');
  assert.equal(message.message_type, 'text');
  assert.equal(message.sender.id, driver.id);
  assert.equal(message.seq, 1);
});

test('an existing room returns 200 unchanged, and the first message is not sent again', async () => {
  const { driver, client, delivery, room } = await aConversation({ initial_message: 'Bonjour' });
  await driver.post(`rooms/${room.id}/archive/`, { archive: true });
  const { status, body } = await driver.post('rooms/', {
    other_user_id: client.id,
    delivery_id: delivery.id,
    room_type: 'delivery',
    initial_message: 'Encore moi',
  });

  assert.equal(status, 200);
  assert.deepEqual(body, { ...room, is_archived: true });
  assert.equal((await seenBy(client, room)).unread_count, 1);
});

test('two users have one room per delivery and one without a delivery', async () => {
  const { driver, client, room } = await aConversation();
  const second = await aDelivery({ driver, client });
  const [withSecond, without] = [await aRoom(driver, client, { delivery_id: second.id }), await aRoom(driver, client)];
  assert.equal(new Set([room.id, withSecond.id, without.id]).size, 3);
  assert.equal(without.delivery_info, null);

  const again = await driver.post('rooms/', { other_user_id: client.id, room_type: 'delivery' });
  assert.equal(again.status, 200);
  assert.equal(again.body.id, without.id);
});

test('a null delivery_id means no delivery', async () => {
  const [driver, client] = await Promise.all([aDriver(), aClient()]);
  const { status, body } = await driver.post('rooms/', {
    other_user_id: client.id,
    room_type: 'delivery',
    delivery_id: null,
  });
  assert.equal(status, 201);
  assert.equal(body.delivery_info, null);
});

test('a driver can open separate rooms with the merchant and the client of a delivery', async () => {
  const [driver, client, merchant] = await Promise.all([aDriver(), aClient(), aMerchant()]);
  const delivery = await aDelivery({ driver, client, merchant });
  const withClient = await aRoom(driver, client, { delivery_id: delivery.id });
  const withMerchant = await aRoom(driver, merchant, { delivery_id: delivery.id });
  assert.notEqual(withClient.id, withMerchant.id);
  assert.equal(withMerchant.other_participant.user_type, 'merchant');
});

test('a driver can open a room with the support, and the support with a driver', async () => {
  const [driver, admin] = await Promise.all([aDriver(), anAdmin()]);
  const room = await aRoom(driver, admin);
  assert.equal(room.room_type, 'support');
  assert.equal(room.delivery_info, null);

  const again = await admin.post('rooms/', { other_user_id: driver.id, room_type: 'support' });
  assert.equal(again.status, 200);
  assert.equal(again.body.id, room.id);
});

describe('a conversation that is not allowed returns 400', () => {
  const assertRejected = async (caller, body) => {
    const response = await caller.post('rooms/', body);
    assert.equal(response.status, 400, JSON.stringify(response.body));
    return response.body;
  };

  test('with the caller', async () => {
    const driver = await aDriver();
    await assertRejected(driver, { other_user_id: driver.id, room_type: 'delivery' });
  });

  test('with an unknown user', async () => {
    const body = await assertRejected(await aDriver(), { other_user_id: randomUUID(), room_type: 'delivery' });
    assert.deepEqual(Object.keys(body), ['other_user_id']);
  });

  test('between two drivers', async () => {
    const [one, other] = await Promise.all([aDriver(), aDriver()]);
    await assertRejected(one, { other_user_id: other.id, room_type: 'delivery' });
    await assertRejected(one, { other_user_id: other.id, room_type: 'support' });
  });

  test('between two users who are not drivers', async () => {
    const [client, merchant, admin] = await Promise.all([aClient(), aMerchant(), anAdmin()]);
    await assertRejected(client, { other_user_id: merchant.id, room_type: 'delivery' });
    await assertRejected(merchant, { other_user_id: client.id, room_type: 'delivery' });
    await assertRejected(client, { other_user_id: admin.id, room_type: 'support' });
    await assertRejected(admin, { other_user_id: client.id, room_type: 'support' });
  });

  test('of type support with a user who is not an admin', async () => {
    const [driver, client] = await Promise.all([aDriver(), aClient()]);
    await assertRejected(driver, { other_user_id: client.id, room_type: 'support' });
    await assertRejected(client, { other_user_id: driver.id, room_type: 'support' });
  });

  test('of type delivery with an admin', async () => {
    const [driver, admin] = await Promise.all([aDriver(), anAdmin()]);
    await assertRejected(driver, { other_user_id: admin.id, room_type: 'delivery' });
    await assertRejected(admin, { other_user_id: driver.id, room_type: 'delivery' });
  });

  test('of type support about a delivery', async () => {
    const [driver, client, admin] = await Promise.all([aDriver(), aClient(), anAdmin()]);
    const delivery = await aDelivery({ driver, client });
    await assertRejected(driver, { other_user_id: admin.id, delivery_id: delivery.id, room_type: 'support' });
  });

  test('about an unknown delivery, or one of another driver or client', async () => {
    const [driver, client, otherDriver, otherClient] = await Promise.all([aDriver(), aClient(), aDriver(), aClient()]);
    const foreign = [
      await aDelivery({ driver: otherDriver, client }),
      await aDelivery({ driver, client: otherClient }),
      await aDelivery({ client }),
      await aDelivery({ driver }),
      { id: randomUUID() },
    ];
    const bodies = [];
    for (const { id } of foreign) {
      bodies.push(await assertRejected(driver, { other_user_id: client.id, delivery_id: id, room_type: 'delivery' }));
      await assertRejected(client, { other_user_id: driver.id, delivery_id: id, room_type: 'delivery' });
    }
    // The response does not reveal whether a delivery exists.
    for (const body of bodies) assert.deepEqual(body, bodies.at(-1));
    assert.deepEqual(Object.keys(bodies[0]), ['delivery_id']);
  });

  test('with a merchant about a delivery that has no merchant', async () => {
    const [driver, client, merchant] = await Promise.all([aDriver(), aClient(), aMerchant()]);
    const delivery = await aDelivery({ driver, client });
    await assertRejected(driver, { other_user_id: merchant.id, delivery_id: delivery.id, room_type: 'delivery' });
  });

  test('and nothing is stored', async () => {
    const driver = await aDriver();
    await assertRejected(driver, { other_user_id: driver.id, room_type: 'delivery', initial_message: 'Bonjour' });
    assert.equal((await driver.get('rooms/', { include_archived: 'true' })).body.count, 0);
  });
});

describe('an invalid body returns 400 and names every bad field', () => {
  test('if it is empty', async () => {
    const { status, body } = await (await aDriver()).post('rooms/', {});
    assert.equal(status, 400);
    assert.deepEqual(body, {
      other_user_id: ['Ce champ est obligatoire.'],
      room_type: ['Ce champ est obligatoire.'],
    });
  });

  test('if every field is wrong', async () => {
    const { status, body } = await (
      await aDriver()
    ).post('rooms/', {
      other_user_id: 'jean',
      delivery_id: 12,
      room_type: 'groupe',
      initial_message: 'a'.repeat(5001),
    });
    assert.equal(status, 400);
    assert.deepEqual(Object.keys(body).sort(), ['delivery_id', 'initial_message', 'other_user_id', 'room_type']);
  });

  test('if room_type is in another case or of another type', async () => {
    const [driver, client] = await Promise.all([aDriver(), aClient()]);
    for (const room_type of ['DELIVERY', ' delivery', '', null, 1, ['delivery'], { delivery: true }]) {
      const { status, body } = await driver.post('rooms/', { other_user_id: client.id, room_type });
      assert.equal(status, 400);
      assert.deepEqual(Object.keys(body), ['room_type']);
    }
  });
});

test('a blank first message is not stored', async () => {
  const [driver, client] = await Promise.all([aDriver(), aClient()]);
  for (const initial_message of ['', '   ', '\n\t']) {
    await driver.post('rooms/', { other_user_id: client.id, room_type: 'delivery', initial_message });
  }
  const room = await driver.post('rooms/', { other_user_id: client.id, room_type: 'delivery' });
  assert.equal(room.body.last_message_at, null);
  assert.equal((await seenBy(client, room.body)).unread_count, 0);
});

test('the first message of a client is unread for the driver', async () => {
  const [driver, client] = await Promise.all([aDriver(), aClient()]);
  const { body: room } = await client.post('rooms/', {
    other_user_id: driver.id,
    room_type: 'delivery',
    initial_message: 'Où êtes-vous ?',
  });
  assert.equal((await seenBy(driver, room)).unread_count, 1);
  assert.equal((await say(driver, room, 'Devant chez vous')).seq, 2);
});
