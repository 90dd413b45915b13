// Behaviour 2: who is let in, and that every known way to forge a token fails.

import assert from 'node:assert/strict';
import { createHmac, createPublicKey, createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';

import { address, api, call } from './support/api.mjs';
import { aConversation, aDriver, person } from './support/people.mjs';
import { JWT_SECRET } from './support/settings.mjs';
import { accessToken, base64url, claims, now, sign } from './support/tokens.mjs';

const unreadCount = (authorization) => api(authorization).get('rooms/unread_count/');

let driver;
before(async () => {
  driver = await aDriver();
});

test('a valid token is let in', async () => {
  const { status } = await unreadCount(`Bearer ${accessToken(driver.id)}`);
  assert.equal(status, 200);
});

test('a token says who calls, whatever else it claims', async () => {
  const token = accessToken(driver.id, { user_type: 'admin', aud: 'elsewhere', iss: 'someone', sub: randomUUID() });
  assert.equal((await unreadCount(`Bearer ${token}`)).status, 200);
});

describe('without a token of ours the answer is 401 not_authenticated', () => {
  const token = () => accessToken(driver.id);
  const headers = {
    'no header': () => undefined,
    'an empty header': () => '',
    'the token without a scheme': () => token(),
    'Basic': () => `Basic ${Buffer.from('jean:secret').toString('base64')}`,
    'Token': () => `Token ${token()}`,
    'JWT': () => `JWT ${token()}`,
    'bearer in lower case, which simplejwt does not take either': () => `bearer ${token()}`,
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

  test('a token in the address or in a cookie is not looked at', async () => {
    const answer = await call('GET', address('rooms/unread_count/', { token: token(), access_token: token() }), {
      headers: { cookie: `access=${token()}; Authorization=Bearer ${token()}` },
    });
    assert.equal(answer.status, 401);
  });
});

describe('a header of other than two words is 401 bad_authorization_header', () => {
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

describe('a token that is forged, expired or of another kind is 401 token_not_valid', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
  const good = (changes) => claims(driver.id, changes);
  const signedAs = (header, payload) => `${base64url(header)}.${base64url(payload)}`;
  const unsigned = (alg) => `${signedAs({ alg, typ: 'JWT' }, good())}.`;

  function rs256(header) {
    const text = signedAs({ alg: 'RS256', typ: 'JWT', ...header }, good());
    return `${text}.${createSign('sha256').update(text).sign(rsa.privateKey, 'base64url')}`;
  }

  /** The claims of one token under the signature of another. */
  function spliced() {
    const [header, , signature] = accessToken(driver.id).split('.');
    return [header, base64url(good({ user_id: randomUUID() })), signature].join('.');
  }

  /** Says HS256 and is signed with another hash of the same secret. */
  function mislabelled() {
    const text = signedAs({ alg: 'HS256', typ: 'JWT' }, good());
    return `${text}.${createHmac('sha512', JWT_SECRET).update(text).digest('base64url')}`;
  }

  const tokens = {
    'no JWT at all': () => 'abc',
    'two dots': () => '..',
    'one part too few': () => accessToken(driver.id).split('.').slice(0, 2).join('.'),
    'one part too many': () => `${accessToken(driver.id)}.e30`,
    'a signature that is cut off': () => accessToken(driver.id).replace(/\.[^.]*$/, '.'),
    'a signature that is cut short': () => accessToken(driver.id).slice(0, -10),
    'a signature of other bytes': () => accessToken(driver.id).replace(/\.[^.]*$/, `.${'A'.repeat(43)}`),
    'the signature of another token': spliced,
    'alg none': () => unsigned('none'),
    'alg None': () => unsigned('None'),
    'alg NONE': () => unsigned('NONE'),
    'alg none with a good signature': () => {
      const text = signedAs({ alg: 'none', typ: 'JWT' }, good());
      return `${text}.${createHmac('sha256', JWT_SECRET).update(text).digest('base64url')}`;
    },
    'no alg': () => sign(good(), { header: { alg: undefined } }),
    'alg in lower case': () => sign(good(), { header: { alg: 'hs256' } }),
    'alg HS384 with our secret': () => sign(good(), { alg: 'HS384' }),
    'alg HS512 with our secret': () => sign(good(), { alg: 'HS512' }),
    'alg HS256 signed with HS512': mislabelled,
    'another secret': () => sign(good(), { secret: 'another-secret-that-is-long-enough-for-it' }),
    'the empty secret': () => sign(good(), { secret: '' }),
    'RS256 with a key of the forger': () => rs256({}),
    'RS256 with the key in the header': () => rs256({ jwk: rsa.publicKey.export({ format: 'jwk' }) }),
    'RS256 with the address of the key': () =>
      rs256({ jku: 'http://127.0.0.1:1/keys', x5u: 'http://127.0.0.1:1/cert' }),
    'HS256 with a public key for a secret': () => sign(good(), { secret: publicPem }),
    'HS256 with a certificate key for a secret': () =>
      sign(good(), { secret: createPublicKey(publicPem).export({ type: 'pkcs1', format: 'pem' }) }),
    'kid that points to an empty file': () => sign(good(), { secret: '', header: { kid: '../../../../dev/null' } }),
    'kid with SQL in it': () => sign(good(), { secret: 'x', header: { kid: "' UNION SELECT 'x' -- " } }),
    'a secret of its own in the header': () =>
      sign(good(), { secret: 'mine', header: { jwk: { kty: 'oct', k: base64url('mine') } } }),
    'expired a second ago': () => accessToken(driver.id, { exp: now() - 1 }),
    'expired long ago': () => accessToken(driver.id, { exp: 0 }),
    'expired before time began': () => accessToken(driver.id, { exp: -1 }),
    'no exp': () => accessToken(driver.id, { exp: undefined }),
    'exp null': () => accessToken(driver.id, { exp: null }),
    'exp in words': () => accessToken(driver.id, { exp: 'never' }),
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
    'claims that are no JSON': () => sign('{"token_type": "access"'),
    'claims that are no UTF-8': () => sign(Buffer.from([0x22, 0xff, 0xfe, 0x22])),
    'a header that is no JSON': () => `${base64url('{')}.${base64url(good())}.x`,
  };
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
    'no UUID': 'jean',
    'a UUID and more': `${randomUUID()}' OR '1'='1`,
    'with NUL': `${randomUUID()}\u0000`,
  };
  for (const [name, userId] of Object.entries(userIds)) {
    test(`a user_id that is ${name} is 401`, async () => {
      const { status } = await unreadCount(`Bearer ${accessToken(userId)}`);
      assert.equal(status, 401);
    });
  }
});

test('a token of six kilobytes that is nobody’s is 401', async () => {
  const { status } = await unreadCount(`Bearer ${'a'.repeat(6000)}`);
  assert.equal(status, 401);
});

test('a token is good until the second that it expires in', async () => {
  const { status } = await unreadCount(`Bearer ${accessToken(driver.id, { exp: now() + 30 })}`);
  assert.equal(status, 200);
});

test('a user that the platform does not know is 401 user_not_found', async () => {
  const { status, body } = await unreadCount(`Bearer ${accessToken(randomUUID())}`);
  assert.equal(status, 401);
  assert.equal(body.code, 'user_not_found');
});

test('a user who was deactivated is 401 user_inactive', async () => {
  const gone = await person('driver', { is_active: false });
  const { status, body } = await gone.get('rooms/unread_count/');
  assert.equal(status, 401);
  assert.equal(body.code, 'user_inactive');
});

test('every endpoint wants a token before it looks at anything else', async () => {
  const { client, room } = await aConversation();
  const nobody = api(undefined);
  const answers = await Promise.all([
    nobody.get('rooms/'),
    nobody.get(`rooms/${room.id}/`),
    nobody.post('rooms/', { other_user_id: client.id, room_type: 'delivery' }),
    nobody.post(`rooms/${room.id}/mark_as_read/`),
    nobody.post(`rooms/${room.id}/archive/`, {}),
    nobody.get('rooms/unread_count/'),
    nobody.get('messages/', { chat_room_id: room.id }),
    nobody.post('messages/', { chat_room_id: room.id, text: 'Bonjour' }),
    nobody.post('messages/mark_as_read/', { chat_room_id: room.id }),
    nobody.post(`rooms/${room.id}/typing/`, { is_typing: true }),
    nobody.post('firebase_token/'),
    nobody.post(`rooms/${room.id}/mute/`),
    nobody.put('devices/a/'),
    nobody.delete('devices/a/'),
    nobody.get('notification_settings/'),
    nobody.put('notification_settings/', { push_enabled: 'no boolean' }),
    nobody.post('messages/', 'no object'),
    nobody.get('messages/'),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    answers.map(() => 401),
  );
});
