// Compares Firebase with PostgreSQL, by its own SQL: it shares no code with the functions.

import assert from 'node:assert/strict';
import pg from 'pg';

const TIME = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

export class Truth {
  #pool;

  constructor(url) {
    this.#pool = new pg.Pool({ connectionString: url, max: 2 });
    // The run restarts PostgreSQL.
    this.#pool.on('error', () => {});
  }

  async query(sql, parameters) {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#pool.query(sql, parameters)).rows;
      } catch (error) {
        if (attempt === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Returns the number of rooms whose mirror is stale. */
  async backlog() {
    const [{ count }] = await this.query('SELECT count(*)::int FROM chat_rooms WHERE revision > mirrored_revision');
    return count;
  }

  /** Returns the number of pending pushes. */
  async pushBacklog() {
    const [{ count }] = await this.query('SELECT count(*)::int FROM chat_pushes WHERE first_seq <= last_seq');
    return count;
  }

  /** Returns the number of rooms with pending webhooks. */
  async webhookBacklog() {
    const [{ count }] = await this.query('SELECT count(*)::int FROM chat_webhook_queues WHERE last_at > settled_at');
    return count;
  }

  /** Returns all messages, to check the pushes. */
  messages() {
    return this.query(
      `SELECT id, chat_room_id AS room, seq::int, sender_id AS sender, text,
              (extract(epoch FROM read_at) * 1000)::float8 AS "readAt",
              (extract(epoch FROM deleted_at) * 1000)::float8 AS "deletedAt",
              ARRAY(SELECT text FROM chat_message_versions WHERE message_id = chat_messages.id) AS "formerTexts"
       FROM chat_messages`,
    );
  }

  async hasDevice(token) {
    return (await this.query('SELECT FROM chat_devices WHERE token = $1', [token])).length > 0;
  }

  /** Returns the expected tree of a room in Firebase. */
  async tree(room) {
    const [metadata] = await this.query(
      `SELECT id, room_type, driver_id, other_user_id, delivery_id, is_active, last_message_text, last_message_sender_id,
              to_char(created_at AT TIME ZONE 'UTC', ${TIME}) AS created_at,
              to_char(last_message_at AT TIME ZONE 'UTC', ${TIME}) AS last_message_at, revision::int,
              floor(extract(epoch FROM closes_at) * 1000)::float8 AS closes_at_ms,
              to_char(unreachable_until AT TIME ZONE 'UTC', ${TIME}) AS unreachable_until
       FROM chat_rooms WHERE id = $1`,
      [room],
    );
    const messages = await this.query(
      `SELECT id, seq::int, sender_id, message_type, text, image_url, latitude, longitude, read_at IS NOT NULL AS is_read,
              to_char(created_at AT TIME ZONE 'UTC', ${TIME}) AS timestamp,
              to_char(read_at AT TIME ZONE 'UTC', ${TIME}) AS read_at,
              to_char(edited_at AT TIME ZONE 'UTC', ${TIME}) AS edited_at, deleted_at IS NOT NULL AS is_deleted,
              revision::int
       FROM chat_messages WHERE chat_room_id = $1 ORDER BY seq DESC LIMIT 50`,
      [room],
    );
    const receipts = await this.query(
      `SELECT person.id, delivered_seq::int,
              coalesce((SELECT min(seq) - 1 FROM chat_messages
                        WHERE chat_room_id = room.id AND deleted_at IS NULL
                          AND CASE WHEN sender_id IS NOT NULL THEN read_at IS NULL AND sender_id <> person.id
                                   WHEN person.id = driver_id THEN driver_read_at IS NULL
                                   ELSE other_user_read_at IS NULL END), message_count)::int AS read_seq
       FROM chat_rooms AS room
       CROSS JOIN LATERAL (VALUES (driver_id, driver_delivered_seq), (other_user_id, other_user_delivered_seq))
           AS person (id, delivered_seq)
       WHERE room.id = $1`,
      [room],
    );
    return {
      metadata: stored(metadata),
      messages: Object.fromEntries(messages.map((message) => [message.id, stored(message)])),
      receipts: Object.fromEntries(receipts.map(({ id, ...receipt }) => [id, receipt])),
    };
  }

  /** Checks the invariants of PostgreSQL itself. */
  async checkRooms(sent) {
    const rooms = await this.query(
      `SELECT room.id, message_count::int, driver_unread_count::int, other_user_unread_count::int,
              count(message.id)::int AS messages, coalesce(max(seq), 0)::int AS newest,
              count(DISTINCT client_message_id)::int AS client_ids,
              count(*) FILTER (WHERE read_at IS NULL AND deleted_at IS NULL AND (sender_id = other_user_id
                               OR sender_id IS NULL AND driver_read_at IS NULL AND message.id IS NOT NULL))::int AS driver_unread,
              count(*) FILTER (WHERE read_at IS NULL AND deleted_at IS NULL AND (sender_id = driver_id
                               OR sender_id IS NULL AND other_user_read_at IS NULL AND message.id IS NOT NULL))::int AS other_user_unread
       FROM chat_rooms AS room LEFT JOIN chat_messages AS message ON message.chat_room_id = room.id GROUP BY room.id`,
    );
    for (const room of rooms) {
      assert.equal(room.messages, room.message_count, `${room.id}: message_count`);
      assert.equal(room.newest, room.messages, `${room.id}: seq has a gap`);
      assert.equal(room.driver_unread_count, room.driver_unread, `${room.id}: the driver's counter`);
      assert.equal(room.other_user_unread_count, room.other_user_unread, `${room.id}: the other user's counter`);
      assert.equal(room.messages, sent.get(room.id) ?? 0, `${room.id}: what was acknowledged is there, once`);
      assert.equal(room.client_ids, room.messages, `${room.id}: no message twice`);
    }
  }

  close() {
    return this.#pool.end();
  }
}

/** Returns the rooms whose tree in Firebase differs from PostgreSQL, each with the first difference. */
export async function differences(truth, firebaseUrl, rooms) {
  const found = [];
  for (const room of rooms) {
    const response = await fetch(`${firebaseUrl}/chats/${room}.json`, { headers: { authorization: 'Bearer owner' } });
    const { metadata, messages = {}, receipts } = (await response.json()) ?? {};
    try {
      assert.deepEqual({ metadata, messages, receipts }, await truth.tree(room));
      const inOrder = Object.values(messages).sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
      assert.ok(inOrder.every(({ seq }, index) => index === 0 || seq === inOrder[index - 1].seq + 1), 'the order of time is not that of seq');
    } catch (error) {
      found.push(`${room} differs: ${error.message.replaceAll(/\s+/g, ' ').slice(0, 200)}`);
    }
  }
  return found;
}

/** Removes nulls, which Firebase does not store. */
const stored = (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
