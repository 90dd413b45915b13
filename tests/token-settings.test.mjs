// simplejwt's settings: the algorithm, the keys, audience, issuer, the user's claim and the leeway.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { forgeries } from './support/forgeries.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { aDriver } from './support/people.mjs';
import { DATABASE_URL } from './support/settings.mjs';
import { claims, now, sign } from './support/tokens.mjs';

const PYTHON = fileURLToPath(new URL('../.dev/venv/bin/python', import.meta.url));
const SECRET = 'a key of the tests that is long enough for HS256, HS384 and HS512, too';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PRIVATE_KEY = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' });
const PUBLIC_KEY = rsa.publicKey.export({ type: 'spki', format: 'pem' });
const RS256 = { alg: 'RS256', secret: PRIVATE_KEY, publicKey: PUBLIC_KEY };

const parts = ownParts('token-settings');
let driver;
before(async () => {
  driver = await aDriver();
});

/**
 * Starts functions with these variables. `status(token)` returns the status of a user's request, and
 * `platformStatus(token)` the status of a request of the platform.
 */
async function functionsWith(variables, at) {
  const environment = plain({ DATABASE_URL, ...variables });
  const { request } = await parts.functions(['unread-count', 'receive-event'], { environment, at });
  const event = () => ({ event_id: randomUUID(), event: 'arriving', delivery_id: randomUUID() });
  return {
    status: async (token) => (await request('GET', 'rooms/unread_count/', token)).status,
    platformStatus: async (token) => (await request('POST', 'events/', token, event())).status,
  };
}

/** Returns a token made by Python's PyJWT, which simplejwt uses. */
async function signedByPyJwt(payload, { alg, secret }) {
  const script = 'import json, jwt, sys; print(jwt.encode(*json.loads(sys.argv[1])), end="")';
  const { stdout } = await promisify(execFile)(PYTHON, ['-c', script, JSON.stringify([payload, secret, alg])]);
  return stdout;
}

for (const service of [
  { alg: 'HS256', secret: SECRET },
  { alg: 'HS384', secret: SECRET },
  { alg: 'HS512', secret: SECRET },
  RS256,
]) {
  const { alg, publicKey } = service;
  const keys = publicKey ? { JWT_VERIFYING_KEY: publicKey } : { JWT_SECRET: SECRET };

  test(`${alg}: tokens of simplejwt and of the platform are accepted, and each forgery is rejected`, async () => {
    const { status, platformStatus } = await functionsWith({ JWT_ALGORITHM: alg, ...keys }, alg);
    const platform = { aud: 'chat-events', exp: now() + 60 };
    assert.equal(await status(await signedByPyJwt(claims(driver.id), service)), 200);
    // 400 and not 401: the delivery is unknown, but the token is accepted.
    assert.equal(await platformStatus(await signedByPyJwt(platform, service)), 400);
    for (const [name, token] of Object.entries(forgeries(claims(driver.id), service))) {
      assert.equal(await status(token), 401, name);
    }
    for (const [name, token] of Object.entries(forgeries(platform, service))) {
      assert.equal(await platformStatus(token), 401, name);
    }
  });
}

describe('with an audience, an issuer, another user claim and no leeway', () => {
  let functions;
  before(async () => {
    functions = await functionsWith(
      {
        JWT_SECRET: SECRET,
        JWT_AUDIENCE: 'app, chat',
        JWT_ISSUER: 'https://id.example',
        JWT_USER_ID_CLAIM: 'sub',
        JWT_LEEWAY_SECONDS: '0',
      },
      'claims',
    );
  });
  const token = (changes) =>
    sign(claims(undefined, { aud: 'chat', iss: 'https://id.example', sub: driver.id, ...changes }), { secret: SECRET });

  test('a token with all of these claims is accepted', async () => {
    assert.equal(await functions.status(token()), 200);
    assert.equal(await functions.status(token({ aud: ['web', 'app'] })), 200);
  });

  test('a token that lacks one of them returns 401', async () => {
    for (const changes of [
      { aud: undefined },
      { aud: 'web' },
      { aud: ['web'] },
      { aud: { app: true } },
      { iss: undefined },
      { iss: 'https://id.example.attacker.example' },
      { iss: ['https://id.example'] },
      { sub: undefined, user_id: driver.id },
      { exp: now() - 1 },
      { iat: now() + 30 },
    ]) {
      assert.equal(await functions.status(token(changes)), 401, JSON.stringify(changes));
    }
  });

  test('the platform’s token needs its own audience only', async () => {
    const signed = (payload) => sign({ exp: now() + 60, ...payload }, { secret: SECRET });
    assert.equal(await functions.platformStatus(signed({ aud: 'chat-events' })), 400);
    assert.equal(await functions.platformStatus(signed({ aud: 'chat' })), 401);
    assert.equal(await functions.platformStatus(token({ aud: 'chat-events' })), 401);
  });
});
