use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::Result;

/// Puts a room away for the viewer, or takes it back; false where there is none of this id for the viewer.
///
/// # Errors
/// An unknown or inactive viewer, or no answer from PostgreSQL.
pub async fn archive(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    archive: bool,
) -> Result<bool> {
    const SQL: &str = "-- archive_room
        WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
        archived AS (
            UPDATE chat_rooms
            SET archived_by_driver = CASE WHEN driver_id = $1 THEN $3 ELSE archived_by_driver END,
                archived_by_other_user = CASE WHEN other_user_id = $1 THEN $3 ELSE archived_by_other_user END
            WHERE id = $2 AND $1 IN (driver_id, other_user_id) AND (SELECT is_active FROM viewer)
            RETURNING id
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, EXISTS (SELECT FROM archived) AS found";
    let row = database
        .query_one(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&room_id, Type::UUID),
                (&archive, Type::BOOL),
            ],
        )
        .await?;
    viewer::check(&row)?;
    Ok(row.get("found"))
}
