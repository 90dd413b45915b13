use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::{self, message_columns};
use crate::db::{Database, viewer};
use crate::domain::{Content, Message, Viewer};
use crate::error::{Error, Result};

/// A message to send.
#[derive(Debug)]
pub struct NewMessage {
    /// Where to.
    pub room_id: Uuid,
    /// What it says.
    pub content: Content,
    /// The phone's own id of it: a repeat is known by it.
    pub client_message_id: Option<Uuid>,
}

/// A message that was sent.
#[derive(Debug)]
pub struct Sent {
    /// The message.
    pub message: Message,
    /// False: it is a repeat, and nothing was changed.
    pub created: bool,
}

/// Sends a message: numbers it, counts it as unread for the other, and makes it the room's last. Running it twice
/// sends it once.
///
/// # Errors
/// [`Error::NotFound`] where there is no such room for the viewer; [`Error::Refused`] where the room is closed, or
/// for a system message that is not an admin's; an unknown or inactive viewer; no answer from PostgreSQL.
pub async fn send(database: &Database, viewer: Viewer, new: &NewMessage) -> Result<Sent> {
    let message_id = Uuid::now_v7();
    let coordinates = new.content.coordinates();
    let latitude = coordinates.map(|place| place.latitude.degrees());
    let longitude = coordinates.map(|place| place.longitude.degrees());
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&new.room_id as _, Type::UUID),
        (&message_id as _, Type::UUID),
        (&new.client_message_id as _, Type::UUID),
        (&new.content.message_type().as_str() as _, Type::TEXT),
        (&new.content.text() as _, Type::TEXT),
        (&new.content.image_url() as _, Type::TEXT),
        (&latitude as _, Type::FLOAT8),
        (&longitude as _, Type::FLOAT8),
        (&new.content.preview() as _, Type::TEXT),
    ];
    let row = match database.query_one(SQL, &parameters).await {
        // The same message beside us, not yet in our snapshot: nothing of ours has stayed, and now it can be seen.
        Err(error) if REPEATS.iter().any(|name| error.violates(name)) => {
            database.query_one(SQL, &parameters).await?
        }
        row => row?,
    };
    viewer::check(&row)?;
    if let Some(message) = columns::message(&row) {
        return Ok(Sent {
            message,
            created: row.get("created"),
        });
    }
    match row.get("room_is_active") {
        None => Err(Error::NotFound),
        Some(false) => Err(Error::refused(
            "chat_room_id",
            "Cette conversation est fermée.",
        )),
        Some(true) => Err(Error::refused(
            "message_type",
            "Seuls les administrateurs et la plateforme envoient des messages système.",
        )),
    }
}

/// What a repeat of a message violates: its phone's id, or, for our own second attempt, the message's.
const REPEATS: [&str; 2] = ["chat_messages_client_message_id_key", "chat_messages_pkey"];

/// The UPDATE holds the room's row from its lock to the commit: what it computes there from the row, the number and
/// the time, no other message can have. `clock_timestamp()`, since `now()` is from before the wait for the lock.
const SQL: &str = concat!(
    "-- send_message
    WITH viewer AS (SELECT id, user_type, is_active FROM users WHERE id = $1),
    repeated AS (
        SELECT * FROM chat_messages
        WHERE (id = $3 OR (chat_room_id = $2 AND sender_id = $1 AND client_message_id = $4))
          AND EXISTS (SELECT FROM chat_rooms WHERE id = $2 AND $1 IN (driver_id, other_user_id))
    ),
    room AS (
        UPDATE chat_rooms
        SET message_count = message_count + 1,
            last_message_text = $10,
            last_message_at = greatest(clock_timestamp(), last_message_at + interval '1 microsecond'),
            last_message_sender_id = $1,
            driver_unread_count = driver_unread_count + (driver_id <> $1)::int,
            other_user_unread_count = other_user_unread_count + (other_user_id <> $1)::int,
            revision = revision + 1,
            behind_since = coalesce(behind_since, clock_timestamp())
        WHERE id = $2 AND $1 IN (driver_id, other_user_id) AND is_active
          AND EXISTS (SELECT FROM viewer WHERE is_active AND ($5 <> 'system' OR user_type = 'admin'))
          AND NOT EXISTS (SELECT FROM repeated)
        RETURNING id, message_count, last_message_at, revision
    ),
    sent AS (
        INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, image_url,
            latitude, longitude, created_at, client_message_id, revision)
        SELECT $3, id, message_count, $1, $5, $6, $7, $8, $9, last_message_at, $4, revision FROM room
        RETURNING *
    )
    SELECT (SELECT is_active FROM viewer) AS viewer_is_active,
           (SELECT is_active FROM chat_rooms WHERE id = $2 AND $1 IN (driver_id, other_user_id)) AS room_is_active,
           message.created, ",
    message_columns!(),
    " FROM (VALUES (1)) AS one
    LEFT JOIN (SELECT *, true AS created FROM sent UNION ALL SELECT *, id = $3 FROM repeated) AS message ON true
    LEFT JOIN users AS sender ON sender.id = message.sender_id"
);
