// The report of preflight for the local stack, for wrong settings, and for rules that differ from ours.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BASE_URL, FIREBASE_DATABASE_URL } from './support/settings.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { secretsManager, secretVariables } from './support/secrets-manager.mjs';

const admin = { authorization: 'Bearer owner' };
const rules = `${FIREBASE_DATABASE_URL}/.settings/rules.json`;
const parts = ownParts('preflight');

async function preflight(event = {}) {
  const url = `${BASE_URL}/2015-03-31/functions/preflight/invocations`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) });
  return response.json();
}

const failures = ({ checks }) => checks.filter(({ status }) => status === 'failed').map(({ name }) => name);

const withSignIn = {
  firebase_web_api_key: 'local',
  identity_toolkit_url: `${FIREBASE_DATABASE_URL}/identitytoolkit.googleapis.com`,
};

test('the local stack passes, and preflight leaves nothing behind', async () => {
  const report = await preflight(withSignIn);
  assert.ok(report.ok, report.table);
  const skipped = report.checks.filter(({ status }) => status === 'skipped').map(({ name }) => name);
  assert.deepEqual(skipped, ['PostgreSQL TLS', 'Webhooks', 'Cloudinary', 'Redis']);
  assert.equal(report.table.trimEnd().split('\n').length, report.checks.length);
  const chats = await (await fetch(`${FIREBASE_DATABASE_URL}/chats.json?shallow=true`, { headers: admin })).json();
  const inboxes = await (await fetch(`${FIREBASE_DATABASE_URL}/inboxes.json`, { headers: admin })).text();
  assert.deepEqual(Object.keys(chats ?? {}).filter((id) => id.startsWith('preflight')), []);
  assert.ok(!inboxes.includes('preflight'));
});

test('without the key of the web app the sign-in is skipped, and the report says how to try it', async () => {
  const { checks } = await preflight();
  const { status, detail } = checks.find(({ name }) => name === 'Firebase Authentication');
  assert.equal(status, 'skipped');
  assert.match(detail, /firebase_web_api_key/);
});

test('foreign rules are detected by their text and by their effect', async () => {
  const ours = await (await fetch(rules, { headers: admin })).text();
  const deploy = (body) => fetch(rules, { method: 'PUT', headers: admin, body });
  try {
    await deploy(JSON.stringify({ rules: { '.read': true, '.write': true } }));
    assert.deepEqual(failures(await preflight()), [
      'Firebase rules',
      'rules: a stale state is rejected',
      'rules: the same revision is rejected',
      'rules: a stranger reads nothing',
      'rules: a participant forges no message',
      'rules: a participant changes no room',
      'rules: a stranger shows no typing',
      'rules: a participant reads no other inbox',
      'rules: a user changes no badge',
    ]);
    await deploy(JSON.stringify({ rules: { '.read': false, '.write': false } }));
    const denied = failures(await preflight());
    assert.ok(denied.includes('rules: the backend writes a room'), denied.join());
  } finally {
    await deploy(ours);
  }
  assert.deepEqual(failures(await preflight()), []);
});

test('an unreadable secret is named, and no value is quoted', async () => {
  const aws = await parts.moto();
  const secret = { database_url: 'postgres://relais:hunter2@127.0.0.1:1/relais' };
  await secretsManager(aws, 'CreateSecret', { Name: 'broken', SecretString: JSON.stringify(secret) });
  const environment = plain(secretVariables(aws, 'broken'));
  const { invoke } = await parts.functions(['preflight'], { environment });
  const report = await invoke('preflight');
  assert.deepEqual(failures(report), ['secret']);
  assert.match(report.table, /jwt_secret/);
  assert.ok(!JSON.stringify(report).includes('hunter2'), report.table);
});

for (const [redis, expected] of [
  ['reachable', ['PostgreSQL connection']],
  ['unreachable', ['PostgreSQL connection', 'Redis']],
]) {
  test(`an unreachable database stops no other check, with a Redis that is ${redis}`, async () => {
    const [aws, running] = await Promise.all([parts.moto(), parts.redis()]);
    const secret = {
      database_url: 'postgres://relais:hunter2@127.0.0.1:1/relais',
      jwt_secret: 'a key of the tokens that is long enough to sign',
      redis_url: expected.includes('Redis') ? 'redis://:hunter2@127.0.0.1:1' : running.url,
    };
    await secretsManager(aws, 'CreateSecret', { Name: redis, SecretString: JSON.stringify(secret) });
    const environment = plain(secretVariables(aws, redis));
    const { invoke } = await parts.functions(['preflight'], { environment, at: redis.replaceAll(' ', '-') });
    const report = await invoke('preflight');
    assert.deepEqual(failures(report), expected, report.table);
    assert.equal(report.checks.at(-1).status, expected.includes('Redis') ? 'failed' : 'ok');
    assert.ok(!JSON.stringify(report).includes('hunter2'), report.table);
  });
}
