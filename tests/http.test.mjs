// Rules 1, 3, 5, 7 and 29 of docs/api-guide.md: both forms of a path, unknown routes, the form of errors and times,
// and the headers.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { address, call } from './support/api.mjs';
import { aConversation, aDriver, say } from './support/people.mjs';
import { BASE_URL } from './support/settings.mjs';

const errorWithDetail = ({ status, body }, ...expected) => {
  assert.ok(expected.includes(status), `${status} ${JSON.stringify(body)}`);
  assert.equal(typeof body?.detail, 'string', `${status} without a detail`);
};

describe('every path works without its trailing slash', () => {
  test('reading', async () => {
    const { driver, room } = await aConversation({ initial_message: 'Bonjour' });
    const query = { chat_room_id: room.id };
    for (const [path, parameters] of [['rooms'], [`rooms/${room.id}`], ['rooms/unread_count'], ['messages', query]]) {
      const without = await driver.get(path, parameters);
      assert.equal(without.status, 200, path);
      assert.deepEqual(without.body, (await driver.get(`${path}/`, parameters)).body);
    }
  });

  test('writing', async () => {
    const { driver, client, delivery, room } = await aConversation();
    const asked = { other_user_id: client.id, delivery_id: delivery.id, room_type: 'delivery' };
    const calls = [
      [`rooms/${room.id}/mark_as_read`],
      [`rooms/${room.id}/archive`, {}],
      [`rooms/${room.id}/mute`, {}],
      [`rooms/${room.id}/typing`, { is_typing: true }],
      ['rooms', asked],
      ['messages', { chat_room_id: room.id, text: 'Bonjour' }],
      ['messages/mark_as_read', { chat_room_id: room.id }],
      ['messages/mark_as_delivered', { receipts: [] }],
      ['firebase_token'],
    ];
    for (const [path, body] of calls) {
      const [without, withSlash] = [await driver.post(path, body), await driver.post(`${path}/`, body)];
      assert.ok([200, 201].includes(without.status), `${path}: ${without.status}`);
      assert.equal(withSlash.status, without.status);
    }
  });

  test('the links of a path without a slash can be followed', async () => {
    const { driver, room } = await aConversation();
    for (let i = 0; i < 3; i += 1) await say(driver, room);
    const { body } = await driver.get('messages', { chat_room_id: room.id, page_size: 2 });
    const { status, body: second } = await driver.follow(body.next);
    assert.equal(status, 200);
    assert.equal(second.results.length, 1);
  });
});

describe('an unknown route returns 404 or 405 with a detail', () => {
  test('for an unknown path', async () => {
    const { token } = await aDriver();
    for (const path of [
      '',
      'room/',
      'rooms/unread/count/',
      'messages/abc/def/',
      'messages/mark_as_read/x/',
      '../../../etc/passwd',
    ]) {
      errorWithDetail(await call('GET', address(path), { headers: { authorization: `Bearer ${token}` } }), 404, 405);
    }
    errorWithDetail(await call('GET', `${BASE_URL}/`), 404);
    errorWithDetail(await call('GET', `${BASE_URL}/api/v2/chat/rooms/`), 404);
  });

  test('for an unknown method', async () => {
    const { token } = await aDriver();
    const headers = { authorization: `Bearer ${token}` };
    for (const [method, path] of [
      ['PUT', 'rooms/'],
      ['DELETE', 'rooms/'],
      ['PATCH', 'messages/'],
      ['DELETE', 'messages/'],
      ['GET', 'firebase_token/'],
      ['GET', 'messages/mark_as_read/'],
      ['POST', 'rooms/unread_count/'],
      ['GET', 'devices/a/'],
      ['POST', 'notification_settings/'],
    ]) {
      errorWithDetail(await call(method, address(path), { headers }), 404, 405);
    }
  });
});

test('every response of a function has its own id and is not cacheable', async () => {
  const { driver, room } = await aConversation();
  const responses = [
    await driver.get('rooms/'),
    await driver.get(`rooms/${room.id}/`),
    await driver.get('rooms/', { page: 99 }),
    await driver.post('messages/', {}),
    await driver.delete('devices/unknown/'),
    await call('GET', address('rooms/')),
  ];
  assert.deepEqual(
    responses.map(({ status }) => status),
    [200, 200, 404, 400, 204, 401],
  );
  const ids = responses.map(({ headers }) => headers.get('x-request-id'));
  for (const id of ids) assert.match(id, /^[\w=-]+$/);
  assert.equal(new Set(ids).size, ids.length);
  for (const { headers } of responses) assert.equal(headers.get('cache-control'), 'no-store');
});

test('times are UTC with six digits, and sort as text', async () => {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  await client.post(`rooms/${room.id}/mark_as_read/`);
  await say(driver, room);
  const { body } = await driver.get('messages/', { chat_room_id: room.id, ordering: 'created_at' });
  const [first, second] = body.results;
  const times = [room.created_at, first.created_at, first.read_at, second.created_at];
  for (const time of times) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assert.deepEqual(times, times.toSorted());
});

test('messages are French, whatever Accept-Language says', async () => {
  const { token } = await aDriver();
  const { body } = await call('POST', address('rooms/'), {
    headers: { 'authorization': `Bearer ${token}`, 'content-type': 'application/json', 'accept-language': 'en-GB,en' },
    payload: '{}',
  });
  assert.deepEqual(body.room_type, ['Ce champ est obligatoire.']);
});
