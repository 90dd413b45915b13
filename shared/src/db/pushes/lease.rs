use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::unread_total;
use crate::db::delivery::{Lease, LeaseScope, channel_state, sweep_limit};
use crate::db::{Database, QueryError};
use crate::domain::MessageType;

/// A notification of one room to one device. It has no `Debug`, since it holds a token and a text.
pub struct DuePush {
    pub room_id: Uuid,
    /// The device's FCM token.
    pub token: String,
    /// The newest message that the notification includes.
    pub last_seq: i64,
    /// The lease: its expiry time, which is unique among the leases of this push.
    pub lease: DateTime<Utc>,
    /// The time after which the notification is useless.
    pub expires_at: DateTime<Utc>,
    pub expired: bool,
    /// The content; `None` if everything is read or deleted, or the recipient does not want to be notified.
    pub notice: Option<Notice>,
}

/// A notification's content: the newest message that is neither read nor deleted.
pub struct Notice {
    pub message_id: Uuid,
    pub seq: i64,
    pub message_type: MessageType,
    pub text: String,
    /// The sender's name; `""` for the platform.
    pub sender_name: String,
    /// The tracking number of the room's delivery; `""` without one.
    pub tracking_number: String,
    /// The recipient's unread messages over all rooms.
    pub unread_total: i64,
    /// Whether the notification ignores quiet hours and muting.
    pub is_urgent: bool,
}

impl DuePush {
    /// The longest time that a push waits for FCM.
    pub const LIFE: Duration = Duration::from_hours(1);
}

/// Leases pending pushes for `life`, and reads their content.
///
/// A push is reserved instead if it is leased, or if its device was notified of the same room less than a second ago:
/// see [`Lease::reserved`](crate::db::delivery::Lease). A push in back-off is not leased.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn lease(
    database: &Database,
    scope: LeaseScope,
    life: Duration,
) -> Result<Lease<DuePush>, QueryError> {
    let expiry = (&DuePush::LIFE.as_secs_f64() as _, Type::FLOAT8);
    let rows = scope
        .query(database, [ROOM, DUE], life, expiry, &[])
        .await?;
    Ok(Lease {
        items: rows.iter().filter_map(due).collect(),
        ..Lease::of(&rows)
    })
}

fn due(row: &Row) -> Option<DuePush> {
    let expired: bool = row.get::<_, Option<bool>>("expired")?;
    let message_id = row
        .get::<_, Option<Uuid>>("message_id")
        .filter(|_| !expired);
    Some(DuePush {
        room_id: row.get("chat_room_id"),
        token: row.get("token"),
        last_seq: row.get("last_seq"),
        lease: row.get("lease"),
        expires_at: row.get("expires_at"),
        expired,
        notice: message_id.map(|message_id| Notice {
            message_id,
            seq: row.get("seq"),
            message_type: MessageType::parse(row.get("message_type")).unwrap_or_default(),
            text: row.get("text"),
            sender_name: row.get("sender_name"),
            tracking_number: row.get("tracking_number"),
            unread_total: row.get("unread_total"),
            is_urgent: row.get("is_urgent"),
        }),
    })
}

/// Whether a push may be leased now. `now()`, the time of the transaction's start, is the same in all conditions.
macro_rules! is_free {
    () => {
        "(leased_until IS NULL OR leased_until < now()) AND (paced_until IS NULL OR paced_until <= now())"
    };
}

/// Leases or reserves the pushes of `due`, and reads their content. The push is read from the snapshot, like the
/// messages, and not from the UPDATE: a sender may have changed the row meanwhile to a message that the snapshot does
/// not contain. Only what was read is settled.
macro_rules! lease_and_read {
    () => {
        concat!(
            "leased AS (
            UPDATE chat_pushes AS push
            SET leased_until = CASE WHEN is_free THEN clock_timestamp() + $1 * interval '1 second' ELSE leased_until END,
                paced_until = CASE WHEN is_free THEN clock_timestamp() + interval '1 second' ELSE paced_until END,
                reserved_until = CASE WHEN NOT is_free THEN new_reservation END
            FROM due WHERE push.chat_room_id = due.chat_room_id AND push.token = due.token
            RETURNING push.chat_room_id, push.token, leased_until AS lease, reserved_until AS reservation,
                      extract(epoch FROM paced_until - clock_timestamp())::float8 AS wait
        )
        SELECT channel_failures, circuit_is_open, lease, reservation, wait,
               push.chat_room_id, push.token, push.last_seq, push.queued_at + $2 * interval '1 second' AS expires_at,
               push.queued_at <= clock_timestamp() - $2 * interval '1 second' AS expired,
               message.id AS message_id, message.seq, message.message_type, message.text,
               message.push_mode IS NOT DISTINCT FROM 'urgent' AS is_urgent,
               coalesce(sender.full_name::text, '') AS sender_name,
               coalesce(delivery.tracking_number::text, '') AS tracking_number, ",
            unread_total!("recipient.id"),
            " AS unread_total
        FROM channel
        LEFT JOIN leased ON true
        LEFT JOIN chat_pushes AS push
          ON push.chat_room_id = leased.chat_room_id AND push.token = leased.token AND reservation IS NULL
        LEFT JOIN chat_rooms AS room ON room.id = push.chat_room_id
        -- Per push (LATERAL, OFFSET 0). Joined to the view directly, PostgreSQL reads every room for each push.
        LEFT JOIN LATERAL (
            SELECT * FROM chat_push_recipients WHERE chat_room_id = room.id AND token = push.token OFFSET 0
        ) AS target ON true
        LEFT JOIN users AS recipient ON recipient.id = target.user_id AND recipient.is_active
        LEFT JOIN LATERAL (
            SELECT * FROM chat_messages
            WHERE chat_room_id = room.id AND seq BETWEEN push.first_seq AND push.last_seq AND read_at IS NULL AND deleted_at IS NULL
              AND CASE WHEN push_mode IS NULL THEN target.wants_pushes
                       WHEN push_mode = 'urgent' THEN target.is_other_user END
              AND recipient.id IS NOT NULL AND sender_id IS DISTINCT FROM recipient.id
              AND (message_type = 'system' OR NOT EXISTS (
                       SELECT FROM chat_blocks WHERE blocker_id = recipient.id AND blocked_id = sender_id))
              AND (sender_id IS NOT NULL OR CASE recipient.id
                       WHEN room.driver_id THEN driver_read_at ELSE other_user_read_at END IS NULL)
            ORDER BY seq DESC LIMIT 1
        ) AS message ON true
        LEFT JOIN users AS sender ON sender.id = message.sender_id
        LEFT JOIN deliveries AS delivery ON delivery.id = room.delivery_id"
        )
    };
}

/// Ordered by token, like the senders' trigger, so that two statements cannot deadlock.
const ROOM: &str = concat!(
    "-- lease_pushes
        WITH ",
    channel_state!("'push'"),
    "due AS (
            SELECT chat_room_id, token, ",
    is_free!(),
    " AS is_free, coalesce($4, now() + interval '2 seconds') AS new_reservation
            FROM chat_pushes
            WHERE chat_room_id = $3 AND first_seq <= last_seq AND push_after <= now()
              AND NOT (SELECT circuit_is_open FROM channel)
              AND (",
    is_free!(),
    " OR CASE WHEN $4 IS NULL THEN reserved_until IS NULL OR reserved_until < now() ELSE reserved_until = $4 END)
            ORDER BY chat_room_id, token
            FOR NO KEY UPDATE
        ),",
    lease_and_read!()
);

const DUE: &str = concat!(
    "-- lease_due_pushes
        WITH ",
    channel_state!("'push'"),
    sweep_limit!(probe "'push'"),
    "due AS (
            SELECT chat_room_id, token, true AS is_free, NULL::timestamptz AS new_reservation
            FROM chat_pushes
            WHERE first_seq <= last_seq AND push_after <= now() AND ",
    is_free!(),
    "
            ORDER BY push_after
            LIMIT ",
    sweep_limit!("$3", "$4"),
    "
            FOR NO KEY UPDATE SKIP LOCKED
        ),",
    lease_and_read!()
);
