//! The flags that each participant sets for itself in a room.

use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::Result;

/// Archives or unarchives a room for the viewer. Returns false if the room does not exist or the viewer is not a
/// participant.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn archive(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    archive: bool,
) -> Result<bool> {
    set(
        database,
        set_flag!("archive_room", "archived"),
        viewer,
        room_id,
        archive,
    )
    .await
}

/// Mutes or unmutes pushes of a room for the viewer. Returns false if the room does not exist or the viewer is not a
/// participant. Pending pushes check the flag again before they are sent.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn mute(database: &Database, viewer: Viewer, room_id: Uuid, mute: bool) -> Result<bool> {
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
) -> Result<bool> {
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
    Ok(row.get("found"))
}

/// The statement `$name`, which sets the viewer's column `{flag}_by_…`.
macro_rules! set_flag {
    ($name:literal, $flag:literal) => {
        concat!(
            "-- ", $name, "
            WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
            changed AS (
                UPDATE chat_rooms
                SET ", $flag, "_by_driver = CASE WHEN driver_id = $1 THEN $3 ELSE ", $flag, "_by_driver END,
                    ", $flag, "_by_other_user = CASE WHEN other_user_id = $1 THEN $3 ELSE ", $flag, "_by_other_user END
                WHERE id = $2 AND $1 IN (driver_id, other_user_id) AND (SELECT is_active FROM viewer)
                RETURNING id
            )
            SELECT (SELECT is_active FROM viewer) AS viewer_is_active, EXISTS (SELECT FROM changed) AS found"
        )
    };
}
use set_flag;
