use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::{self, read_seqs};
use crate::db::{Database, QueryError};
use crate::domain::{ReceiptState, Timestamp, User};

/// A room and the changes that Firebase does not have, from one snapshot.
#[derive(Debug)]
pub struct RoomState {
    pub room: MirroredRoom,
    /// The new and changed messages among the newest [`RoomState::WINDOW`].
    pub changed: Vec<MirroredMessage>,
    /// Whether all of the newest messages have changed. Then they replace the whole list in Firebase.
    pub all_changed: bool,
    /// Messages that Firebase may still have but that are no longer among the newest.
    pub evicted: Vec<Uuid>,
    /// The time of the oldest change that Firebase does not have.
    pub behind_since: Option<DateTime<Utc>>,
    /// The newest revision that Firebase was known to have at the time of reading. `changed` contains all later
    /// changes. 0 for a new room, -1 for one that was reset.
    pub base_revision: i64,
    pub read_at: DateTime<Utc>,
    /// The lease under which the state was read: its expiry time, which is unique among the leases of a room.
    pub lease: Option<DateTime<Utc>>,
}

impl RoomState {
    /// The number of messages per room in Firebase.
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
    pub unreachable_until: Option<Timestamp>,
    pub last_message_text: String,
    pub last_message_at: Option<Timestamp>,
    pub last_message_sender_id: Option<Uuid>,
    pub message_count: i64,
    pub revision: i64,
    /// `None` without a delivery.
    pub tracking_number: Option<String>,
    /// The receipts of the driver and of the other user.
    pub receipts: [ReceiptState; 2],
    /// The driver's and the other user's view of the room.
    pub participants: [MirroredParticipant; 2],
}

/// A room as the inbox of one participant shows it.
#[derive(Debug)]
pub struct MirroredParticipant {
    pub user_id: Uuid,
    /// `None` for a user that the platform has deleted.
    pub other_participant: Option<User>,
    pub unread_count: i64,
    pub is_archived: bool,
    pub is_muted: bool,
    /// Whether the other participant has blocked this one.
    pub is_blocked: bool,
}

impl MirroredRoom {
    /// Returns whether the room is in the participant's inbox: it is open, and not archived unless it has unread
    /// messages.
    #[must_use]
    pub fn is_in_inbox_of(&self, participant: &MirroredParticipant) -> bool {
        self.is_active && (!participant.is_archived || participant.unread_count > 0)
    }
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
    pub edited_at: Option<Timestamp>,
    pub is_deleted: bool,
    pub revision: i64,
}

/// Selects the platform's data about the participants and the delivery of `room`, with [`participant_joins`].
macro_rules! participant_columns {
    () => {
        concat!(
            $crate::db::columns::user_columns!("driver_user"),
            ", ",
            $crate::db::columns::user_columns!("other_side_user"),
            ", delivery.tracking_number::text AS tracking_number,
             block_of_driver.blocked_id IS NOT NULL AS driver_is_blocked,
             block_of_other_user.blocked_id IS NOT NULL AS other_user_is_blocked"
        )
    };
}

/// The joins of [`participant_columns`].
macro_rules! participant_joins {
    () => {
        "LEFT JOIN users AS driver_user ON driver_user.id = room.driver_id
         LEFT JOIN users AS other_side_user ON other_side_user.id = room.other_user_id
         LEFT JOIN deliveries AS delivery ON delivery.id = room.delivery_id
         LEFT JOIN chat_blocks AS block_of_driver
           ON block_of_driver.blocker_id = room.other_user_id AND block_of_driver.blocked_id = room.driver_id
         LEFT JOIN chat_blocks AS block_of_other_user
           ON block_of_other_user.blocker_id = room.driver_id AND block_of_other_user.blocked_id = room.other_user_id"
    };
}
pub(super) use {participant_columns, participant_joins};

/// Selects the message with the alias `message` for [`states`].
macro_rules! mirrored_message {
    () => {
        "message.id AS message_id, message.seq, message.sender_id, message.message_type, message.text,
         message.image_url, message.latitude, message.longitude, message.created_at AS sent_at, message.read_at,
         message.edited_at, message.deleted_at IS NOT NULL AS is_deleted, message.revision AS message_revision"
    };
}
pub(super) use mirrored_message;

/// Reads a room's complete state for Firebase without a lease; `None` if the room does not exist.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn read(database: &Database, room_id: Uuid) -> Result<Option<RoomState>, QueryError> {
    const SQL: &str = concat!(
        "-- read_mirror
        SELECT room.*, receipts.*, ",
        participant_columns!(),
        ", ",
        mirrored_message!(),
        ", true AS all_changed, NULL::uuid[] AS evicted, now() AS read_state_at, NULL::timestamptz AS lease
        FROM chat_rooms AS room
        ",
        read_seqs!(),
        "
        LEFT JOIN chat_messages AS message
          ON message.chat_room_id = room.id AND message.seq > room.message_count - $2 ",
        participant_joins!(),
        " WHERE room.id = $1
        ORDER BY message.seq"
    );
    let parameters = [
        (&room_id as _, Type::UUID),
        (&RoomState::WINDOW as _, Type::INT8),
    ];
    Ok(states(&database.query(SQL, &parameters).await?).pop())
}

/// Reads rooms and their messages from rows that are ordered by room and repeat the room for each message. Rows without
/// a room are skipped.
pub(super) fn states(rows: &[Row]) -> Vec<RoomState> {
    let rooms = rows.chunk_by(|a, b| room_id(a) == room_id(b));
    rooms.filter_map(state).collect()
}

fn room_id(row: &Row) -> Option<Uuid> {
    row.get("id")
}

fn state(rows: &[Row]) -> Option<RoomState> {
    let row = rows.first()?;
    let room = MirroredRoom {
        id: room_id(row)?,
        room_type: row.get("room_type"),
        driver_id: row.get("driver_id"),
        other_user_id: row.get("other_user_id"),
        delivery_id: row.get("delivery_id"),
        created_at: Timestamp(row.get("created_at")),
        is_active: row.get("is_active"),
        closes_at: row.get::<_, Option<_>>("closes_at").map(Timestamp),
        unreachable_until: row.get::<_, Option<_>>("unreachable_until").map(Timestamp),
        last_message_text: row.get("last_message_text"),
        last_message_at: row.get::<_, Option<_>>("last_message_at").map(Timestamp),
        last_message_sender_id: row.get("last_message_sender_id"),
        message_count: row.get("message_count"),
        revision: row.get("revision"),
        tracking_number: row.get("tracking_number"),
        participants: participants(row),
        receipts: columns::receipts(row),
    };
    Some(RoomState {
        room,
        changed: rows.iter().filter_map(message).collect(),
        all_changed: row.get("all_changed"),
        evicted: row.get::<_, Option<_>>("evicted").unwrap_or_default(),
        behind_since: row.get("behind_since"),
        base_revision: row.get("mirrored_revision"),
        read_at: row.get("read_state_at"),
        lease: row.get("lease"),
    })
}

fn participants(row: &Row) -> [MirroredParticipant; 2] {
    let driver = columns::user(row, "driver_user");
    let other_user = columns::user(row, "other_side_user");
    [
        MirroredParticipant {
            user_id: row.get("driver_id"),
            other_participant: other_user,
            unread_count: row.get("driver_unread_count"),
            is_archived: row.get("archived_by_driver"),
            is_muted: row.get("muted_by_driver"),
            is_blocked: row.get("driver_is_blocked"),
        },
        MirroredParticipant {
            user_id: row.get("other_user_id"),
            other_participant: driver,
            unread_count: row.get("other_user_unread_count"),
            is_archived: row.get("archived_by_other_user"),
            is_muted: row.get("muted_by_other_user"),
            is_blocked: row.get("other_user_is_blocked"),
        },
    ]
}

fn message(row: &Row) -> Option<MirroredMessage> {
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
        edited_at: row.get::<_, Option<_>>("edited_at").map(Timestamp),
        is_deleted: row.get("is_deleted"),
        revision: row.get("message_revision"),
    })
}
