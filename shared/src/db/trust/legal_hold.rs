use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::{Error, Result};

/// Sets or lifts the legal hold of a room, and records the change with its reason. A repeat changes nothing. Erasures
/// that have left the room go on when the hold is lifted.
///
/// # Errors
/// [`Error::Forbidden`] if the viewer is not an admin; [`Error::NotFound`] if the room does not exist; 401 for an unknown
/// or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn set(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    hold: bool,
    reason: &str,
) -> Result<()> {
    const SQL: &str = "-- set_legal_hold
        WITH viewer AS (SELECT is_active, user_type::text = 'admin' AS is_admin FROM users WHERE id = $1),
        changed AS (
            UPDATE chat_rooms SET legal_hold = $3
            WHERE id = $2 AND legal_hold <> $3 AND (SELECT is_active AND is_admin FROM viewer)
            RETURNING id
        ),
        resumed AS (
            UPDATE chat_erasures SET finished_at = NULL
            WHERE NOT $3
              AND user_id IN (SELECT user_id FROM chat_erasure_rooms WHERE chat_room_id IN (SELECT id FROM changed))
        ),
        audited AS (
            INSERT INTO chat_audit_log (actor_id, action, room_id, reason)
            SELECT $1, CASE WHEN $3 THEN 'set_legal_hold' ELSE 'lift_legal_hold' END, id, $4 FROM changed
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT is_admin FROM viewer) AS viewer_is_admin,
               EXISTS (SELECT FROM chat_rooms WHERE id = $2) AS room_found";
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&room_id as _, Type::UUID),
        (&hold as _, Type::BOOL),
        (&reason as _, Type::TEXT),
    ];
    let row = database.query_one(SQL, &parameters).await?;
    viewer::check_admin(&row)?;
    if row.get("room_found") {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}
