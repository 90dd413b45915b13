// Connections to PostgreSQL that die silently, as in an environment that was frozen for minutes, or in a failover. A
// request on such a connection gets its response within three seconds, and nothing is stored twice.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { withDatabase } from '../dev/parts/database.mjs';
import { eventually } from './support/eventually.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { JWT_SECRET } from './support/settings.mjs';
import { tcpProxy } from './support/tcp-proxy.mjs';
import { accessToken } from './support/tokens.mjs';

const WITHIN_MS = 3_000;

const parts = ownParts('silent-database');
const driver = randomUUID();
const client = randomUUID();
const room = randomUUID();
let database;
let proxy;
let functions;

before(async () => {
  const { url } = await parts.postgres();
  database = url;
  const { hostname, port } = new URL(url);
  proxy = await tcpProxy(hostname, Number(port));
  const through = Object.assign(new URL(url), { port: String(proxy.port) }).href;
  const environment = plain({ DATABASE_URL: through, DIRECT_DATABASE_URL: url, STATEMENT_CACHE: 'on', JWT_SECRET });
  const deployment = await parts.functions(['migrate-database'], { environment, at: 'deployment' });
  await deployment.invoke('migrate-database');
  await withDatabase(url, aRoom);
  functions = await parts.functions(['send-message'], { environment });
});

after(() => proxy?.close());

/** Sends a text, asserts that it is stored once, and returns the response time in milliseconds. */
async function send(text) {
  const start = performance.now();
  const { status, body } = await functions.request('POST', 'messages/', accessToken(driver), { chat_room_id: room, text });
  const took = performance.now() - start;
  assert.ok([200, 201].includes(status), `${status} ${JSON.stringify(body)}`);
  assert.deepEqual(await stored(text), [body.id]);
  return took;
}

async function stored(text) {
  const sql = 'SELECT id FROM chat_messages WHERE text = $1';
  return (await withDatabase(database, (it) => it.query(sql, [text]))).rows.map(({ id }) => id);
}

async function sendsInTime(text) {
  const took = await send(text);
  assert.ok(took < WITHIN_MS, `${text}: ${Math.round(took)} ms`);
}

describe('a connection that goes silent', () => {
  test('between two requests costs less than three seconds, once', async () => {
    await send('before');
    assert.equal(proxy.silence(), 1);
    await sendsInTime('on a silent connection');
    const took = await send('on a new connection');
    assert.ok(took < 500, `${Math.round(took)} ms`);
  });

  test('while the environment was frozen costs less than three seconds', async () => {
    await send('before the freeze');
    const pid = pidOf('send-message');
    process.kill(pid, 'SIGSTOP');
    assert.equal(proxy.silence(), 1);
    process.kill(pid, 'SIGCONT');
    await sendsInTime('after the freeze');
  });

  test('in the middle of a statement costs less than three seconds, and the message is stored once', async () => {
    await send('before the failover');
    let sending;
    await withDatabase(database, async (it) => {
      await it.query('BEGIN');
      await it.query('SELECT FROM chat_rooms WHERE id = $1 FOR UPDATE', [room]);
      sending = sendsInTime('in the middle of a statement');
      await eventually(async () => assert.equal((await waiting(it)).length, 1));
      assert.equal(proxy.silence(), 1);
      await it.query('COMMIT');
    });
    // The first attempt has stored it, and its response is lost.
    await eventually(async () => assert.equal((await stored('in the middle of a statement')).length, 1));
    await sending;
  });
});

/** Returns the number of statements that wait for a lock. */
async function waiting(it) {
  const sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'relais' AND wait_event_type = 'Lock'";
  return (await it.query(sql)).rows;
}

/** Returns the process id of a function that connects through the proxy. */
function pidOf(name) {
  const read = (pid, file) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return '';
    }
  };
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const ours = (pid) => read(pid, 'cmdline').split('\0')[0].endsWith(`/${name}`) && read(pid, 'environ').includes(`:${proxy.port}/`);
  const [pid, ...others] = pids.filter(ours);
  assert.ok(pid && others.length === 0, `one process of ${name}`);
  return Number(pid);
}

/** Creates a room with a driver and a client. */
async function aRoom(it) {
  const user = 'INSERT INTO users (id, full_name, phone_number, user_type) VALUES ($1, $2, $3, $4)';
  await it.query(user, [driver, 'Kouamé Yao', '+2250701020304', 'driver']);
  await it.query(user, [client, 'Jean Dupont', '+2250701020305', 'client']);
  const insert = 'INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id) VALUES ($1, $2, $3, $4)';
  await it.query(insert, [room, 'delivery', driver, client]);
}
