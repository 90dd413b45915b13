// The cache in a real Redis: a response is never older than PostgreSQL, and works without Redis.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';

import { withDatabase } from '../dev/parts/database.mjs';
import { eventually } from './support/eventually.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { JWT_SECRET } from './support/settings.mjs';
import { accessToken } from './support/tokens.mjs';

const ROOMS = 30;
const LIST = 'rooms/?page_size=5';
const UNREAD = 'rooms/unread_count/';
const FUNCTIONS = ['list-rooms', 'unread-count', 'send-message', 'mark-room-read', 'archive-room'];

const driver = randomUUID();
const client = randomUUID();

const parts = ownParts('cache');
let redis;
let database;
let cached;
let uncached;
let rooms;

const as = (user) => accessToken(user);
const get = async (path, { request } = cached) => (await request('GET', path, as(driver))).body;
const send = (room, text, sender = client) =>
  cached.request('POST', 'messages/', as(sender), { chat_room_id: room, text });

/** Returns the keys of the cached responses. */
async function cachedKeys() {
  const names = (await redis.ask('KEYS', 'relais:*')).match(/relais:response:\S+/g) ?? [];
  return names;
}

/** Asserts that the responses with and without the cache are equal. */
async function assertSameResponses(what) {
  for (const path of [LIST, UNREAD]) {
    const [withCache, without] = [await get(path), await get(path, uncached)];
    for (const body of [withCache, without]) delete body.next;
    assert.deepEqual(withCache, without, `${what}: ${path}`);
  }
}

before(async () => {
  const { url } = await parts.postgres();
  database = url;
  redis = await parts.redis();
  const environment = plain({ DATABASE_URL: url, JWT_SECRET });
  const deployment = await parts.functions(['migrate-database'], { environment, at: 'deployment' });
  await deployment.invoke('migrate-database');
  rooms = await withDatabase(url, manyRooms);
  uncached = await parts.functions(['list-rooms', 'unread-count'], { environment, at: 'uncached' });
  const withRedis = { ...environment, REDIS_URL: redis.url };
  cached = await parts.functions(FUNCTIONS, { environment: withRedis, processes: 2, at: 'cached' });
});

describe('the cache', () => {
  test('stores nothing until migrate-database has switched it on', async () => {
    const { state, migrate } = deploymentWith({ REDIS_URL: redis.url });
    // The first request starts the connection to Redis and does not wait for it.
    await eventually(async () => {
      await get(LIST);
      assert.match(await redis.ask('INFO', 'commandstats'), /cmdstat_get:/);
    });
    assert.deepEqual([await cachedKeys(), await state()], [[], { triggers: 0, versions: 0 }]);
    await migrate();
    assert.deepEqual(await state(), { triggers: 2, versions: 1 });
    await migrate();
    assert.deepEqual(await state(), { triggers: 2, versions: 1 });
  });

  test('returns the cached response if nothing has changed', async () => {
    const name = await eventually(async () => {
      await get(LIST);
      const [name] = await cachedKeys();
      assert.ok(name);
      return name;
    });
    assert.match(await redis.ask('TTL', name), /^:(5\d|60)/);
    // A marker stored under the current version must come back: this shows that Redis is read.
    const { rows: [{ version }] } = await withDatabase(database, (it) => it.query('SELECT version FROM chat_room_list_versions'));
    await redis.ask('SET', name, `${version}\n{"count":-1}`);
    await eventually(async () => assert.deepEqual(await get(LIST), { count: -1 }));
    await redis.ask('FLUSHALL');
    await assertSameResponses('after that');
  });

  test('is never older than the caller’s own write or a received message', async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const room = rooms[turn % 3];
      assert.equal((await send(room, `message ${turn}`)).status, 201);
      await assertSameResponses('a received message');
      if (turn % 5 === 0) {
        await cached.request('POST', `rooms/${room}/mark_as_read/`, as(driver));
        await assertSameResponses('marking read');
        await cached.request('POST', `rooms/${room}/archive/`, as(driver), { archive: turn % 2 === 0 });
        await assertSameResponses('archiving');
        assert.equal((await send(room, 'mine', driver)).status, 201);
        await assertSameResponses('a message of one’s own');
      }
    }
  });

  test('shows a message as soon as its sender has the response, also during other sends', async () => {
    await Promise.all(
      rooms.slice(10, 14).map(async (room) => {
        for (let turn = 1; turn <= 15; turn += 1) {
          await send(room, `${room} ${turn}`);
          const { results } = await get('rooms/?page_size=20');
          const { last_message_text: last } = results.find(({ id }) => id === room);
          assert.equal(last, `${room} ${turn}`);
        }
      }),
    );
    await assertSameResponses('afterwards');
  });

  test('returns nothing to a deactivated user', async () => {
    await get(LIST);
    const active = (is) => withDatabase(database, (it) => it.query('UPDATE users SET is_active = $2 WHERE id = $1', [driver, is]));
    await active(false);
    assert.equal((await cached.request('GET', LIST, as(driver))).status, 401);
    await active(true);
  });

  test('changes no response while Redis hangs, or when Redis is gone', async () => {
    await get(LIST);
    process.kill(redis.pid, 'SIGSTOP');
    try {
      await assertSameResponses('Redis hangs');
      await send(rooms[0], 'unseen by Redis');
      await assertSameResponses('a message while it hangs');
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    await assertSameResponses('Redis is back');
    await redis.stop();
    await send(rooms[1], 'without Redis');
    await assertSameResponses('Redis is gone');
  });

  test('is switched off by migrate-database without redis_url', async () => {
    const { state, migrate } = deploymentWith({});
    await migrate();
    assert.deepEqual(await state(), { triggers: 0, versions: 0 });
    await send(rooms[2], 'after the cache');
    assert.deepEqual(await state(), { triggers: 0, versions: 0 });
    await assertSameResponses('the cache is off');
  });
});

/** Returns how to run migrate-database with these variables, and what it has switched. */
function deploymentWith(variables) {
  const environment = plain({ DATABASE_URL: database, JWT_SECRET, ...variables });
  return {
    async migrate() {
      const at = `deployment-${randomUUID()}`;
      const { invoke } = await parts.functions(['migrate-database'], { environment, at });
      await invoke('migrate-database');
    },
    async state() {
      const sql = `SELECT (SELECT count(*)::int FROM pg_trigger WHERE tgrelid = 'chat_rooms'::regclass AND tgname LIKE '%version%') AS triggers,
        (SELECT count(*)::int FROM chat_room_list_versions) AS versions`;
      return (await withDatabase(database, (it) => it.query(sql))).rows[0];
    },
  };
}

/** Creates many rooms of one driver with one client. */
async function manyRooms(it) {
  const user = 'INSERT INTO users (id, full_name, phone_number, user_type) VALUES ($1, $2, $3, $4)';
  await it.query(user, [driver, 'Kouamé Yao', '+2250701020304', 'driver']);
  await it.query(user, [client, 'Jean Dupont', '+2250701020305', 'client']);
  const room = `INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id, delivery_id)
    SELECT gen_random_uuid(), 'delivery', $1, $2, gen_random_uuid() FROM generate_series(1, $3) RETURNING id`;
  return (await it.query(room, [driver, client, ROOMS])).rows.map(({ id }) => id);
}
