//! The flags that each participant sets for itself in a room.

use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::{Error, Result};

/// Whether a flag had another value before. Then the mirror must update the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flagged {
    Changed,
    Unchanged,
}

/// Archives or unarchives a room for the viewer.
///
/// # Errors
/// [`Error::NotFound`] if the room does not exist or the viewer is not a participant; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn archive(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    archive: bool,
) -> Result<Flagged> {
    set(
        database,
        set_flag!("archive_room", "archived"),
        viewer,
        room_id,
        archive,
    )
    .await
}

/// Mutes or unmutes pushes of a room for the viewer. Pending pushes check the flag again before they are sent.
///
/// # Errors
/// [`Error::NotFound`] if the room does not exist or the viewer is not a participant; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn mute(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    mute: bool,
) -> Result<Flagged> {
    set(
        database,
        set_flag!("mute_room", "muted"),
        viewer,
        room_id,
        mute,
    )
    .await
}

async fn set(
    database: &Database,
    sql: &str,
    viewer: Viewer,
    room_id: Uuid,
    value: bool,
) -> Result<Flagged> {
    let row = database
        .query_one(
            sql,
            &[
                (&viewer.0, Type::UUID),
                (&room_id, Type::UUID),
                (&value, Type::BOOL),
            ],
        )
        .await?;
    viewer::check(&row)?;
    match row.get("changed") {
        Some(true) => Ok(Flagged::Changed),
        Some(false) => Ok(Flagged::Unchanged),
        None => Err(Error::NotFound),
    }
}

/// The statement `$name`, which sets the viewer's column `{flag}_by_…`. `changed` is null without a room.
macro_rules! set_flag {
    ($name:literal, $flag:literal) => {
        concat!(
            "-- ", $name, "
            WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
            room AS (
                SELECT id, CASE $1 WHEN driver_id THEN ", $flag, "_by_driver ELSE ", $flag, "_by_other_user END <> $3 AS changes
                FROM chat_rooms
                WHERE id = $2 AND $1 IN (driver_id, other_user_id) AND (SELECT is_active FROM viewer)
                FOR NO KEY UPDATE
            ),
            changed AS (
                UPDATE chat_rooms
                SET ", $flag, "_by_driver = CASE WHEN driver_id = $1 THEN $3 ELSE ", $flag, "_by_driver END,
                    ", $flag, "_by_other_user = CASE WHEN other_user_id = $1 THEN $3 ELSE ", $flag, "_by_other_user END,
                    revision = revision + 1, behind_since = coalesce(behind_since, clock_timestamp())
                WHERE id = (SELECT id FROM room WHERE changes)
            )
            SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT changes FROM room) AS changed"
        )
    };
}
use set_flag;
