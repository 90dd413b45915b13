use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::conditions::{check_writable, writable_room};
use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::Result;

/// Records whether the viewer is typing in a room. Returns whether Firebase must be updated: for `true` at most once a
/// second, and for the first `false` after it.
///
/// # Errors
/// `Error::NotFound` if the room does not exist or the viewer is not a participant; `Error::Rejected` if it is
/// closed; `Error::Blocked` if the other participant has blocked the viewer; 401 for an unknown or inactive viewer; 503
/// if PostgreSQL does not respond.
pub async fn note_typing(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    is_typing: bool,
) -> Result<bool> {
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&room_id as _, Type::UUID),
        (&is_typing as _, Type::BOOL),
    ];
    let row = database.query_one(SQL, &parameters).await?;
    viewer::check(&row)?;
    check_writable(&row, "room_id")?;
    Ok(row.get("is_shown"))
}

const SQL: &str = concat!(
    "-- note_typing
    WITH ",
    writable_room!(),
    ",
    shown AS (
        INSERT INTO chat_typing AS typing (chat_room_id, user_id, is_typing, next_at)
        SELECT $2, $1, $3, clock_timestamp() + interval '1 second' FROM room WHERE is_open AND NOT is_blocked
        ON CONFLICT (chat_room_id, user_id) DO UPDATE
        SET is_typing = $3, next_at = CASE WHEN $3 THEN EXCLUDED.next_at ELSE typing.next_at END
        WHERE CASE WHEN $3 THEN typing.next_at <= clock_timestamp() ELSE typing.is_typing END
        RETURNING user_id
    )
    SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT is_open FROM room) AS room_is_open,
           (SELECT is_blocked FROM room) AS is_blocked,
           EXISTS (SELECT FROM shown) AS is_shown"
);
