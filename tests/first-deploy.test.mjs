// The response of the migrations to CloudFormation on a first deployment, for each failure of a dependency.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';

import { withDatabase } from '../dev/parts/database.mjs';
import { freePort } from '../dev/parts/processes.mjs';
import { cloudFormation } from './support/cloudformation.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { secretsManager, secretVariables } from './support/secrets-manager.mjs';

const PASSWORD = 'hunter2';
const KEY = 'a key of the tokens that is long enough to sign';
/** The function's timeout in seconds. It reserves 30 of them for the response. */
const DEADLINE = 37;

const parts = ownParts('first-deploy');
const request = await cloudFormation();
let postgres;
let aws;

before(async () => {
  [postgres, aws] = await Promise.all([parts.postgres(), parts.moto()]);
  const rules = ['host all relais 127.0.0.1/32 trust', 'host all all 127.0.0.1/32 scram-sha-256', ''];
  writeFileSync(join(postgres.data, 'pg_hba.conf'), rules.join('\n'));
  await withDatabase(postgres.url, (client) => client.query('SELECT pg_reload_conf()'));
});

/** Returns the URL of the test's server with these parts changed. */
const url = (changes) => Object.assign(new URL(postgres.url), changes).href;

/** Creates a database for one test, with a role that has a password. */
async function database(name) {
  await withDatabase(postgres.url, async (client) => {
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${PASSWORD}'`);
    await client.query(`CREATE DATABASE ${name} OWNER ${name}`);
  });
  return url({ username: name, password: PASSWORD, pathname: name });
}

/**
 * Starts the real binary with only the name of a secret that holds `secret`. If `secret` is undefined, no secret
 * exists.
 */
async function deployment(id, secret, { variables = {}, endpoint = aws } = {}) {
  if (secret !== undefined) await secretsManager(aws, 'CreateSecret', { Name: id, SecretString: secret });
  const environment = plain({ ...secretVariables(endpoint, id), ...variables });
  const { invoke, logs } = await parts.functions(['migrate-database'], { environment, at: id, timeout: DEADLINE });
  const send = (type, changes) => request((event) => invoke('migrate-database', event), type, changes);
  return { send, logs };
}

const secretWith = (database_url) => JSON.stringify({ database_url, jwt_secret: KEY });

function assertNoValues({ logs }, response) {
  const said = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
  for (const words of [JSON.stringify(response), ...said]) {
    assert.ok(!words.includes(PASSWORD) && !words.includes(KEY), words);
  }
}

describe('CloudFormation gets a response', { concurrency: true }, () => {
  test('for Create, Update with the same and another physical id, and Delete', async () => {
    const databaseUrl = await database('good');
    const { send } = await deployment('good', secretWith(databaseUrl));
    const success = (PhysicalResourceId) => ({ Status: 'SUCCESS', Reason: '', PhysicalResourceId });
    assert.deepEqual(await send('Create'), success('schema'));
    assert.deepEqual(await send('Update', { PhysicalResourceId: 'schema' }), success('schema'));
    assert.deepEqual(await send('Update', { PhysicalResourceId: 'of an older release' }), success('of an older release'));
    assert.deepEqual(await send('Delete', { PhysicalResourceId: 'schema' }), success('schema'));
    const rooms = await withDatabase(databaseUrl, (client) => client.query('SELECT count(*)::int FROM chat_rooms'));
    assert.equal(rooms.rows[0].count, 0, 'the tables stay');
  });

  const broken = {
    'no secret of that name': [() => undefined, /ResourceNotFoundException.*ChatSecretArn/],
    'a secret that is not JSON': [() => `database_url=${url({ password: PASSWORD })}`, /CHAT_SECRET_ID/],
    'a secret without jwt_secret': [() => JSON.stringify({ database_url: postgres.url }), /jwt_secret/],
    'an invalid database URL': [() => secretWith(`postgres://relais:${PASSWORD}@host:port/relais`), /database URL/],
    'a server that refuses connections': [
      async () => secretWith(url({ password: PASSWORD, port: String(await freePort()) })),
      /Connection refused/,
    ],
    'a server that accepts connections and never responds': [
      async () => secretWith(url({ password: PASSWORD, port: String(await silentServer()) })),
      /nothing is sent/,
    ],
    'a host that does not exist': [() => secretWith(url({ hostname: 'db.invalid', password: PASSWORD })), /lookup/],
    'a wrong password': [
      async () => secretWith(url({ ...(await role('wrong_password')), password: `${PASSWORD}!` })),
      /password.*28P01/,
    ],
    'a database that does not exist': [() => secretWith(url({ pathname: 'nowhere', password: PASSWORD })), /no such database.*3D000/],
    'a role without CREATE privileges': [
      async () => secretWith(url({ ...(await role('may_nothing')), password: PASSWORD })),
      /permission denied for schema public.*42501/,
    ],
    'an invalid Firebase URL': [
      () => secretWith(postgres.url),
      /FIREBASE_DATABASE_URL/,
      { FIREBASE_DATABASE_URL: 'relais.firebaseio.com' },
    ],
  };
  Object.entries(broken).forEach(([what, [secret, reason, variables]], n) => {
    test(`that names the reason: ${what}`, async () => {
      const deployed = await deployment(`broken-${n}`, await secret(), { variables });
      const response = await deployed.send('Create');
      assert.equal(response.Status, 'FAILED');
      assert.match(response.Reason, reason);
      assertNoValues(deployed, response);
      // CloudFormation then rolls back and sends this request.
      assert.equal((await deployed.send('Delete', { PhysicalResourceId: response.PhysicalResourceId })).Status, 'SUCCESS');
    });
  });

  test('once a wrong secret is corrected', async () => {
    const { send } = await deployment('corrected', '{}');
    assert.equal((await send('Create')).Status, 'FAILED');
    const SecretString = secretWith(await database('corrected'));
    await secretsManager(aws, 'PutSecretValue', { SecretId: 'corrected', SecretString });
    assert.equal((await send('Create')).Status, 'SUCCESS');
  });

  test('once Secrets Manager knows the policy of a new role', async () => {
    const endpoint = await lateAccess({ denials: 2 });
    const { send } = await deployment('late', secretWith(await database('late')), { endpoint });
    assert.equal((await send('Create')).Status, 'SUCCESS');
  });

  test('that names the reason if the role can never read the secret', async () => {
    const endpoint = await lateAccess({ denials: Infinity });
    const { send } = await deployment('denied', secretWith(postgres.url), { endpoint });
    const { Status, Reason } = await send('Create');
    assert.equal(Status, 'FAILED');
    assert.match(Reason, /AccessDeniedException.*KMS/);
  });
});

/** Creates a role that may only connect. */
async function role(username) {
  await withDatabase(postgres.url, (client) => client.query(`CREATE ROLE ${username} LOGIN PASSWORD '${PASSWORD}'`));
  return { username };
}

/** Starts a server that never responds, like a port behind a wrong security group. */
async function silentServer() {
  const sockets = new Set();
  const server = createTcpServer((socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return server.address().port;
}

/** Starts a Secrets Manager that denies the first requests, as IAM does for a role that is seconds old. */
async function lateAccess({ denials }) {
  let left = denials;
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming);
    if (left-- > 0) {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ __type: 'AccessDeniedException', Message: 'not authorized' }));
      return;
    }
    const { host, connection, 'content-length': length, ...headers } = incoming.headers;
    const upstream = await fetch(aws, { method: 'POST', headers, body });
    response.writeHead(upstream.status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(await upstream.text());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}
