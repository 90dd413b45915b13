use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::Result;

/// A device's report that the messages of a room have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    pub room_id: Uuid,
    /// The newest message that has arrived, with all before it.
    pub seq: i64,
}

/// Raises the viewer's watermarks of delivered messages, and returns the rooms whose watermark has grown, ordered by
/// id. A watermark never decreases and never passes the room's message count. Rooms that do not exist, or whose
/// participant the viewer is not, are ignored.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn mark_delivered(
    database: &Database,
    viewer: Viewer,
    receipts: &[Receipt],
) -> Result<Vec<Uuid>> {
    // The rooms are locked in the order of their ids, as in `mark_read`. Messages are not changed: a watermark stands
    // in the room only, so that a report costs one row per room, however many messages have arrived.
    //
    // Parameters that are arrays stand in subqueries. Otherwise PostgreSQL plans the statement for each execution, because the
    // length of an array changes the costs (shared/tests/queries/plans.rs).
    const SQL: &str = "-- mark_delivered
        WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
        receipt AS (
            SELECT chat_room_id, max(seq) AS seq
            FROM unnest((SELECT $2::uuid[]), (SELECT $3::bigint[])) AS receipt (chat_room_id, seq) GROUP BY chat_room_id
        ),
        room AS (
            SELECT room.id, receipt.seq FROM chat_rooms AS room JOIN receipt ON receipt.chat_room_id = room.id
            -- An array, so that the planner never expects so many rooms that it reads the whole table.
            WHERE room.id = ANY ((SELECT $2::uuid[])::uuid[])
              AND least(receipt.seq, room.message_count)
                  > CASE $1 WHEN room.driver_id THEN room.driver_delivered_seq
                            WHEN room.other_user_id THEN room.other_user_delivered_seq END
              AND (SELECT is_active FROM viewer)
            ORDER BY room.id
            FOR NO KEY UPDATE OF room
        ),
        updated AS (
            UPDATE chat_rooms AS room
            SET driver_delivered_seq = CASE WHEN room.driver_id = $1
                    THEN least(grown.seq, room.message_count) ELSE room.driver_delivered_seq END,
                other_user_delivered_seq = CASE WHEN room.other_user_id = $1
                    THEN least(grown.seq, room.message_count) ELSE room.other_user_delivered_seq END,
                revision = room.revision + 1,
                behind_since = coalesce(room.behind_since, clock_timestamp())
            FROM room AS grown WHERE room.id = grown.id
            RETURNING room.id
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, ARRAY(SELECT id FROM updated ORDER BY id) AS rooms";
    let rooms: Vec<_> = receipts.iter().map(|it| it.room_id).collect();
    let seqs: Vec<_> = receipts.iter().map(|it| it.seq).collect();
    let row = database
        .query_one(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&rooms, Type::UUID_ARRAY),
                (&seqs, Type::INT8_ARRAY),
            ],
        )
        .await?;
    viewer::check(&row)?;
    Ok(row.get("rooms"))
}
