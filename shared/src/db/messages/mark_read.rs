use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::{Error, Result};

/// The messages to mark as read.
#[derive(Debug)]
pub enum Unread {
    /// All messages of a room.
    Room(Uuid),
    /// These messages, in any of the viewer's rooms. Other users' messages are ignored.
    Messages(Vec<Uuid>),
}

/// The result of marking messages.
#[derive(Debug, PartialEq, Eq)]
pub struct Marked {
    /// The number of marked messages.
    pub count: i64,
    /// The rooms that the mirror must update.
    pub rooms: Vec<Uuid>,
}

/// Marks messages that the viewer has received and not read, and that are not deleted. Repeats count once.
///
/// # Errors
/// [`Error::NotFound`] if the room does not exist or the viewer is not a participant; 401 for an unknown or inactive
/// viewer; 503 if PostgreSQL does not respond.
pub async fn mark_read(database: &Database, viewer: Viewer, unread: &Unread) -> Result<Marked> {
    let (room_id, message_ids) = match unread {
        Unread::Room(id) => (Some(*id), None),
        Unread::Messages(ids) => (None, Some(ids.as_slice())),
    };
    let row = database
        .query_one(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&room_id, Type::UUID),
                (&message_ids, Type::UUID_ARRAY),
            ],
        )
        .await?;
    viewer::check(&row)?;
    if !row.get::<_, bool>("found") {
        return Err(Error::NotFound);
    }
    Ok(Marked {
        count: row.get("count"),
        rooms: row.get("rooms"),
    })
}

/// The rooms are locked first, in the order of their ids. Two concurrent statements thus cannot deadlock, and the
/// second sees which messages are still unread. The unread counter is reduced by the number of marked messages, never
/// set to 0: a message committed meanwhile is not in the snapshot and stays unread.
///
/// If nothing is left to read, everything has been delivered, so that the device need not report it.
///
/// Each participant reads a platform message separately. Its `read_at` is set when both have read it.
const SQL: &str = "-- mark_read
    WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
    room AS (
        SELECT id, revision + 1 AS revision, driver_id = $1 AS is_drivers FROM chat_rooms
        WHERE id IN (SELECT $2 UNION SELECT chat_room_id FROM chat_messages WHERE id = ANY ((SELECT $3::uuid[])::uuid[]))
          AND CASE $1 WHEN driver_id THEN driver_unread_count WHEN other_user_id THEN other_user_unread_count END > 0
          AND (SELECT is_active FROM viewer)
        ORDER BY id
        FOR NO KEY UPDATE
    ),
    -- One moment for all that is marked.
    clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
    marked AS (
        UPDATE chat_messages AS message
        SET read_at = CASE
                WHEN message.sender_id IS NOT NULL
                  OR CASE WHEN room.is_drivers THEN message.other_user_read_at ELSE message.driver_read_at END IS NOT NULL
                THEN greatest((SELECT now FROM clock), message.created_at)
            END,
            driver_read_at = CASE WHEN message.sender_id IS NULL AND room.is_drivers
                THEN greatest((SELECT now FROM clock), message.created_at) ELSE message.driver_read_at END,
            other_user_read_at = CASE WHEN message.sender_id IS NULL AND NOT room.is_drivers
                THEN greatest((SELECT now FROM clock), message.created_at) ELSE message.other_user_read_at END,
            revision = room.revision
        FROM room
        WHERE message.chat_room_id = room.id AND message.read_at IS NULL
          AND CASE
                  WHEN message.sender_id IS NOT NULL THEN message.sender_id <> $1
                  WHEN room.is_drivers THEN message.driver_read_at IS NULL
                  ELSE message.other_user_read_at IS NULL
              END
          AND message.deleted_at IS NULL
          AND ((SELECT $3::uuid[]) IS NULL OR message.id = ANY ((SELECT $3::uuid[])::uuid[]))
        RETURNING message.chat_room_id
    ),
    counted AS (SELECT chat_room_id, count(*) FROM marked GROUP BY chat_room_id),
    updated AS (
        UPDATE chat_rooms AS room
        SET revision = room.revision + 1,
            behind_since = coalesce(room.behind_since, clock_timestamp()),
            driver_unread_count = room.driver_unread_count - CASE WHEN room.driver_id = $1 THEN counted.count ELSE 0 END,
            other_user_unread_count =
                room.other_user_unread_count - CASE WHEN room.other_user_id = $1 THEN counted.count ELSE 0 END,
            driver_delivered_seq = CASE WHEN room.driver_id = $1 AND room.driver_unread_count = counted.count
                THEN room.message_count ELSE room.driver_delivered_seq END,
            other_user_delivered_seq = CASE WHEN room.other_user_id = $1 AND room.other_user_unread_count = counted.count
                THEN room.message_count ELSE room.other_user_delivered_seq END
        FROM counted WHERE room.id = counted.chat_room_id
        RETURNING room.id
    )
    SELECT (SELECT is_active FROM viewer) AS viewer_is_active,
           $2 IS NULL OR EXISTS (SELECT FROM chat_rooms WHERE id = $2 AND $1 IN (driver_id, other_user_id)) AS found,
           (SELECT coalesce(sum(count), 0)::bigint FROM counted) AS count,
           ARRAY(SELECT id FROM updated) AS rooms";
