import { idsOf } from './requests.mjs';

/** A UUIDv7: pgbench sends a new id in its place, as in place of the function's own (`pgbench.mjs`). */
const NEW_ID = '00000000-0000-7000-8000-000000000000';

/**
 * The least SQL that could do the work of a request, on the same tables with their keys and indexes: no check of the
 * caller, the room, a repeat, a block or a limit, and no columns of the inbox, receipts or the mirror.
 *
 * `parameters` names ids of the case; `triggers: false` switches the triggers of the tables off. Foreign keys stay.
 */
export const BARE = [
  {
    function: 'send-message',
    sql: `WITH room AS (
        UPDATE chat_rooms
        SET message_count = message_count + 1, last_message_text = $4, last_message_at = clock_timestamp(),
            last_message_sender_id = $1, other_user_unread_count = other_user_unread_count + 1, revision = revision + 1
        WHERE id = $2
        RETURNING id, message_count, last_message_at, revision
      )
      INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
      SELECT $3, id, message_count, $1, 'text', $4, last_message_at, revision FROM room
      RETURNING seq, created_at, revision`,
    parameters: ['driver', 'room', NEW_ID, "J'arrive dans cinq minutes, je suis au portail"],
    triggers: false,
  },
  {
    function: 'list-messages',
    sql: `SELECT message.id, message.seq, message.message_type, message.text, message.image_url, message.latitude,
             message.longitude, message.created_at, message.read_at, message.revision, message.edited_at,
             message.deleted_at, sender.id AS sender_id, sender.full_name, sender.profile_photo_url
      FROM chat_messages AS message JOIN users AS sender ON sender.id = message.sender_id
      WHERE message.chat_room_id = $1 ORDER BY message.seq DESC LIMIT 20`,
    parameters: ['room'],
  },
  {
    function: 'list-rooms',
    sql: `SELECT id, room_type, last_message_text, last_message_at, driver_unread_count, archived_by_driver, created_at
      FROM chat_rooms WHERE driver_id = $1 AND is_active
      ORDER BY last_message_at DESC NULLS LAST, id LIMIT 20`,
    parameters: ['driver'],
  },
  {
    function: 'unread-count',
    sql: `SELECT sum(driver_unread_count) FROM chat_rooms
      WHERE driver_id = $1 AND is_active AND driver_unread_count > 0`,
    parameters: ['driver'],
  },
];

/** Returns a bare statement for one `n` of the function's case, in the form in which `capture.mjs` returns ours. */
export function statementOf({ function: name, sql, parameters }, it, n) {
  const ids = idsOf(it, n);
  const values = parameters.map((value) => (ids[value] || value === NEW_ID ? { type: 'uuid', value: ids[value] ?? value } : { type: 'text', value }));
  return { name: `bare_${name.replaceAll('-', '_')}`, sql, parameters: values, prepared: true };
}
