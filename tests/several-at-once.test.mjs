// One process that serves eight concurrent requests, as on Lambda Managed Instances (`AWS_LAMBDA_MAX_CONCURRENCY`).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { withDatabase } from '../dev/parts/database.mjs';
import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { mirroredRoom } from './support/firebase.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { aConversation } from './support/people.mjs';
import { DATABASE_URL, JWT_SECRET } from './support/settings.mjs';

const CONCURRENCY = 8;

const blocked = `SELECT count(*)::int AS requests FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'relais' AND wait_event_type = 'Lock'`;

test(`one process serves ${CONCURRENCY} concurrent requests, and does the work after each response`, async () => {
  const conversations = await Promise.all(Array.from({ length: CONCURRENCY }, () => aConversation()));
  const firebase = Object.entries(process.env).filter(([name]) => name.startsWith('FIREBASE_'));
  const environment = plain({
    ...Object.fromEntries(firebase),
    DATABASE_URL,
    JWT_SECRET,
    AWS_LAMBDA_MAX_CONCURRENCY: String(CONCURRENCY),
  });
  const { request, logs } = await ownParts('several').functions(['send-message'], { environment });
  const send = ({ driver, room }) =>
    request('POST', 'messages/', driver.token, { chat_room_id: room.id, text: 'Bonjour' });

  // A lock on all rooms blocks each request inside the process. With a smaller pool, or with one request at a time,
  // fewer than eight requests would reach the lock.
  const responses = await withDatabase(DATABASE_URL, async (holder) => {
    await holder.query('BEGIN');
    const ids = conversations.map(({ room }) => room.id);
    await holder.query('SELECT FROM chat_rooms WHERE id = ANY($1) FOR UPDATE', [ids]);
    const sending = Promise.all(conversations.map(send));
    await eventually(async () => assert.equal((await sql(blocked))[0].requests, CONCURRENCY));
    await holder.query('COMMIT');
    return sending;
  });
  assert.deepEqual(
    responses.map(({ status }) => status),
    Array(CONCURRENCY).fill(201),
  );

  // The log proves that this process has mirrored the rooms, not deliver-pending.
  await eventually(() => assert.equal(mirrored(logs), CONCURRENCY));
  for (const { room } of conversations) {
    assert.equal(Object.keys((await mirroredRoom(room)).messages).length, 1);
  }
});

/** Returns the number of rooms that the process reports as mirrored. */
function mirrored(logs) {
  const lines = readFileSync(join(logs, 'send-message.log'), 'utf8').split('\n');
  const metrics = lines.filter((line) => line.includes('MirrorDelivered')).map((line) => JSON.parse(line));
  return metrics.reduce((sum, { MirrorDelivered = 0 }) => sum + MirrorDelivered, 0);
}
