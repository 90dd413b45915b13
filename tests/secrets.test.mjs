// The secret of AWS Secrets Manager (moto plays it), and what its rotation comes to for functions that run.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';

import { withDatabase } from '../dev/parts/database.mjs';
import { eventually } from './support/eventually.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { claims, sign } from './support/tokens.mjs';

/** A secret is not read again within 30 s, whatever is rejected: that is how long it takes at most. */
const READ_AGAIN_WITHIN = 40_000;
const KEY = 'the key that signs today, long enough';
const NEXT_KEY = 'the key that signs tomorrow, long enough';

const parts = ownParts('secrets');
const viewer = randomUUID();
const signedWith = (secret) => sign(claims(viewer), { secret });
let postgres;
let aws;

before(async () => {
  [postgres, aws] = await Promise.all([parts.postgres(), parts.moto()]);
});

/** What the AWS CLI sends; moto looks only at which service the signature is for. */
async function secretsManager(action, body) {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `secretsmanager.${action}`,
    authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/secretsmanager/aws4_request, SignedHeaders=host, Signature=0',
  };
  const response = await fetch(aws, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(response.ok, await response.text());
}

/** A role with a password, which the server checks; the tests' own is trusted as before. */
async function role(name, password) {
  const rules = ['host all relais 127.0.0.1/32 trust', 'host all all 127.0.0.1/32 scram-sha-256', ''];
  writeFileSync(join(postgres.data, 'pg_hba.conf'), rules.join('\n'));
  await withDatabase(postgres.url, async (client) => {
    await client.query('SELECT pg_reload_conf()');
    await client.query(`CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD '${password}'`);
  });
  return (current) => Object.assign(new URL(postgres.url), { username: name, password: current }).href;
}

/** Processes that know nothing but the secret's name. */
async function functionsWith(secret, id) {
  const SecretString = JSON.stringify(secret);
  await secretsManager('CreateSecret', { Name: id, SecretString });
  const environment = plain({
    CHAT_SECRET_ID: id,
    AWS_ENDPOINT_URL: aws,
    AWS_REGION: 'eu-west-3',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const { request, invoke } = await parts.functions(['migrate-database', 'unread-count'], { environment, at: id });
  await invoke('migrate-database');
  const user = `INSERT INTO users (id, full_name, phone_number, user_type) VALUES ($1, 'Awa', '', 'driver') ON CONFLICT DO NOTHING`;
  await withDatabase(postgres.url, (client) => client.query(user, [viewer]));
  return {
    status: async (key) => (await request('GET', 'rooms/unread_count/', signedWith(key))).status,
    rotate: (changes) =>
      secretsManager('PutSecretValue', { SecretId: id, SecretString: JSON.stringify({ ...secret, ...changes }) }),
  };
}

// Beside each other: what takes time is waiting.
describe('without a new deployment', { concurrency: true }, () => {
  test('a rotated key of the tokens is picked up, and tokens of the key before it stay good', async () => {
    const functions = await functionsWith({ database_url: postgres.url, jwt_secret: KEY }, 'keys');
    assert.equal(await functions.status(KEY), 200);
    assert.equal(await functions.status(NEXT_KEY), 401);

    await functions.rotate({ jwt_secret: NEXT_KEY, previous_jwt_secret: KEY });
    await eventually(async () => {
      assert.equal(await functions.status(KEY), 200, 'who has a token of the key before is never turned away');
      assert.equal(await functions.status(NEXT_KEY), 200);
    }, READ_AGAIN_WITHIN);
    assert.equal(await functions.status(KEY), 200);
    assert.equal(await functions.status('some other key, long enough as well'), 401);
  });

  test('a rotated password of the database is picked up', async () => {
    const urlWith = await role('chat', 'first');
    const functions = await functionsWith({ database_url: urlWith('first'), jwt_secret: KEY }, 'password');
    assert.equal(await functions.status(KEY), 200);

    await withDatabase(postgres.url, async (client) => {
      await client.query(`ALTER ROLE chat PASSWORD 'second'`);
      await functions.rotate({ database_url: urlWith('second') });
      // A connection that is open stays so; the database's maintenance ends it.
      await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'chat'`);
    });
    await assert.rejects(withDatabase(urlWith('first'), (client) => client.query('SELECT')), /password/);
    await eventually(async () => assert.equal(await functions.status(KEY), 200), READ_AGAIN_WITHIN);
  });
});
