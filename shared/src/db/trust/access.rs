use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, viewer};
use crate::domain::{Text, Timestamp, Viewer};
use crate::error::{Error, Result};

/// How long a grant lasts, in minutes.
const MINUTES: i32 = 60;

/// Whether the user `$1` may read the row of `chat_rooms`: as a participant, or by access. A read by access is recorded as
/// `$action`, so the row must be read once.
macro_rules! may_read {
    ($action:literal) => {
        concat!(
            "($1 IN (driver_id, other_user_id) OR chat_reads_by_access($1, id, '",
            $action,
            "'))"
        )
    };
}

pub(in crate::db) use may_read;

/// Opens a room of others to the viewer, an admin, for an hour. Returns the end of the access, and whether there was none
/// before. A repeat is a further grant. Each grant is recorded with its reason.
///
/// # Errors
/// [`Error::Forbidden`] if the viewer is not an admin; [`Error::NotFound`] if the room does not exist; 401 for an unknown
/// or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn open(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    reason: &Text,
) -> Result<(Timestamp, bool)> {
    const SQL: &str = "-- open_room_access
        WITH viewer AS (SELECT is_active, user_type::text = 'admin' AS is_admin FROM users WHERE id = $1),
        room AS (SELECT id FROM chat_rooms WHERE id = $2 AND (SELECT is_active AND is_admin FROM viewer)),
        known AS (
            SELECT FROM chat_room_access
            WHERE chat_room_id = $2 AND admin_id = $1 AND expires_at > clock_timestamp()
        ),
        granted AS (
            INSERT INTO chat_room_access (chat_room_id, admin_id, expires_at)
            SELECT id, $1, clock_timestamp() + $4 * interval '1 minute' FROM room
            ON CONFLICT (chat_room_id, admin_id) DO UPDATE SET expires_at = EXCLUDED.expires_at
            RETURNING expires_at
        ),
        audited AS (
            INSERT INTO chat_audit_log (actor_id, action, room_id, reason) SELECT $1, 'open_access', id, $3 FROM room
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT is_admin FROM viewer) AS viewer_is_admin,
               (SELECT expires_at FROM granted) AS expires_at, NOT EXISTS (SELECT FROM known) AS is_new";
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&room_id as _, Type::UUID),
        (&reason.as_str() as _, Type::TEXT),
        (&MINUTES as _, Type::INT4),
    ];
    let row = database.query_one(SQL, &parameters).await?;
    viewer::check_admin(&row)?;
    let expires_at = row.get::<_, Option<_>>("expires_at").map(Timestamp);
    Ok((expires_at.ok_or(Error::NotFound)?, row.get("is_new")))
}

/// Ends the viewer's access to a room. Without access, it changes nothing.
///
/// # Errors
/// [`Error::Forbidden`] if the viewer is not an admin; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not
/// respond.
pub async fn close(database: &Database, viewer: Viewer, room_id: Uuid) -> Result<()> {
    const SQL: &str = "-- close_room_access
        WITH viewer AS (SELECT is_active, user_type::text = 'admin' AS is_admin FROM users WHERE id = $1),
        closed AS (
            DELETE FROM chat_room_access
            WHERE chat_room_id = $2 AND admin_id = $1 AND (SELECT is_active AND is_admin FROM viewer)
            RETURNING chat_room_id
        ),
        audited AS (
            INSERT INTO chat_audit_log (actor_id, action, room_id) SELECT $1, 'close_access', chat_room_id FROM closed
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT is_admin FROM viewer) AS viewer_is_admin";
    let parameters = [(&viewer.0 as _, Type::UUID), (&room_id as _, Type::UUID)];
    viewer::check_admin(&database.query_one(SQL, &parameters).await?)
}
