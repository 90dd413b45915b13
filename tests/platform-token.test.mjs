// Only the platform's backend may send events, with a token that is not a user's.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';

import { api } from './support/api.mjs';
import { aClient, aConversation, aDelivery, aDriver, anAdmin } from './support/people.mjs';
import { claims, now, platformToken, sign } from './support/tokens.mjs';

const platform = (changes) => api(`Bearer ${platformToken(changes)}`);
const body = (event, delivery) => ({ event_id: randomUUID(), event, delivery_id: delivery.id });

let delivery;
let driver;
before(async () => {
  driver = await aDriver();
  delivery = await aDelivery({ driver, client: await aClient() });
});

const user = (changes) => sign(claims(driver.id, changes));
const tokens = {
  'an access token': () => user(),
  'an access token for that audience': () => user({ aud: 'chat-events' }),
  'a refresh token for that audience': () => user({ aud: 'chat-events', token_type: 'refresh' }),
  'an access token for that audience without a user': () => user({ aud: 'chat-events', user_id: undefined }),
  'a user’s token for that audience without a token_type': () => user({ aud: 'chat-events', token_type: undefined }),
  'a token with that name as its token_type': () => platformToken({ token_type: 'chat-events', aud: undefined }),
  'another audience': () => platformToken({ aud: 'chat-event' }),
  'no audience': () => platformToken({ aud: undefined }),
  'an audience that is an object': () => platformToken({ aud: { 'chat-events': true } }),
  'no exp': () => platformToken({ exp: undefined }),
  'expired longer ago than the leeway': () => platformToken({ exp: now() - 6 }),
  'not valid yet': () => platformToken({ nbf: now() + 600 }),
  'another secret': () =>
    sign({ aud: 'chat-events', exp: now() + 60 }, { secret: 'another-secret-that-is-long-enough' }),
  'the empty key': () => sign({ aud: 'chat-events', exp: now() + 60 }, { secret: '' }),
  'another algorithm': () => sign({ aud: 'chat-events', exp: now() + 60 }, { alg: 'HS512' }),
};
for (const [name, token] of Object.entries(tokens)) {
  test(`${name} returns 401 token_not_valid`, async () => {
    const { status, body: error } = await api(`Bearer ${token()}`).post('events/', body('assigned', delivery));
    assert.equal(status, 401);
    assert.equal(error.code, 'token_not_valid');
  });
}

test('an admin\'s token is rejected as well', async () => {
  assert.equal((await (await anAdmin()).post('events/', body('assigned', delivery))).status, 401);
});

test('a request without a token returns 401 before its body is read', async () => {
  const { status, body: error } = await api(undefined).post('events/', {});
  assert.equal(status, 401);
  assert.equal(error.code, 'not_authenticated');
});

test('the platform may be one of several audiences', async () => {
  const response = await platform({ aud: ['billing', 'chat-events'] }).post('events/', body('arriving', delivery));
  assert.equal(response.status, 201);
  assert.deepEqual(response.body.rooms, []);
});

test('the platform’s token is rejected by all other endpoints', async () => {
  const { client, room } = await aConversation({ initial_message: 'Bonjour' });
  for (const token of [
    platformToken(),
    platformToken({ jti: 'x', user_id: client.id }),
    platformToken({ token_type: 'access', jti: 'x', user_id: client.id }),
  ]) {
    const it = api(`Bearer ${token}`);
    const responses = await Promise.all([
      it.get('rooms/'),
      it.get(`rooms/${room.id}/`),
      it.post('rooms/', { other_user_id: client.id, room_type: 'delivery' }),
      it.post(`rooms/${room.id}/mark_as_read/`),
      it.post(`rooms/${room.id}/archive/`, {}),
      it.get('rooms/unread_count/'),
      it.get('messages/', { chat_room_id: room.id }),
      it.get('messages/search/', { q: 'bonjour' }),
      it.post('messages/', { chat_room_id: room.id, message_type: 'system', text: 'Bonjour' }),
      it.post('messages/mark_as_read/', { chat_room_id: room.id }),
      it.post(`rooms/${room.id}/typing/`, { is_typing: true }),
      it.post('uploads/', { chat_room_id: room.id }),
      it.get('analytics/'),
      it.post('firebase_token/'),
    ]);
    assert.deepEqual(
      responses.map(({ status }) => status),
      responses.map(() => 401),
    );
  }
});
