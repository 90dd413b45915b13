// Who may say what has happened to a delivery: the platform's own backend, by a token that is no user's.

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
  'a user’s token for that audience without a type': () => user({ aud: 'chat-events', token_type: undefined }),
  'a token of a type of that name': () => platformToken({ token_type: 'chat-events', aud: undefined }),
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
  test(`${name} is 401 token_not_valid`, async () => {
    const { status, body: refusal } = await api(`Bearer ${token()}`).post('events/', body('assigned', delivery));
    assert.equal(status, 401);
    assert.equal(refusal.code, 'token_not_valid');
  });
}

test('an admin has no more right to it', async () => {
  assert.equal((await (await anAdmin()).post('events/', body('assigned', delivery))).status, 401);
});

test('no token is 401, before the body is looked at', async () => {
  const { status, body: refusal } = await api(undefined).post('events/', {});
  assert.equal(status, 401);
  assert.equal(refusal.code, 'not_authenticated');
});

test('the platform may be one of several audiences', async () => {
  const answer = await platform({ aud: ['billing', 'chat-events'] }).post('events/', body('arriving', delivery));
  assert.equal(answer.status, 201);
  assert.deepEqual(answer.body.rooms, []);
});

test('the platform’s token opens nothing else', async () => {
  const { client, room } = await aConversation({ initial_message: 'Bonjour' });
  for (const token of [
    platformToken(),
    platformToken({ jti: 'x', user_id: client.id }),
    platformToken({ token_type: 'access', jti: 'x', user_id: client.id }),
  ]) {
    const it = api(`Bearer ${token}`);
    const answers = await Promise.all([
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
      answers.map(({ status }) => status),
      answers.map(() => 401),
    );
  }
});
