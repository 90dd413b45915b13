//! Stores the messages that the platform's backend sends in its own words.

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::conditions::is_open;
use super::{Database, QueryError};
use crate::domain::{Content, Platform, Text};
use crate::error::{Error, Result};

/// The rooms that a message of the platform is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressee {
    /// The open rooms of the delivery's current driver with its client and its merchant.
    Delivery(Uuid),
    Room(Uuid),
}

/// A message of the platform.
#[derive(Debug, Clone)]
pub struct NewPlatformMessage {
    /// The platform's id of the message, which identifies repeats.
    pub message_id: Uuid,
    pub addressee: Addressee,
    pub text: Text,
    /// Whether the recipients get a push.
    pub push: bool,
}

/// The effect of a message.
#[derive(Debug, PartialEq, Eq)]
pub struct Posted {
    /// The rooms that got the message, ordered by id.
    pub rooms: Vec<Uuid>,
    /// False if the message is a repeat, which changes nothing.
    pub created: bool,
}

/// Adds a system message without a sender to the addressed rooms. Both participants receive it. Repeats have no effect.
///
/// # Errors
/// [`Error::Rejected`] if the delivery or the room does not exist, the room is closed, or the message id belongs to a
/// message with another content; 503 if PostgreSQL does not respond.
pub async fn send(database: &Database, _: Platform, new: &NewPlatformMessage) -> Result<Posted> {
    // Every message id begins with this time. The last twelve digits are derived from the platform's id and the room.
    let time_id = Uuid::now_v7();
    let (delivery_id, room_id) = match new.addressee {
        Addressee::Delivery(id) => (Some(id), None),
        Addressee::Room(id) => (None, Some(id)),
    };
    let preview = Content::System(new.text.clone()).preview();
    let parameters = [
        (&new.message_id as _, Type::UUID),
        (&delivery_id as _, Type::UUID),
        (&room_id as _, Type::UUID),
        (&new.text.as_str() as _, Type::TEXT),
        (&new.push as _, Type::BOOL),
        (&preview as _, Type::TEXT),
        (&time_id as _, Type::UUID),
    ];
    // A concurrent transaction may have inserted the same message, or closed the room, after this snapshot. Then nothing
    // was written, and the next run sees the other's rows.
    for _ in 0..3 {
        let row = database.query_one(SQL, &parameters).await?;
        if let Some(posted) = posted(&row, new)? {
            return Ok(posted);
        }
    }
    Err(Error::internal(
        "send_platform_message: the message is neither there nor to be kept",
    ))
}

/// Reads the result of a run; `None` if it lost to a concurrent transaction that its snapshot does not show.
fn posted(row: &Row, new: &NewPlatformMessage) -> Result<Option<Posted>> {
    let rooms = row.get::<_, Option<Vec<Uuid>>>("rooms");
    match (row.get("is_repeat"), rooms) {
        (Some(false), _) => Err(Error::rejected(
            "message_id",
            "Cet identifiant a déjà servi pour un autre message.",
        )),
        (is_repeat, Some(rooms)) => Ok(Some(Posted {
            rooms,
            created: is_repeat.is_none(),
        })),
        (_, None) => match (row.get("addressee_is_open"), new.addressee) {
            (Some(true), _) => Ok(None),
            (Some(false), _) => Err(Error::rejected(
                "chat_room_id",
                "Cette conversation est fermée.",
            )),
            (None, Addressee::Delivery(id)) => Err(unknown("delivery_id", id)),
            (None, Addressee::Room(id)) => Err(unknown("chat_room_id", id)),
        },
    }
}

fn unknown(field: &'static str, id: Uuid) -> Error {
    let reason = format!("Clé primaire « {id} » non valide - l'objet n'existe pas.");
    Error::rejected(field, reason)
}

/// Deletes the ids of at most `limit` messages after 180 days, and returns their number. A repeat after that is a new
/// message. The messages themselves stay.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn delete_expired_ids(database: &Database, limit: i64) -> Result<usize, QueryError> {
    const SQL: &str = "-- delete_platform_message_ids
        DELETE FROM chat_platform_messages WHERE message_id IN (
            SELECT message_id FROM chat_platform_messages WHERE received_at < now() - interval '180 days'
            ORDER BY received_at LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING message_id";
    Ok(database.query(SQL, &[(&limit, Type::INT8)]).await?.len())
}

/// If the message is a repeat, nothing is locked and nothing changes. Otherwise the rooms are locked first, in the order
/// of their ids, as in `mark_read`. The row of a concurrent repeat then makes `accepted` empty.
const SQL: &str = concat!(
    "-- send_platform_message
    WITH known AS (
        SELECT rooms, ROW(delivery_id, chat_room_id, push, text_sha256)
            IS NOT DISTINCT FROM ROW($2, $3, $5, sha256(convert_to($4, 'UTF8'))) AS is_repeat
        FROM chat_platform_messages WHERE message_id = $1
    ),
    delivery AS (SELECT id, driver_id, client_id, merchant_id FROM deliveries WHERE id = $2),
    addressed AS (
        SELECT id FROM chat_rooms WHERE id = $3
        UNION ALL
        SELECT room.id FROM delivery
        JOIN chat_rooms AS room ON room.delivery_id = delivery.id AND room.driver_id = delivery.driver_id
         AND room.other_user_id IN (delivery.client_id, delivery.merchant_id)
    ),
    notified AS (
        SELECT room.id FROM chat_rooms AS room
        WHERE room.id = ANY (ARRAY(SELECT id FROM addressed)) AND ",
    is_open!("room."),
    " AND NOT EXISTS (SELECT FROM known)
        ORDER BY room.id
        FOR NO KEY UPDATE
    ),
    accepted AS (
        INSERT INTO chat_platform_messages (message_id, delivery_id, chat_room_id, text_sha256, push, rooms)
        SELECT $1, $2, $3, sha256(convert_to($4, 'UTF8')), $5, ARRAY(SELECT id FROM notified ORDER BY id)
        WHERE NOT EXISTS (SELECT FROM known)
          AND CASE WHEN $2 IS NULL THEN EXISTS (SELECT FROM notified) ELSE EXISTS (SELECT FROM delivery) END
        ON CONFLICT (message_id) DO NOTHING
        RETURNING rooms
    ),
    updated AS (
        UPDATE chat_rooms AS room
        SET message_count = message_count + 1,
            last_message_text = $6,
            last_message_at = greatest(clock_timestamp(), last_message_at + interval '1 microsecond'),
            last_message_sender_id = NULL,
            driver_unread_count = driver_unread_count + 1,
            other_user_unread_count = other_user_unread_count + 1,
            revision = revision + 1,
            behind_since = coalesce(behind_since, clock_timestamp())
        WHERE id = ANY (ARRAY(SELECT unnest(rooms) FROM accepted))
        RETURNING id, message_count, last_message_at, revision
    ),
    sent AS (
        INSERT INTO chat_messages
            (id, chat_room_id, seq, message_type, text, created_at, client_message_id, revision, push_mode)
        SELECT (left($7::text, 24) || left(md5(id::text || $1::text), 12))::uuid, id, message_count,
               'system', $4, last_message_at, $1, revision, CASE WHEN NOT $5 THEN 'none' END
        FROM updated
        -- The trigger queues pushes in this order, in which they are also settled.
        ORDER BY id
    )
    SELECT (SELECT is_repeat FROM known) AS is_repeat,
           coalesce((SELECT rooms FROM known), (SELECT rooms FROM accepted)) AS rooms,
           CASE WHEN $2 IS NULL THEN (SELECT ",
    is_open!(""),
    " FROM chat_rooms WHERE id = $3)
                ELSE (SELECT true FROM delivery) END AS addressee_is_open"
);
