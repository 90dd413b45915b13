use tokio_postgres::types::Type;
use uuid::Uuid;

use super::locked::{changed_message, is_late, is_own, kept_version, locked_message};
use crate::db::columns;
use crate::db::conditions::{is_blocked, is_open};
use crate::db::{Database, viewer};
use crate::domain::{Content, EditWindow, Message, MessageType, Text, Viewer};
use crate::error::{Error, Result};

/// A message after an edit or a deletion.
#[derive(Debug)]
pub struct Changed {
    pub message: Message,
    /// False for a repeat, which changes nothing.
    pub changed: bool,
}

/// Replaces the text of the viewer's message. `None` removes a caption. The same text again changes nothing, also after
/// the window.
///
/// # Errors
/// [`Error::NotFound`] if the message does not exist or the viewer is not a participant; [`Error::Forbidden`] if the
/// viewer is not its sender, or if it is a system message; [`Error::NotNow`] if it is deleted, the window has
/// passed, or the room is closed; [`Error::Blocked`] if the other participant has blocked the viewer; [`Error::Rejected`] if a text message would have no text; 401 for an unknown or
/// inactive viewer; 503 if PostgreSQL does not respond.
pub async fn edit(
    database: &Database,
    viewer: Viewer,
    message_id: Uuid,
    text: Option<&Text>,
    window: EditWindow,
) -> Result<Changed> {
    let preview = text.map(|text| Content::Text(text.clone()).preview());
    let row = database
        .query_one(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&message_id, Type::UUID),
                (&window.duration().as_secs_f64(), Type::FLOAT8),
                (&text.map_or("", Text::as_str), Type::TEXT),
                (&preview, Type::TEXT),
                (&MessageType::Image.without_words(), Type::TEXT),
                (&MessageType::Location.without_words(), Type::TEXT),
            ],
        )
        .await?;
    viewer::check(&row)?;
    let message = columns::message(&row).ok_or(Error::NotFound)?;
    let verdict: &str = row.get("verdict");
    match verdict {
        "allowed" | "unchanged" => Ok(Changed {
            message,
            changed: verdict == "allowed",
        }),
        "foreign" => Err(Error::Forbidden),
        "blocked" => Err(Error::Blocked),
        "deleted" => Err(Error::NotNow("Ce message a été supprimé.")),
        "blank" => Err(Error::rejected("text", "Ce champ ne peut être vide.")),
        "closed" => Err(Error::NotNow("Cette conversation est fermée.")),
        _ => Err(Error::NotNow(
            "Ce message ne peut plus être modifié : le délai est dépassé.",
        )),
    }
}

const SQL: &str = concat!(
    "-- edit_message
    WITH ",
    locked_message!(),
    ",
    verdict AS MATERIALIZED (
        SELECT CASE
            WHEN NOT (",
    is_own!(),
    ") THEN 'foreign'
            WHEN before.deleted_at IS NOT NULL THEN 'deleted'
            WHEN $4 = '' AND before.message_type = 'text' THEN 'blank'
            WHEN before.text = $4 THEN 'unchanged'
            WHEN NOT (",
    is_open!("room."),
    ") THEN 'closed'
            WHEN ",
    is_blocked!("room."),
    " THEN 'blocked'
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
        SET text = $4, edited_at = greatest(clock_timestamp(), message.created_at), revision = room.revision + 1
        FROM room
        WHERE message.id = $2 AND (SELECT verdict = 'allowed' FROM verdict)
        RETURNING message.*
    ),
    updated AS (
        UPDATE chat_rooms AS room
        SET revision = room.revision + 1,
            behind_since = coalesce(room.behind_since, clock_timestamp()),
            last_message_text = CASE
                WHEN changed.seq < room.message_count THEN room.last_message_text
                ELSE coalesce($5, CASE changed.message_type WHEN 'image' THEN $6 ELSE $7 END)
            END
        FROM changed WHERE room.id = changed.chat_room_id
    )
    ",
    changed_message!()
);
