use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, QueryError};
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
    /// When the oldest change was made that Firebase has not seen.
    pub behind_since: Option<DateTime<Utc>>,
    /// The newest revision that Firebase was known to have when it was read: what changed since then is in `changed`.
    pub base: i64,
    /// When it was read.
    pub read_at: DateTime<Utc>,
    /// The claim that it was read under.
    pub claim: Option<Claim>,
}

/// One mirror's hold on a room: the moment when it ends, which no other claim of the room has.
pub type Claim = DateTime<Utc>;

impl RoomState {
    /// How many messages of a room Firebase keeps.
    pub const WINDOW: i64 = 50;
}

/// A room as Firebase shows it.
#[derive(Debug)]
pub struct MirroredRoom {
    pub id: Uuid,
    pub room_type: String,
    pub driver_id: Uuid,
    pub other_user_id: Uuid,
    pub delivery_id: Option<Uuid>,
    pub created_at: Timestamp,
    pub is_active: bool,
    pub closes_at: Option<Timestamp>,
    pub last_message_text: String,
    pub last_message_at: Option<Timestamp>,
    pub last_message_sender_id: Option<Uuid>,
    pub revision: i64,
}

/// A message as Firebase shows it.
#[derive(Debug)]
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

/// Claims a room for one mirror, or renews the claim `held`, and reads what Firebase has to be told; nothing where
/// Firebase is up to date or another mirror has the room: that one looks again when it is done.
///
/// The claim is given up by [`done`](super::done) or [`failed`](super::failed), and ends by itself after `life`.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn claim(
    database: &Database,
    room_id: Uuid,
    held: Option<Claim>,
    life: Duration,
) -> Result<Option<RoomState>, QueryError> {
    // The room is read from the snapshot, like its messages, and not from the UPDATE: that may have waited for a
    // sender and then returns a newer revision than the messages that this statement can see.
    const SQL: &str = "-- claim_mirror
        WITH claimed AS (
            UPDATE chat_rooms SET mirror_claimed_until = clock_timestamp() + $2 * interval '1 second'
            WHERE id = $1 AND revision > mirrored_revision
              AND (mirror_claimed_until IS NULL OR mirror_claimed_until < clock_timestamp()
                   OR mirror_claimed_until = $4)
            RETURNING id, mirror_claimed_until AS claim
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
        SELECT room.*, now() AS read_state_at, claimed.claim,
               message.id AS message_id, message.seq, message.sender_id, message.message_type, message.text,
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
                (&life.as_secs_f64(), Type::FLOAT8),
                (&RoomState::WINDOW, Type::INT8),
                (&held, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(state(&rows))
}

/// Reads what Firebase should have of a room, whole and without a claim.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn read(database: &Database, room_id: Uuid) -> Result<Option<RoomState>, QueryError> {
    const SQL: &str = "-- read_mirror
        SELECT room.*, message.id AS message_id, message.seq, message.sender_id, message.message_type, message.text,
               message.image_url, message.latitude, message.longitude, message.created_at AS sent_at, message.read_at,
               true AS all_changed, ARRAY[]::uuid[] AS fallen, now() AS read_state_at, NULL::timestamptz AS claim
        FROM chat_rooms AS room
        LEFT JOIN chat_messages AS message
          ON message.chat_room_id = room.id AND message.seq > room.message_count - $2
        WHERE room.id = $1
        ORDER BY message.seq";
    let rows = database
        .query(
            SQL,
            &[(&room_id, Type::UUID), (&RoomState::WINDOW, Type::INT8)],
        )
        .await?;
    Ok(state(&rows))
}

/// A room and its messages, from rows that repeat the room beside each message.
fn state(rows: &[Row]) -> Option<RoomState> {
    let row = rows.first()?;
    let room = MirroredRoom {
        id: row.get("id"),
        room_type: row.get("room_type"),
        driver_id: row.get("driver_id"),
        other_user_id: row.get("other_user_id"),
        delivery_id: row.get("delivery_id"),
        created_at: Timestamp(row.get("created_at")),
        is_active: row.get("is_active"),
        closes_at: row.get::<_, Option<_>>("closes_at").map(Timestamp),
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
    Some(RoomState {
        room,
        changed: changed.collect(),
        all_changed: row.get("all_changed"),
        fallen: row.get("fallen"),
        behind_since: row.get("behind_since"),
        base: row.get("mirrored_revision"),
        read_at: row.get("read_state_at"),
        claim: row.get("claim"),
    })
}
