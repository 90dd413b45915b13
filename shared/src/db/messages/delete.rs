use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Changed;
use super::locked::{changed_message, is_late, is_own, kept_version, locked_message};
use crate::db::columns;
use crate::db::conditions::is_open;
use crate::db::{Database, viewer};
use crate::domain::{EditWindow, MessageType, Viewer};
use crate::error::{Error, Result};

/// Deletes the viewer's message for both participants: a tombstone without content stays, and the content goes to
/// `chat_message_versions`. An unread message is no longer counted. A repeat changes nothing, also after the window.
///
/// # Errors
/// [`Error::NotFound`] if the message does not exist or the viewer is not a participant; [`Error::Forbidden`] if the
/// viewer is not its sender, or if it is a system message; [`Error::NotNow`] if the window has passed or the room
/// is closed; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn delete(
    database: &Database,
    viewer: Viewer,
    message_id: Uuid,
    window: EditWindow,
) -> Result<Changed> {
    let row = database
        .query_one(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&message_id, Type::UUID),
                (&window.duration().as_secs_f64(), Type::FLOAT8),
                (&MessageType::DELETED, Type::TEXT),
            ],
        )
        .await?;
    viewer::check(&row)?;
    let message = columns::message(&row).ok_or(Error::NotFound)?;
    let verdict: &str = row.get("verdict");
    match verdict {
        "allowed" | "deleted" => Ok(Changed {
            message,
            changed: verdict == "allowed",
        }),
        "foreign" => Err(Error::Forbidden),
        "closed" => Err(Error::NotNow("Cette conversation est fermée.")),
        _ => Err(Error::NotNow(
            "Ce message ne peut plus être supprimé : le délai est dépassé.",
        )),
    }
}

/// The message is the viewer's own, so its one recipient is the other participant. `mark_read` waits for the same lock
/// on the room, so that a message is either read or deleted first, and is subtracted from the counter once.
const SQL: &str = concat!(
    "-- delete_message
    WITH ",
    locked_message!(),
    ",
    verdict AS MATERIALIZED (
        SELECT CASE
            WHEN NOT (",
    is_own!(),
    ") THEN 'foreign'
            WHEN before.deleted_at IS NOT NULL THEN 'deleted'
            WHEN NOT (",
    is_open!("room."),
    ") THEN 'closed'
            WHEN ",
    is_late!(),
    " THEN 'late'
            ELSE 'allowed'
        END AS verdict
        FROM before, room
    ),
    ",
    kept_version!(),
    ",
    changed AS (
        UPDATE chat_messages AS message
        SET text = '', image_url = '', latitude = NULL, longitude = NULL,
            deleted_at = greatest(clock_timestamp(), message.created_at), revision = room.revision + 1
        FROM room
        WHERE message.id = $2 AND (SELECT verdict = 'allowed' FROM verdict)
        RETURNING message.*
    ),
    updated AS (
        UPDATE chat_rooms AS room
        SET revision = room.revision + 1,
            behind_since = coalesce(room.behind_since, clock_timestamp()),
            last_message_text = CASE WHEN changed.seq < room.message_count THEN room.last_message_text ELSE $4 END,
            driver_unread_count = room.driver_unread_count
                - (changed.read_at IS NULL AND room.driver_id <> $1)::int,
            other_user_unread_count = room.other_user_unread_count
                - (changed.read_at IS NULL AND room.other_user_id <> $1)::int
        FROM changed WHERE room.id = changed.chat_room_id
    )
    ",
    changed_message!("")
);
