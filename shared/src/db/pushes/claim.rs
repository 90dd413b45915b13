use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::unread_total;
use crate::db::{Database, QueryError};
use crate::domain::MessageType;

/// A device that has not been told of what was said in a room. It has no `Debug`: it holds a token and a text.
pub struct DuePush {
    /// The room.
    pub room_id: Uuid,
    /// The device.
    pub token: String,
    /// The newest message that it stands for.
    pub last_seq: i64,
    /// Until when it is ours, which no other claim of it has.
    pub claim: DateTime<Utc>,
    /// Whether it has waited for too long; then there is nothing to tell.
    pub expired: bool,
    /// What to tell; nothing where everything was read meanwhile, or the person no longer wants to be told.
    pub notice: Option<Notice>,
}

/// What a device is told: the newest message that is unread.
pub struct Notice {
    /// The message.
    pub message_id: Uuid,
    /// Its number in the room.
    pub seq: i64,
    /// Its kind.
    pub message_type: MessageType,
    /// Its words.
    pub text: String,
    /// Who wrote it; `""` for the platform.
    pub sender_name: String,
    /// The delivery that the room is about; `""` for none.
    pub tracking_number: String,
    /// All that the person has not read, over all rooms.
    pub unread_total: i64,
}

impl DuePush {
    /// How long a push waits for FCM at most.
    pub const LIFE: Duration = Duration::from_hours(1);
}

/// Claims pushes whose time has come, of one room or of all, the longest waiting first, and reads what to tell. They are
/// given back by [`finish`](super::finish), or come due again after `life`.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn claim(
    database: &Database,
    room_id: Option<Uuid>,
    life: Duration,
    limit: i64,
) -> Result<Vec<DuePush>, QueryError> {
    // The push is read from the snapshot, like the messages, and not from the UPDATE: that one may have been moved by a
    // sender meanwhile, and then names a message that this statement cannot see. What it names is all that is finished.
    const SQL: &str = concat!(
        "-- claim_pushes
        WITH due AS (
            SELECT chat_room_id, token FROM chat_pushes
            WHERE ($1 IS NULL OR chat_room_id = $1) AND push_after <= clock_timestamp()
            ORDER BY push_after LIMIT $3
            FOR NO KEY UPDATE SKIP LOCKED
        ),
        claimed AS (
            UPDATE chat_pushes AS push SET push_after = clock_timestamp() + $2 * interval '1 second'
            FROM due WHERE push.chat_room_id = due.chat_room_id AND push.token = due.token
            RETURNING push.chat_room_id, push.token, push.push_after AS claim
        )
        SELECT push.chat_room_id, push.token, push.last_seq, claimed.claim,
               push.queued_at <= clock_timestamp() - $4 * interval '1 second' AS expired,
               message.id AS message_id, message.seq, message.message_type, message.text,
               coalesce(sender.full_name::text, '') AS sender_name,
               coalesce(delivery.tracking_number::text, '') AS tracking_number, ",
        unread_total!("recipient.id"),
        " AS unread_total
        FROM claimed
        JOIN chat_pushes AS push ON push.chat_room_id = claimed.chat_room_id AND push.token = claimed.token
        JOIN chat_rooms AS room ON room.id = push.chat_room_id
        LEFT JOIN chat_push_targets AS target ON target.chat_room_id = room.id AND target.token = push.token
        LEFT JOIN users AS recipient ON recipient.id = target.user_id AND recipient.is_active
        LEFT JOIN LATERAL (
            SELECT * FROM chat_messages
            WHERE chat_room_id = room.id AND seq BETWEEN push.first_seq AND push.last_seq AND read_at IS NULL
              AND recipient.id IS NOT NULL AND sender_id IS DISTINCT FROM recipient.id
              AND (sender_id IS NOT NULL OR CASE recipient.id
                       WHEN room.driver_id THEN driver_read_at ELSE other_user_read_at END IS NULL)
            ORDER BY seq DESC LIMIT 1
        ) AS message ON true
        LEFT JOIN users AS sender ON sender.id = message.sender_id
        LEFT JOIN deliveries AS delivery ON delivery.id = room.delivery_id"
    );
    let rows = database
        .query(
            SQL,
            &[
                (&room_id, Type::UUID),
                (&life.as_secs_f64(), Type::FLOAT8),
                (&limit, Type::INT8),
                (&DuePush::LIFE.as_secs_f64(), Type::FLOAT8),
            ],
        )
        .await?;
    Ok(rows.iter().map(due).collect())
}

fn due(row: &Row) -> DuePush {
    let expired: bool = row.get("expired");
    let message_id = row
        .get::<_, Option<Uuid>>("message_id")
        .filter(|_| !expired);
    DuePush {
        room_id: row.get("chat_room_id"),
        token: row.get("token"),
        last_seq: row.get("last_seq"),
        claim: row.get("claim"),
        expired,
        notice: message_id.map(|message_id| Notice {
            message_id,
            seq: row.get("seq"),
            message_type: MessageType::parse(row.get("message_type")).unwrap_or_default(),
            text: row.get("text"),
            sender_name: row.get("sender_name"),
            tracking_number: row.get("tracking_number"),
            unread_total: row.get("unread_total"),
        }),
    }
}
