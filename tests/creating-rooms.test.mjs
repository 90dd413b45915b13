// Behaviour 8 to 12, and the guide's "Créer une conversation".

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

const publicPart = ({ id, full_name, phone_number, user_type, profile_photo_url }) => ({
  id,
  full_name,
  phone_number,
  user_type,
  profile_photo_url,
});

test('a new conversation is answered 201 in detail, as its driver sees it', async () => {
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
    is_muted: false,
    created_at: body.created_at,
    firebase_path: `/chats/${body.id}`,
  });
  assert.ok(body.last_message_at >= body.created_at);
});

test('without a first message the last one is empty', async () => {
  const { room } = await aConversation();
  assert.equal(room.last_message_text, '');
  assert.equal(room.last_message_at, null);
});

test('either side may ask, and both get the same room', async () => {
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

test('the first message is unread for the other, and only for the other', async () => {
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

test('a room that exists is answered 200 as it is, and the first message is not sent again', async () => {
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

test('the same two people have one room per delivery and one without', async () => {
  const { driver, client, room } = await aConversation();
  const second = await aDelivery({ driver, client });
  const [withSecond, without] = [await aRoom(driver, client, { delivery_id: second.id }), await aRoom(driver, client)];
  assert.equal(new Set([room.id, withSecond.id, without.id]).size, 3);
  assert.equal(without.delivery_info, null);

  const again = await driver.post('rooms/', { other_user_id: client.id, room_type: 'delivery' });
  assert.equal(again.status, 200);
  assert.equal(again.body.id, without.id);
});

test('a delivery_id that is null is no delivery', async () => {
  const [driver, client] = await Promise.all([aDriver(), aClient()]);
  const { status, body } = await driver.post('rooms/', {
    other_user_id: client.id,
    room_type: 'delivery',
    delivery_id: null,
  });
  assert.equal(status, 201);
  assert.equal(body.delivery_info, null);
});

test('a driver may talk to the merchant of a delivery, apart from its client', async () => {
  const [driver, client, merchant] = await Promise.all([aDriver(), aClient(), aMerchant()]);
  const delivery = await aDelivery({ driver, client, merchant });
  const withClient = await aRoom(driver, client, { delivery_id: delivery.id });
  const withMerchant = await aRoom(driver, merchant, { delivery_id: delivery.id });
  assert.notEqual(withClient.id, withMerchant.id);
  assert.equal(withMerchant.other_participant.user_type, 'merchant');
});

test('a driver may ask the support, and the support a driver', async () => {
  const [driver, admin] = await Promise.all([aDriver(), anAdmin()]);
  const room = await aRoom(driver, admin);
  assert.equal(room.room_type, 'support');
  assert.equal(room.delivery_info, null);

  const again = await admin.post('rooms/', { other_user_id: driver.id, room_type: 'support' });
  assert.equal(again.status, 200);
  assert.equal(again.body.id, room.id);
});

describe('a conversation that may not exist is 400', () => {
  const refused = async (caller, body) => {
    const answer = await caller.post('rooms/', body);
    assert.equal(answer.status, 400, JSON.stringify(answer.body));
    return answer.body;
  };

  test('with oneself', async () => {
    const driver = await aDriver();
    await refused(driver, { other_user_id: driver.id, room_type: 'delivery' });
  });

  test('with nobody that the platform knows', async () => {
    const body = await refused(await aDriver(), { other_user_id: randomUUID(), room_type: 'delivery' });
    assert.deepEqual(Object.keys(body), ['other_user_id']);
  });

  test('between two drivers', async () => {
    const [one, other] = await Promise.all([aDriver(), aDriver()]);
    await refused(one, { other_user_id: other.id, room_type: 'delivery' });
    await refused(one, { other_user_id: other.id, room_type: 'support' });
  });

  test('between two people of whom none is a driver', async () => {
    const [client, merchant, admin] = await Promise.all([aClient(), aMerchant(), anAdmin()]);
    await refused(client, { other_user_id: merchant.id, room_type: 'delivery' });
    await refused(merchant, { other_user_id: client.id, room_type: 'delivery' });
    await refused(client, { other_user_id: admin.id, room_type: 'support' });
    await refused(admin, { other_user_id: client.id, room_type: 'support' });
  });

  test('support with someone who is no admin', async () => {
    const [driver, client] = await Promise.all([aDriver(), aClient()]);
    await refused(driver, { other_user_id: client.id, room_type: 'support' });
    await refused(client, { other_user_id: driver.id, room_type: 'support' });
  });

  test('delivery with an admin', async () => {
    const [driver, admin] = await Promise.all([aDriver(), anAdmin()]);
    await refused(driver, { other_user_id: admin.id, room_type: 'delivery' });
    await refused(admin, { other_user_id: driver.id, room_type: 'delivery' });
  });

  test('support about a delivery', async () => {
    const [driver, client, admin] = await Promise.all([aDriver(), aClient(), anAdmin()]);
    const delivery = await aDelivery({ driver, client });
    await refused(driver, { other_user_id: admin.id, delivery_id: delivery.id, room_type: 'support' });
  });

  test('about a delivery of another driver, of another client, or that nobody knows', async () => {
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
      bodies.push(await refused(driver, { other_user_id: client.id, delivery_id: id, room_type: 'delivery' }));
      await refused(client, { other_user_id: driver.id, delivery_id: id, room_type: 'delivery' });
    }
    // Nobody learns from the answer whether a delivery exists.
    for (const body of bodies) assert.deepEqual(body, bodies.at(-1));
    assert.deepEqual(Object.keys(bodies[0]), ['delivery_id']);
  });

  test('with the client of a delivery whose merchant one named', async () => {
    const [driver, client, merchant] = await Promise.all([aDriver(), aClient(), aMerchant()]);
    const delivery = await aDelivery({ driver, client });
    await refused(driver, { other_user_id: merchant.id, delivery_id: delivery.id, room_type: 'delivery' });
  });

  test('and nothing is left of it', async () => {
    const driver = await aDriver();
    await refused(driver, { other_user_id: driver.id, room_type: 'delivery', initial_message: 'Bonjour' });
    assert.equal((await driver.get('rooms/', { include_archived: 'true' })).body.count, 0);
  });
});

describe('a body that cannot be read is 400 and names every bad field', () => {
  test('nothing in it', async () => {
    const { status, body } = await (await aDriver()).post('rooms/', {});
    assert.equal(status, 400);
    assert.deepEqual(body, {
      other_user_id: ['Ce champ est obligatoire.'],
      room_type: ['Ce champ est obligatoire.'],
    });
  });

  test('everything wrong', async () => {
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

  test('room_type in other letters or of another type', async () => {
    const [driver, client] = await Promise.all([aDriver(), aClient()]);
    for (const room_type of ['DELIVERY', ' delivery', '', null, 1, ['delivery'], { delivery: true }]) {
      const { status, body } = await driver.post('rooms/', { other_user_id: client.id, room_type });
      assert.equal(status, 400);
      assert.deepEqual(Object.keys(body), ['room_type']);
    }
  });
});

test('a blank first message never becomes a message', async () => {
  const [driver, client] = await Promise.all([aDriver(), aClient()]);
  for (const initial_message of ['', '   ', '\n\t']) {
    await driver.post('rooms/', { other_user_id: client.id, room_type: 'delivery', initial_message });
  }
  const room = await driver.post('rooms/', { other_user_id: client.id, room_type: 'delivery' });
  assert.equal(room.body.last_message_at, null);
  assert.equal((await seenBy(client, room.body)).unread_count, 0);
});

test('a room opened by the client gives its first message to the driver', async () => {
  const [driver, client] = await Promise.all([aDriver(), aClient()]);
  const { body: room } = await client.post('rooms/', {
    other_user_id: driver.id,
    room_type: 'delivery',
    initial_message: 'Où êtes-vous ?',
  });
  assert.equal((await seenBy(driver, room)).unread_count, 1);
  assert.equal((await say(driver, room, 'Devant chez vous')).seq, 2);
});
