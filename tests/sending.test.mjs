// Rules 20 to 23 and 26 of docs/api-guide.md, and its section "Send".

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';

import { sql } from './support/database.mjs';
import { aConversation, aDriver, aRoom, anAdmin, say, seenBy } from './support/people.mjs';

const IMAGE = 'https://res.cloudinary.com/relais/image/upload/v1/colis.jpg';
const HERE = { latitude: 5.345317, longitude: -4.024429 };

/** A shared room for the tests that do not depend on the room. */
let conversation;
before(async () => {
  conversation = await aConversation();
});
const send = (body) => conversation.driver.post('messages/', { chat_room_id: conversation.room.id, ...body });

async function assertRejected(body, ...fields) {
  const response = await send(body);
  assert.equal(response.status, 400, JSON.stringify(body).slice(0, 200));
  assert.deepEqual(Object.keys(response.body).sort(), fields.sort());
  return response.body;
}

describe('the three messages of the API guide', () => {
  const expected = ({ driver, room }, body, changes) => ({
    id: body.id,
    chat_room: room.id,
    sender: { id: driver.id, full_name: driver.full_name, profile_photo_url: driver.profile_photo_url },
    message_type: 'text',
    text: '',
    image_url: '',
    latitude: null,
    longitude: null,
    is_delivered: false,
    is_read: false,
    read_at: null,
    created_at: body.created_at,
    edited_at: null,
    is_deleted: false,
    deleted_at: null,
    seq: body.seq,
    revision: body.revision,
    ...changes,
  });

  const messages = {
    text: { message_type: 'text', text: 'Votre message ici' },
    image: { message_type: 'image', text: 'Voici la photo', image_url: IMAGE },
    location: { message_type: 'location', text: 'Je suis ici', ...HERE },
  };
  for (const [name, message] of Object.entries(messages)) {
    test(name, async () => {
      const { status, body } = await send(message);
      assert.equal(status, 201);
      assert.deepEqual(body, expected(conversation, body, message));
    });
  }
});

describe('text', () => {
  test('is the default message_type', async () => {
    assert.equal((await send({ text: 'Bonjour' })).body.message_type, 'text');
  });

  test('is trimmed', async () => {
    assert.equal((await send({ text: ' \n\t Bonjour,\n à vous \u00a0\u2003' })).body.text, 'Bonjour,\n à vous');
  });

  test('may have any character except NUL', async () => {
    for (const text of [
      '👩🏾‍🚀 🚚',
      'ɛ̃ ɔ̀',
      '\u202emessage',
      '<script>alert(1)</script>',
      "'; DROP TABLE users; --",
      '\\u0000',
      'a\u0001b',
      '\ufeffx',
    ]) {
      const { status, body } = await send({ text });
      assert.equal(status, 201, JSON.stringify(text));
      assert.equal(body.text.replace('\ufeff', ''), text.replace('\ufeff', ''));
    }
    await assertRejected({ text: 'a\u0000b' }, 'text');
  });

  test('may not be blank', async () => {
    for (const text of ['', ' ', '\n\t', '\u00a0\u2003', undefined, null]) await assertRejected({ text }, 'text');
  });

  test('has at most 5000 characters after trimming, counted as code points', async () => {
    for (const text of ['a'.repeat(5000), '📷'.repeat(5000), ` ${'é'.repeat(5000)} `]) {
      assert.equal((await send({ text })).status, 201);
    }
    await assertRejected({ text: 'a'.repeat(5001) }, 'text');
    await assertRejected({ text: '📷'.repeat(5001) }, 'text');
  });
});

describe('image', () => {
  test('needs no text', async () => {
    const { status, body } = await send({ message_type: 'image', image_url: IMAGE });
    assert.equal(status, 201);
    assert.equal(body.text, '');
  });

  test('needs an https URL of at most 2048 characters', async () => {
    const longest = IMAGE.padEnd(2048, 'a');
    assert.equal((await send({ message_type: 'image', image_url: longest })).body.image_url, longest);
    for (const image_url of [
      undefined,
      null,
      '',
      `${longest}a`,
      IMAGE.replace('https', 'http'),
      'https://',
      '//res.cloudinary.com/colis.jpg',
      'colis.jpg',
      'javascript:alert(1)',
      'data:image/png;base64,AAAA',
      'file:///etc/passwd',
      'ftp://res.cloudinary.com/colis.jpg',
      `${IMAGE}\u0000`,
      12,
      [IMAGE],
    ]) {
      await assertRejected({ message_type: 'image', image_url }, 'image_url');
    }
  });
});

describe('location', () => {
  test('needs no text', async () => {
    const { status, body } = await send({ message_type: 'location', ...HERE });
    assert.equal(status, 201);
    assert.equal(body.text, '');
  });

  test('accepts every valid coordinate', async () => {
    for (const [latitude, longitude] of [
      [90, 180],
      [-90, -180],
      [0, 0],
      [-0.000001, 179.999999],
      [5, -4],
    ]) {
      const { status, body } = await send({ message_type: 'location', latitude, longitude });
      assert.equal(status, 201);
      assert.deepEqual([body.latitude, body.longitude], [latitude, longitude]);
    }
  });

  test('preserves every digit', async () => {
    const exact = { latitude: 5.345317123456789, longitude: -4.024429987654321 };
    const { body } = await send({ message_type: 'location', ...exact });
    assert.deepEqual([body.latitude, body.longitude], [exact.latitude, exact.longitude]);
  });

  test('names each coordinate that is missing, not a number, or out of range', async () => {
    await assertRejected({ message_type: 'location' }, 'latitude', 'longitude');
    await assertRejected({ message_type: 'location', latitude: 5 }, 'longitude');
    await assertRejected({ message_type: 'location', longitude: -4 }, 'latitude');
    for (const bad of ['5.345317', true, null, [5], {}, 90.000001, -91, 1e300]) {
      await assertRejected({ message_type: 'location', latitude: bad, longitude: -4 }, 'latitude');
    }
    for (const bad of ['-4', false, null, 180.000001, -181, -1e300]) {
      await assertRejected({ message_type: 'location', latitude: 5, longitude: bad }, 'longitude');
    }
  });

  test('rejects infinity in every notation', async () => {
    const { driver, room } = conversation;
    for (const number of ['1e999', '-1e999', 'NaN', 'Infinity', '-Infinity']) {
      const payload = `{"chat_room_id": "${room.id}", "message_type": "location", "latitude": ${number}, "longitude": 0}`;
      assert.equal((await driver.postRaw('messages/', payload)).status, 400, number);
    }
  });
});

test('fields of another message type are dropped', async () => {
  const text = await send({ text: 'Bonjour', image_url: IMAGE, ...HERE });
  assert.deepEqual([text.body.image_url, text.body.latitude, text.body.longitude], ['', null, null]);

  const image = await send({ message_type: 'image', image_url: IMAGE, latitude: null, longitude: 4000 });
  assert.equal(image.status, 201);
  assert.deepEqual([image.body.latitude, image.body.longitude], [null, null]);

  const location = await send({ message_type: 'location', ...HERE, image_url: 'http://ailleurs' });
  assert.equal(location.status, 201);
  assert.equal(location.body.image_url, '');
});

test('an unknown message_type returns 400', async () => {
  for (const message_type of ['video', 'TEXT', '', null, 1, ['text']]) {
    await assertRejected({ message_type, text: 'Bonjour' }, 'message_type');
  }
});

test('only admins can send system messages', async () => {
  const [driver, admin] = await Promise.all([aDriver(), anAdmin()]);
  const room = await aRoom(driver, admin);
  const system = { chat_room_id: room.id, message_type: 'system', text: 'Votre demande a été prise en charge' };

  const { status, body } = await admin.post('messages/', system);
  assert.equal(status, 201);
  assert.equal(body.message_type, 'system');
  assert.equal((await admin.post('messages/', { ...system, text: ' ' })).status, 400);

  const rejections = [await driver.post('messages/', system)];
  const delivery = await aConversation();
  rejections.push(await delivery.client.post('messages/', { ...system, chat_room_id: delivery.room.id }));
  for (const rejection of rejections) {
    assert.equal(rejection.status, 400);
    assert.deepEqual(Object.keys(rejection.body), ['message_type']);
  }
});

test('fields that the server sets are ignored in a body', async () => {
  const id = randomUUID();
  const before = Date.now();
  const { status, body } = await send({
    text: 'Bonjour',
    id,
    sender: { id: conversation.client.id },
    is_read: true,
    read_at: '2001-01-01T00:00:00Z',
    created_at: '2001-01-01T00:00:00Z',
    seq: 1,
    nonsense: { deep: [1, 2] },
  });
  assert.equal(status, 201);
  assert.notEqual(body.id, id);
  assert.equal(body.sender.id, conversation.driver.id);
  assert.deepEqual([body.is_read, body.read_at], [false, null]);
  assert.ok(Math.abs(Date.parse(body.created_at) - before) < 60_000);
});

test('an invalid body names every bad field at once', async () => {
  const { status, body } = await conversation.driver.post('messages/', {
    message_type: 'location',
    latitude: 'nord',
    longitude: 200,
    client_message_id: 'x',
  });
  assert.equal(status, 400);
  assert.deepEqual(Object.keys(body).sort(), ['chat_room_id', 'client_message_id', 'latitude', 'longitude']);
  assert.deepEqual(body.chat_room_id, ['Ce champ est obligatoire.']);
});

describe('the room after a message', () => {
  const lastOf = async (body) => {
    const { driver, room } = await aConversation();
    const sent = await driver.post('messages/', { chat_room_id: room.id, ...body });
    assert.equal(sent.status, 201);
    const seen = await seenBy(driver, room);
    assert.equal(seen.last_message_at, sent.body.created_at);
    return seen.last_message_text;
  };

  test('shows its text, cut at 255 characters', async () => {
    assert.equal(await lastOf({ text: ' Bonjour ' }), 'Bonjour');
    assert.equal(await lastOf({ text: 'é'.repeat(300) }), 'é'.repeat(255));
    assert.equal(await lastOf({ text: '📷'.repeat(255) }), '📷'.repeat(255));
  });

  test('shows a label for an image or a location without a text', async () => {
    assert.equal(await lastOf({ message_type: 'image', image_url: IMAGE }), '📷 Photo');
    assert.equal(await lastOf({ message_type: 'location', ...HERE }), '📍 Position partagée');
    assert.equal(await lastOf({ message_type: 'image', image_url: IMAGE, text: ' ' }), '📷 Photo');
  });

  test('shows the text of an image or a location', async () => {
    assert.equal(await lastOf({ message_type: 'image', image_url: IMAGE, text: 'Voici la photo' }), 'Voici la photo');
    assert.equal(await lastOf({ message_type: 'location', ...HERE, text: 'Je suis ici' }), 'Je suis ici');
  });
});

test('messages are numbered from 1, across both senders, without a gap', async () => {
  const { driver, client, room } = await aConversation();
  const sent = [];
  for (const sender of [driver, client, client, driver]) sent.push(await say(sender, room));
  assert.deepEqual(
    sent.map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
  const times = sent.map(({ created_at }) => created_at);
  assert.deepEqual(times, times.toSorted());
  assert.equal(new Set(times).size, times.length);
});

test('a rejected message leaves no gap and is not counted', async () => {
  const { driver, client, room } = await aConversation();
  await driver.post('messages/', { chat_room_id: room.id, text: '' });
  await driver.post('messages/', { chat_room_id: room.id, message_type: 'system', text: 'Bonjour' });
  assert.equal((await say(driver, room)).seq, 1);
  assert.equal((await seenBy(client, room)).unread_count, 1);
});

test('sending to an inactive room returns 400', async () => {
  const { driver, client, room } = await aConversation();
  await sql('UPDATE chat_rooms SET is_active = false WHERE id = $1', [room.id]);
  assert.equal((await driver.post('messages/', { chat_room_id: room.id, text: 'Bonjour' })).status, 400);
  assert.equal((await seenBy(client, room)).unread_count, 0);
});
