// Rule 2 of docs/api-guide.md: valid tokens are accepted, and each known forgery is rejected.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';

import { address, api, call } from './support/api.mjs';
import { forgeries } from './support/forgeries.mjs';
import { aConversation, aDriver, person } from './support/people.mjs';
import { JWT_SECRET } from './support/settings.mjs';
import { accessToken, base64url, claims, now, sign } from './support/tokens.mjs';

const unreadCount = (authorization) => api(authorization).get('rooms/unread_count/');

let driver;
before(async () => {
  driver = await aDriver();
});

test('a valid token is accepted', async () => {
  const { status } = await unreadCount(`Bearer ${accessToken(driver.id)}`);
  assert.equal(status, 200);
});

test('only user_id identifies the caller, whatever other claims the token has', async () => {
  const token = accessToken(driver.id, { user_type: 'admin', aud: 'elsewhere', iss: 'someone', sub: randomUUID() });
  assert.equal((await unreadCount(`Bearer ${token}`)).status, 200);
});

describe('a request without a token returns 401 not_authenticated', () => {
  const token = () => accessToken(driver.id);
  const headers = {
    'no header': () => undefined,
    'an empty header': () => '',
    'the token without a scheme': () => token(),
    'Basic': () => `Basic ${Buffer.from('jean:secret').toString('base64')}`,
    'Token': () => `Token ${token()}`,
    'JWT': () => `JWT ${token()}`,
    'bearer in lower case, as simplejwt rejects it': () => `bearer ${token()}`,
    'BEARER in upper case': () => `BEARER ${token()}`,
    'a scheme that begins with Bearer': () => `Bearer2 ${token()}`,
  };
  for (const [name, header] of Object.entries(headers)) {
    test(name, async () => {
      const { status, body } = await unreadCount(header());
      assert.equal(status, 401);
      assert.equal(body.code, 'not_authenticated');
      assert.equal(body.detail, "Informations d'authentification non fournies.");
    });
  }

  test('a token in the query string or in a cookie is ignored', async () => {
    const response = await call('GET', address('rooms/unread_count/', { token: token(), access_token: token() }), {
      headers: { cookie: `access=${token()}; Authorization=Bearer ${token()}` },
    });
    assert.equal(response.status, 401);
  });
});

describe('an Authorization header that does not have two words returns 401 bad_authorization_header', () => {
  const headers = {
    'Bearer alone': () => 'Bearer',
    'a space within the token': () => `Bearer ${accessToken(driver.id).replace('.', '. ')}`,
    'two tokens': () => `Bearer ${accessToken(driver.id)} ${accessToken(driver.id)}`,
  };
  for (const [name, header] of Object.entries(headers)) {
    test(name, async () => {
      const { status, body } = await unreadCount(header());
      assert.equal(status, 401);
      assert.equal(body.code, 'bad_authorization_header');
    });
  }
});

describe('a forged, expired or refresh token returns 401 token_not_valid', () => {
  const good = (changes) => claims(driver.id, changes);
  const tokens = {
    'expired longer ago than the leeway': () => accessToken(driver.id, { exp: now() - 6 }),
    'expired long ago': () => accessToken(driver.id, { exp: 0 }),
    'a negative exp': () => accessToken(driver.id, { exp: -1 }),
    'no exp': () => accessToken(driver.id, { exp: undefined }),
    'exp null': () => accessToken(driver.id, { exp: null }),
    'exp that is a text': () => accessToken(driver.id, { exp: 'never' }),
    'not valid yet': () => accessToken(driver.id, { nbf: now() + 600 }),
    'issued in the future': () => accessToken(driver.id, { iat: now() + 600 }),
    'no jti': () => accessToken(driver.id, { jti: undefined }),
    'a refresh token': () => accessToken(driver.id, { token_type: 'refresh' }),
    'a sliding token': () => accessToken(driver.id, { token_type: 'sliding' }),
    'no token_type': () => accessToken(driver.id, { token_type: undefined }),
    'token_type as a list': () => accessToken(driver.id, { token_type: ['access'] }),
    'claims that are null': () => sign('null'),
    'claims that are a list': () => sign([good()]),
    'claims that are a text': () => sign('"access"'),
    'claims that are not JSON': () => sign('{"token_type": "access"'),
    'claims that are not UTF-8': () => sign(Buffer.from([0x22, 0xff, 0xfe, 0x22])),
    'a header that is not JSON': () => `${base64url('{')}.${base64url(good())}.x`,
  };
  const names = Object.keys(forgeries({}, { alg: 'HS256', secret: JWT_SECRET }));
  for (const name of names) tokens[name] = () => forgeries(good(), { alg: 'HS256', secret: JWT_SECRET })[name];
  for (const [name, token] of Object.entries(tokens)) {
    test(name, async () => {
      const { status, body } = await unreadCount(`Bearer ${token()}`);
      assert.equal(status, 401);
      assert.equal(body.code, 'token_not_valid');
    });
  }

  const userIds = {
    'missing': undefined,
    'null': null,
    'a number': 1,
    'true': true,
    'a list': [randomUUID()],
    'an object': { id: randomUUID() },
    'empty': '',
    'not a UUID': 'jean',
    'a UUID and more': `${randomUUID()}' OR '1'='1`,
    'with NUL': `${randomUUID()}\u0000`,
  };
  for (const [name, userId] of Object.entries(userIds)) {
    test(`a user_id that is ${name} returns 401`, async () => {
      const { status } = await unreadCount(`Bearer ${accessToken(userId)}`);
      assert.equal(status, 401);
    });
  }
});

test('an invalid token of six kilobytes returns 401', async () => {
  const { status } = await unreadCount(`Bearer ${'a'.repeat(6000)}`);
  assert.equal(status, 401);
});

test('a clock difference of five seconds between issuer and functions is accepted', async () => {
  for (const changes of [{ exp: now() - 2 }, { iat: now() + 3 }, { nbf: now() + 3 }]) {
    const { status } = await unreadCount(`Bearer ${accessToken(driver.id, changes)}`);
    assert.equal(status, 200, JSON.stringify(changes));
  }
});

test('an unknown user returns 401 user_not_found', async () => {
  const { status, body } = await unreadCount(`Bearer ${accessToken(randomUUID())}`);
  assert.equal(status, 401);
  assert.equal(body.code, 'user_not_found');
});

test('a deactivated user returns 401 user_inactive', async () => {
  const gone = await person('driver', { is_active: false });
  const { status, body } = await gone.get('rooms/unread_count/');
  assert.equal(status, 401);
  assert.equal(body.code, 'user_inactive');
});

test('every endpoint checks the token before anything else', async () => {
  const { client, room } = await aConversation();
  const anonymous = api(undefined);
  const responses = await Promise.all([
    anonymous.get('rooms/'),
    anonymous.get(`rooms/${room.id}/`),
    anonymous.post('rooms/', { other_user_id: client.id, room_type: 'delivery' }),
    anonymous.post(`rooms/${room.id}/mark_as_read/`),
    anonymous.post(`rooms/${room.id}/archive/`, {}),
    anonymous.get('rooms/unread_count/'),
    anonymous.get('messages/', { chat_room_id: room.id }),
    anonymous.post('messages/', { chat_room_id: room.id, text: 'Bonjour' }),
    anonymous.post('messages/mark_as_read/', { chat_room_id: room.id }),
    anonymous.post('messages/mark_as_delivered/', { receipts: [{ chat_room_id: room.id, seq: 1 }] }),
    anonymous.patch(`messages/${room.id}/`, { text: 1 }),
    anonymous.delete(`messages/${room.id}/`),
    anonymous.post(`rooms/${room.id}/typing/`, { is_typing: true }),
    anonymous.post('firebase_token/'),
    anonymous.post(`rooms/${room.id}/mute/`),
    anonymous.put('devices/a/'),
    anonymous.delete('devices/a/'),
    anonymous.get('notification_settings/'),
    anonymous.put('notification_settings/', { push_enabled: 'no boolean' }),
    anonymous.post('messages/', 'no object'),
    anonymous.get('messages/'),
  ]);
  assert.deepEqual(
    responses.map(({ status }) => status),
    responses.map(() => 401),
  );
});
