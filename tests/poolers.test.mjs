// Many environments behind PgBouncer in transaction mode, with a database that has far fewer connections.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { withDatabase } from '../dev/parts/database.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { accessToken } from './support/tokens.mjs';
import { JWT_SECRET } from './support/settings.mjs';

const ENVIRONMENTS = 200;
const CONNECTIONS = 100;
const ROOMS = 200;
const MESSAGES = 2_000;

test(`${ENVIRONMENTS} environments on a database with ${CONNECTIONS} connections lose no request`, async () => {
  const parts = ownParts('pooler');
  const { url } = await parts.postgres({ max_connections: CONNECTIONS });
  const pooled = await parts.pgbouncer(url, { poolSize: 40 });
  const environment = plain({ DATABASE_URL: pooled, DIRECT_DATABASE_URL: url, JWT_SECRET });

  // Migrations connect directly: a session lock does not work through the pooler.
  const deployment = await parts.functions(['migrate-database'], { environment, at: 'deployment' });
  assert.ok((await deployment.invoke('migrate-database')).applied.length > 0);
  const rooms = await withDatabase(url, someRooms);

  const { request } = await parts.functions(['send-message'], { environment, processes: ENVIRONMENTS });
  const waiting = Array.from({ length: MESSAGES }, (_, n) => ({ ...rooms[n % ROOMS], text: `message ${n}` }));
  const statuses = {};
  const one = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { driver, id, text } = next;
      const { status } = await request('POST', 'messages/', accessToken(driver), { chat_room_id: id, text });
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: ENVIRONMENTS }, one));
  assert.deepEqual(statuses, { 201: MESSAGES });

  const [{ messages }] = (await withDatabase(url, (it) => it.query('SELECT count(*)::int AS messages FROM chat_messages'))).rows;
  assert.equal(messages, MESSAGES);
  const clients = await withDatabase(new URL('/pgbouncer', pooled).href, (it) => it.query('SHOW CLIENTS'));
  const ours = clients.rows.filter(({ database }) => database === 'relais');
  assert.ok(ours.length >= ENVIRONMENTS, `every environment had its connection to the pooler: ${ours.length}`);
});

/** Creates rooms, each with a driver and a client. */
async function someRooms(client) {
  const rooms = Array.from({ length: ROOMS }, () => ({ id: randomUUID(), driver: randomUUID(), other: randomUUID() }));
  for (const { id, driver, other } of rooms) {
    const user = 'INSERT INTO users (id, full_name, phone_number, user_type) VALUES ($1, $2, $3, $4)';
    await client.query(user, [driver, 'Kouamé Yao', '+2250701020304', 'driver']);
    await client.query(user, [other, 'Jean Dupont', '+2250701020305', 'client']);
    const room = 'INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id) VALUES ($1, $2, $3, $4)';
    await client.query(room, [id, 'delivery', driver, other]);
  }
  return rooms;
}
