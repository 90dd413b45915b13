use tokio_postgres::types::Type;

use crate::db::{Database, QueryError};

/// Moves up to `limit` entries from the log into the counts, and returns their number. Each entry counts once, since it
/// is deleted and counted in one transaction. If two runs overlap, one does nothing.
///
/// # Errors
/// PostgreSQL does not respond. Then no entry was moved.
pub async fn roll_up(database: &Database, limit: i64) -> Result<i64, QueryError> {
    // An arbitrary key that no other lock uses: "analytic" in ASCII.
    const LOCK: i64 = 0x616e_616c_7974_6963;
    // A first answer is a participant's first message after one or more messages of the other. It is found in the
    // room's history by `seq`, not by the order of the log; a room's first few messages are enough.
    const SQL: &str = "-- roll_up_analytics
        WITH alone AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($2) AS is_alone),
        taken AS (
            DELETE FROM chat_analytics_log
            WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM chat_analytics_log WHERE (SELECT is_alone FROM alone) LIMIT $1
            ))
            RETURNING *
        ),
        counted AS (
            INSERT INTO chat_analytics_counts AS counts (quarter, event, kind, number)
            SELECT chat_analytics_quarter(at), event, coalesce(message_type, ''), sum(number)
            FROM taken GROUP BY 1, 2, 3
            ON CONFLICT (quarter, event, kind) DO UPDATE SET number = counts.number + excluded.number
        ),
        active AS (
            INSERT INTO chat_analytics_active_rooms (quarter, chat_room_id)
            SELECT DISTINCT chat_analytics_quarter(at), chat_room_id FROM taken
            WHERE event = 'message' AND sender_id IS NOT NULL
            ON CONFLICT DO NOTHING
        ),
        first_answer AS (
            SELECT taken.at, CASE taken.sender_id WHEN room.driver_id THEN 'driver' ELSE 'other_user' END AS side,
                   greatest(extract(epoch FROM taken.at - opening.created_at), 1) AS seconds
            FROM taken
            JOIN chat_rooms AS room ON room.id = taken.chat_room_id
            JOIN LATERAL (
                SELECT sender_id, created_at FROM chat_messages
                WHERE chat_room_id = room.id AND message_type <> 'system'
                  AND sender_id IN (room.driver_id, room.other_user_id)
                ORDER BY seq LIMIT 1
            ) AS opening ON opening.sender_id <> taken.sender_id
            WHERE taken.event = 'message' AND taken.message_type <> 'system'
              AND taken.sender_id IN (room.driver_id, room.other_user_id)
              AND NOT EXISTS (
                  SELECT FROM chat_messages AS earlier
                  WHERE earlier.chat_room_id = room.id AND earlier.seq < taken.seq
                    AND earlier.sender_id = taken.sender_id AND earlier.message_type <> 'system'
                  ORDER BY earlier.seq LIMIT 1)
        ),
        answers AS (
            INSERT INTO chat_analytics_answers AS answers (quarter, side, step, number)
            SELECT chat_analytics_quarter(at), side, floor(log(2, seconds) * 16)::smallint, count(*)
            FROM first_answer GROUP BY 1, 2, 3
            ON CONFLICT (quarter, side, step) DO UPDATE SET number = answers.number + excluded.number
        ),
        progress AS (
            UPDATE chat_analytics_progress SET rolled_up_at = now()
            WHERE (SELECT is_alone FROM alone) AND (SELECT count(*) FROM taken) < $1
        )
        SELECT count(*) FROM taken";
    let row = database
        .query_one(SQL, &[(&limit, Type::INT8), (&LOCK, Type::INT8)])
        .await?;
    Ok(row.get("count"))
}
