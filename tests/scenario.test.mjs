// The scenario of the API guide, "Driver envoie un message à un client", over the whole system: REST, PostgreSQL and
// Firebase, and the official SDK on two phones.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { eventually } from './support/eventually.mjs';
import { aClient, aConversation, aDelivery, aDriver, anAdmin, say, seenBy } from './support/people.mjs';
import { aPhone } from './support/phone.mjs';

const phones = [];
const phoneOf = async (person) => {
  const phone = await aPhone(person);
  phones.push(phone);
  return phone;
};
after(() => Promise.all(phones.map((phone) => phone.close())));

const texts = (messages) => messages.map(({ text }) => text);

describe('a driver sends a message to a client', () => {
  let driver;
  let client;
  let delivery;
  let room;
  let onDriversPhone;
  let onClientsPhone;

  before(async () => {
    [driver, client] = await Promise.all([aDriver(), aClient()]);
    delivery = await aDelivery({ driver, client });
  });

  test('the driver opens the conversation with a first message', async () => {
    const { status, body } = await driver.post('rooms/', {
      other_user_id: client.id,
      delivery_id: delivery.id,
      room_type: 'delivery',
      initial_message: 'Bonjour, je suis votre livreur',
    });
    assert.equal(status, 201);
    room = body;
  });

  test('both phones sign in and receive the existing messages', async () => {
    const [driversPhone, clientsPhone] = [await phoneOf(driver), await phoneOf(client)];
    assert.equal(clientsPhone.uid, client.id);
    // Firebase cancels a listener that is added before the room exists, so the phone waits for the room, as an app
    // does.
    await eventually(async () => assert.equal(await clientsPhone.read(`chats/${room.id}/metadata/id`), room.id));
    onClientsPhone = clientsPhone.listen(room);
    onDriversPhone = driversPhone.listen(room);
    await eventually(() => assert.deepEqual(texts(onClientsPhone.added), ['Bonjour, je suis votre livreur']));
  });

  test('the driver sends a message, and the client’s phone shows it at once', async () => {
    const message = await say(driver, room, "J'arrive dans 5 minutes");
    await eventually(() => assert.equal(onClientsPhone.added.length, 2), 1000);
    const heard = onClientsPhone.added[1];
    assert.equal(heard.id, message.id);
    assert.equal(heard.sender_id, driver.id);
    assert.equal(heard.text, "J'arrive dans 5 minutes");
    assert.equal(heard.timestamp, message.created_at);
    assert.equal(heard.is_read, false);
    assert.equal(heard.seq, 2);
  });

  test('the client’s counters increase', async () => {
    assert.equal((await seenBy(client, room)).unread_count, 2);
    assert.equal((await client.get('rooms/unread_count/')).body.unread_count, 2);
    const { body } = await client.get('rooms/');
    assert.equal(body.results[0].last_message_text, "J'arrive dans 5 minutes");
  });

  test('the client reads the history', async () => {
    const { body } = await client.get('messages/', { chat_room_id: room.id });
    assert.equal(body.count, 2);
    assert.deepEqual(texts(body.results), ["J'arrive dans 5 minutes", 'Bonjour, je suis votre livreur']);
  });

  test('the client marks it as read, and the driver’s phone receives the receipt', async () => {
    const { body } = await client.post('messages/mark_as_read/', { chat_room_id: room.id });
    assert.equal(body.count, 2);
    await eventually(() => assert.equal(onDriversPhone.changed.length, 2), 1000);
    assert.ok(onDriversPhone.changed.every(({ is_read, read_at }) => is_read && read_at));
  });

  test('the counters are 0 again', async () => {
    assert.equal((await seenBy(client, room)).unread_count, 0);
    assert.equal((await client.get('rooms/unread_count/')).body.unread_count, 0);
  });

  test('the client replies, and the driver’s phone shows it', async () => {
    await say(client, room, 'Merci, je vous attends');
    await eventually(() => assert.equal(onDriversPhone.added.at(-1).text, 'Merci, je vous attends'), 1000);
  });

  test('the client shares a location, which arrives with its coordinates', async () => {
    await say(client, room, '', { message_type: 'location', latitude: 5.345317, longitude: -4.024429 });
    await eventually(() => assert.equal(onDriversPhone.added.at(-1).message_type, 'location'), 1000);
    const { latitude, longitude } = onDriversPhone.added.at(-1);
    assert.deepEqual([latitude, longitude], [5.345317, -4.024429]);
  });

  test('each phone received each message once, in order', async () => {
    for (const heard of [onDriversPhone, onClientsPhone]) {
      await eventually(() =>
        assert.deepEqual(
          heard.added.map(({ seq }) => seq),
          [1, 2, 3, 4],
        ),
      );
      assert.equal(heard.error, null);
    }
  });
});

test('a burst of messages reaches a listening phone once each, in order', async () => {
  const { driver, client, room } = await aConversation({ initial_message: '0' });
  const phone = await phoneOf(client);
  await eventually(async () => assert.ok(await phone.read(`chats/${room.id}/metadata/id`)));
  const heard = phone.listen(room);
  for (let n = 1; n <= 20; n += 1) await say(driver, room, String(n));
  const expected = Array.from({ length: 21 }, (_, n) => String(n));
  await eventually(() => assert.deepEqual(texts(heard.added), expected));
});

test('the other phone sees typing start and end', async () => {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  const phone = await phoneOf(client);
  await eventually(async () => assert.ok(await phone.read(`chats/${room.id}/metadata/id`)));
  const typing = phone.watchTyping(room, driver);
  await driver.post(`rooms/${room.id}/typing/`, { is_typing: true });
  await eventually(() => assert.equal(typing.at(-1), true));
  await driver.post(`rooms/${room.id}/typing/`, { is_typing: false });
  await eventually(() => assert.equal(typing.at(-1), false));
});

describe('a phone may not', () => {
  let conversation;
  let clientsPhone;
  before(async () => {
    conversation = await aConversation({ initial_message: 'Bonjour' });
    clientsPhone = await phoneOf(conversation.client);
    const path = `chats/${conversation.room.id}/metadata/id`;
    await eventually(async () => assert.ok(await clientsPhone.read(path)));
  });

  test('read another conversation, even as an admin', async () => {
    const { room } = conversation;
    for (const stranger of [await aDriver(), await anAdmin()]) {
      const phone = await phoneOf(stranger);
      await assert.rejects(phone.read(`chats/${room.id}`), /permission/i);
      const heard = phone.listen(room);
      await eventually(() => assert.ok(heard.error));
      assert.deepEqual(heard.added, []);
    }
  });

  test('write a message, a receipt or the metadata', async () => {
    const { driver, room } = conversation;
    const { body } = await driver.get('messages/', { chat_room_id: room.id });
    const [{ id }] = body.results;
    for (const [path, value] of [
      [`chats/${room.id}/messages/forged`, { id: 'forged', text: 'Bonjour' }],
      [`chats/${room.id}/messages/${id}/is_read`, true],
      [`chats/${room.id}/messages/${id}`, null],
      [`chats/${room.id}/metadata/driver_id`, 'someone'],
      [`chats/${room.id}/metadata/revision`, 1_000_000],
      [`chats/${room.id}/typing/${driver.id}`, { timestamp: new Date().toISOString() }],
      [`chats/${room.id}`, null],
    ]) {
      await assert.rejects(clientsPhone.write(path, value), /permission/i, path);
    }
  });

  test('list the conversations', async () => {
    await assert.rejects(clientsPhone.read('chats'), /permission/i);
    await assert.rejects(clientsPhone.read('/'), /permission/i);
  });
});
