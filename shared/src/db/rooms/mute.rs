use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::Result;

/// Keeps pushes of a room from the viewer's devices, or lets them through again; false where there is none of this id
/// for the viewer. What waits to be pushed looks here once more before it goes.
///
/// # Errors
/// An unknown or inactive viewer, or no answer from PostgreSQL.
pub async fn mute(database: &Database, viewer: Viewer, room_id: Uuid, mute: bool) -> Result<bool> {
    const SQL: &str = "-- mute_room
        WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
        muted AS (
            UPDATE chat_rooms
            SET muted_by_driver = CASE WHEN driver_id = $1 THEN $3 ELSE muted_by_driver END,
                muted_by_other_user = CASE WHEN other_user_id = $1 THEN $3 ELSE muted_by_other_user END
            WHERE id = $2 AND $1 IN (driver_id, other_user_id) AND (SELECT is_active FROM viewer)
            RETURNING id
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, EXISTS (SELECT FROM muted) AS found";
    let row = database
        .query_one(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&room_id, Type::UUID),
                (&mute, Type::BOOL),
            ],
        )
        .await?;
    viewer::check(&row)?;
    Ok(row.get("found"))
}
