// The secret in AWS Secrets Manager (moto emulates it), and the effect of its rotation on running functions.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { before, describe, test } from 'node:test';

import { folderOfBinaries } from '../dev/parts/build.mjs';
import { withDatabase } from '../dev/parts/database.mjs';
import { ROOT } from '../dev/parts/places.mjs';
import { eventually } from './support/eventually.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { secretsManager, secretVariables } from './support/secrets-manager.mjs';
import { claims, sign } from './support/tokens.mjs';

/** A function rereads a secret at most every 30 s, so a rotation takes effect within this time. */
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

/** Creates a role with a password that the server checks. The role of the tests stays trusted. */
async function role(name, password) {
  const rules = ['host all relais 127.0.0.1/32 trust', 'host all all 127.0.0.1/32 scram-sha-256', ''];
  writeFileSync(join(postgres.data, 'pg_hba.conf'), rules.join('\n'));
  await withDatabase(postgres.url, async (client) => {
    await client.query('SELECT pg_reload_conf()');
    await client.query(`CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD '${password}'`);
  });
  return (current) => Object.assign(new URL(postgres.url), { username: name, password: current }).href;
}

/** Returns an environment that has only the name of the secret. */
async function environmentOf(secret, id) {
  await secretsManager(aws, 'CreateSecret', { Name: id, SecretString: JSON.stringify(secret) });
  return plain(secretVariables(aws, id));
}

async function functionsWith(secret, id) {
  const environment = await environmentOf(secret, id);
  const { request, invoke, logs } = await parts.functions(['migrate-database', 'unread-count'], { environment, at: id });
  await invoke('migrate-database');
  const user = `INSERT INTO users (id, full_name, phone_number, user_type) VALUES ($1, 'Awa', '', 'driver') ON CONFLICT DO NOTHING`;
  await withDatabase(postgres.url, (client) => client.query(user, [viewer]));
  return {
    logged: () => readdirSync(logs).map((file) => readFileSync(join(logs, file), 'utf8')).join(''),
    status: async (key) => (await request('GET', 'rooms/unread_count/', signedWith(key))).status,
    rotate: (changes) =>
      secretsManager(aws, 'PutSecretValue', { SecretId: id, SecretString: JSON.stringify({ ...secret, ...changes }) }),
  };
}

// In parallel: these tests mostly wait.
describe('without a new deployment', { concurrency: true }, () => {
  test('a rotated signing key is picked up, and tokens of the previous key stay valid', async () => {
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
      // An open connection survives the change of the password, so close it, as maintenance does.
      await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'chat'`);
    });
    await assert.rejects(withDatabase(urlWith('first'), (client) => client.query('SELECT')), /password/);
    await eventually(async () => assert.equal(await functions.status(KEY), 200), READ_AGAIN_WITHIN);
  });

  test('a key that is too short does not replace the current one', async () => {
    const secret = { database_url: postgres.url, jwt_secret: KEY };
    const functions = await functionsWith(secret, 'short');
    const short = 'hunter2';
    await functions.rotate({ jwt_secret: short, previous_jwt_secret: '' });
    await eventually(async () => {
      assert.equal(await functions.status(short), 401);
      assert.match(functions.logged(), /jwt_secret in the secret named by CHAT_SECRET_ID is not valid/);
    }, READ_AGAIN_WITHIN);
    assert.equal(await functions.status(KEY), 200, 'the old key is still in force');
    assert.equal(await functions.status(''), 401);
    assert.ok(!functions.logged().includes(short), 'no value is logged');
  });
});

test('a blank value counts as missing: an empty key signs nothing', async () => {
  const blank = { direct_database_url: '', redis_url: ' ', cloudinary_url: '', firebase_service_account: '' };
  const secret = { database_url: postgres.url, jwt_secret: KEY, ...blank };
  for (const [n, previous_jwt_secret] of ['', ' ', '\n', null].entries()) {
    const functions = await functionsWith({ ...secret, previous_jwt_secret }, `blank-${n}`);
    assert.equal(await functions.status(KEY), 200);
    for (const guess of ['', ' ', '\n', 'null', 'x']) assert.equal(await functions.status(guess), 401);
  }
});

describe('an unusable secret stops a function at its start, and the log names the field', () => {
  /** Returns the log of a function that exits at its start. */
  async function startupError(environment) {
    const binary = join(await folderOfBinaries(ROOT), 'unread-count');
    const child = spawn(binary, { env: { ...environment, AWS_LAMBDA_RUNTIME_API: '127.0.0.1:1' } });
    const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    assert.notEqual(code, 0);
    return out + error;
  }

  const good = { database_url: 'postgres://relais:hunter2@127.0.0.1:1/relais', jwt_secret: KEY };
  const account = { project_id: 'p', client_email: 'e@example.com', private_key: 'hunter2' };
  const documents = {
    database_url: { ...good, database_url: ' ' },
    jwt_secret: { ...good, jwt_secret: 'hunter2' },
    previous_jwt_secret: { ...good, previous_jwt_secret: 'hunter2' },
    redis_url: { ...good, redis_url: ['hunter2'] },
    cloudinary_url: { ...good, cloudinary_url: 'https://hunter2@cloudinary.com' },
    private_key: { ...good, firebase_service_account: JSON.stringify(account) },
    project_id: { ...good, firebase_service_account: { ...account, project_id: '' } },
  };
  for (const [field, document] of Object.entries(documents)) {
    test(field, async () => {
      const said = await startupError(await environmentOf(document, `rejected-${field}`));
      assert.ok(said.includes(field), said);
      assert.ok(!said.includes('hunter2'), said);
    });
  }

  test('JWT_SECRET and PREVIOUS_JWT_SECRET, as variables', async () => {
    const environment = plain({ DATABASE_URL: good.database_url, JWT_SECRET: KEY });
    for (const name of ['JWT_SECRET', 'PREVIOUS_JWT_SECRET']) {
      const said = await startupError({ ...environment, [name]: 'hunter2' });
      assert.ok(said.includes(name), said);
      assert.ok(!said.includes('hunter2'), said);
    }
    assert.match(await startupError({ ...environment, JWT_SECRET: ' ' }), /JWT_SECRET/);
  });
});
