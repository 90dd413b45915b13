//! What the mirror asks of PostgreSQL. These are the only reads without a viewer: the mirror is nobody's request.

use std::time::Duration;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{Database, QueryError};
use crate::domain::Timestamp;

/// A room and what of it Firebase has not seen, all as of one moment.
#[derive(Debug)]
pub struct RoomState {
    /// The room.
    pub room: MirroredRoom,
    /// Of the newest [`RoomState::WINDOW`] messages those that are new or changed.
    pub changed: Vec<MirroredMessage>,
    /// Whether that is all of the newest: then they replace whatever is there.
    pub all_changed: bool,
    /// Messages that may still be in Firebase and are no longer among the newest.
    pub fallen: Vec<Uuid>,
}

impl RoomState {
    /// How many messages of a room Firebase keeps.
    pub const WINDOW: i64 = 50;
}

/// A room as Firebase shows it.
#[derive(Debug)]
#[expect(missing_docs, reason = "the columns of chat_rooms, under their names")]
pub struct MirroredRoom {
    pub id: Uuid,
    pub room_type: String,
    pub driver_id: Uuid,
    pub other_user_id: Uuid,
    pub delivery_id: Option<Uuid>,
    pub created_at: Timestamp,
    pub is_active: bool,
    pub last_message_text: String,
    pub last_message_at: Option<Timestamp>,
    pub last_message_sender_id: Option<Uuid>,
    pub revision: i64,
}

/// A message as Firebase shows it.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the columns of chat_messages, under their names"
)]
pub struct MirroredMessage {
    pub id: Uuid,
    pub seq: i64,
    pub sender_id: Option<Uuid>,
    pub message_type: String,
    pub text: String,
    pub image_url: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
}

/// Claims a room for one mirror and reads what Firebase has to be told; nothing where Firebase is up to date or
/// another mirror has the room: that one looks again when it is done.
///
/// The claim is given up by [`done`] or [`failed`], and ends by itself after `claim`.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn claim(
    database: &Database,
    room_id: Uuid,
    claim: Duration,
) -> Result<Option<RoomState>, QueryError> {
    // The room is read from the snapshot, like its messages, and not from the UPDATE: that may have waited for a
    // sender and then returns a newer revision than the messages that this statement can see.
    const SQL: &str = "-- claim_mirror
        WITH claimed AS (
            UPDATE chat_rooms SET mirror_claimed_until = clock_timestamp() + $2 * interval '1 second'
            WHERE id = $1 AND revision > mirrored_revision
              AND (mirror_claimed_until IS NULL OR mirror_claimed_until < clock_timestamp())
            RETURNING id
        ),
        newest AS (
            SELECT message.*, message.revision > room.mirrored_revision AS is_changed
            FROM chat_rooms AS room
            JOIN chat_messages AS message
              ON message.chat_room_id = room.id AND message.seq > room.message_count - $3
            WHERE room.id = $1
        ),
        -- No more messages can have fallen out of the newest since the last mirror than have changed in them.
        fallen AS (
            SELECT message.id FROM chat_rooms AS room
            JOIN chat_messages AS message
              ON message.chat_room_id = room.id AND message.seq <= room.message_count - $3
             AND message.seq > room.message_count - $3 - (SELECT count(*) FROM newest WHERE is_changed)
            WHERE room.id = $1
        )
        SELECT room.*, message.id AS message_id, message.seq, message.sender_id, message.message_type, message.text,
               message.image_url, message.latitude, message.longitude, message.created_at AS sent_at, message.read_at,
               (SELECT coalesce(bool_and(is_changed), true) FROM newest) AS all_changed,
               ARRAY(SELECT id FROM fallen) AS fallen
        FROM claimed
        JOIN chat_rooms AS room ON room.id = claimed.id
        LEFT JOIN newest AS message ON message.is_changed
        ORDER BY message.seq";
    let rows = database
        .query(
            SQL,
            &[
                (&room_id, Type::UUID),
                (&claim.as_secs_f64(), Type::FLOAT8),
                (&RoomState::WINDOW, Type::INT8),
            ],
        )
        .await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let room = MirroredRoom {
        id: row.get("id"),
        room_type: row.get("room_type"),
        driver_id: row.get("driver_id"),
        other_user_id: row.get("other_user_id"),
        delivery_id: row.get("delivery_id"),
        created_at: Timestamp(row.get("created_at")),
        is_active: row.get("is_active"),
        last_message_text: row.get("last_message_text"),
        last_message_at: row.get::<_, Option<_>>("last_message_at").map(Timestamp),
        last_message_sender_id: row.get("last_message_sender_id"),
        revision: row.get("revision"),
    };
    let changed = rows.iter().filter_map(|row| {
        Some(MirroredMessage {
            id: row.get::<_, Option<Uuid>>("message_id")?,
            seq: row.get("seq"),
            sender_id: row.get("sender_id"),
            message_type: row.get("message_type"),
            text: row.get("text"),
            image_url: row.get("image_url"),
            latitude: row.get("latitude"),
            longitude: row.get("longitude"),
            created_at: Timestamp(row.get("sent_at")),
            read_at: row.get::<_, Option<_>>("read_at").map(Timestamp),
        })
    });
    Ok(Some(RoomState {
        room,
        changed: changed.collect(),
        all_changed: row.get("all_changed"),
        fallen: row.get("fallen"),
    }))
}

/// Firebase has this revision: gives the room back, and answers whether there is more to mirror by now.
///
/// # Errors
/// No answer from PostgreSQL: then the claim ends by itself, and the room is mirrored once more than needed.
pub async fn done(database: &Database, room_id: Uuid, revision: i64) -> Result<bool, QueryError> {
    const SQL: &str = "-- mirror_done
        UPDATE chat_rooms
        SET mirrored_revision = greatest(mirrored_revision, $2), mirror_claimed_until = NULL,
            mirror_attempts = 0, mirror_after = NULL
        WHERE id = $1
        RETURNING revision > mirrored_revision AS more";
    let rows = database
        .query(SQL, &[(&room_id, Type::UUID), (&revision, Type::INT8)])
        .await?;
    Ok(rows.first().is_some_and(|row| row.get("more")))
}

/// Firebase does not have it: gives the room back for a later attempt, which waits twice as long after each failure
/// in a row (1 s to 1 min), more or less by chance so that rooms which failed together do not come back together.
///
/// # Errors
/// No answer from PostgreSQL: then the claim ends by itself, and the attempt comes then.
pub async fn failed(database: &Database, room_id: Uuid) -> Result<(), QueryError> {
    const SQL: &str = "-- mirror_failed
        UPDATE chat_rooms
        SET mirror_claimed_until = NULL, mirror_attempts = mirror_attempts + 1,
            mirror_after = clock_timestamp()
                + least(60, power(2, least(mirror_attempts, 6))) * (0.5 + random() / 2) * interval '1 second'
        WHERE id = $1";
    database.query(SQL, &[(&room_id, Type::UUID)]).await?;
    Ok(())
}

/// Rooms that Firebase is behind on, that nobody is mirroring and whose time has come; the longest waiting first.
/// Each is put off by `claim`, so that two sweeps at once take different ones.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn take_due(
    database: &Database,
    claim: Duration,
    limit: i64,
) -> Result<Vec<Uuid>, QueryError> {
    const SQL: &str = "-- take_due_mirrors
        UPDATE chat_rooms SET mirror_after = clock_timestamp() + $1 * interval '1 second'
        WHERE id IN (
            SELECT id FROM chat_rooms
            WHERE revision > mirrored_revision
              AND (mirror_after IS NULL OR mirror_after <= clock_timestamp())
              AND (mirror_claimed_until IS NULL OR mirror_claimed_until < clock_timestamp())
            ORDER BY mirror_after NULLS FIRST
            LIMIT $2
            FOR NO KEY UPDATE SKIP LOCKED
        )
        RETURNING id";
    let rows = database
        .query(
            SQL,
            &[(&claim.as_secs_f64(), Type::FLOAT8), (&limit, Type::INT8)],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("id")).collect())
}
