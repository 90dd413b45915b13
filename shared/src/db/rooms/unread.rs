use tokio_postgres::types::Type;

use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::Result;

/// How many messages the viewer has received and not read, over all active rooms, archived ones too: what
/// the list shows, and never of a room that has closed, where nobody would find it.
///
/// # Errors
/// An unknown or inactive viewer, or no answer from PostgreSQL.
pub async fn unread_count(database: &Database, viewer: Viewer) -> Result<i64> {
    const SQL: &str = "-- unread_count
        SELECT (SELECT is_active FROM users WHERE id = $1) AS viewer_is_active,
               (coalesce((SELECT sum(driver_unread_count) FROM chat_rooms
                          WHERE driver_id = $1 AND is_active AND driver_unread_count > 0
                            AND (closes_at <= clock_timestamp()) IS NOT TRUE), 0)
                + coalesce((SELECT sum(other_user_unread_count) FROM chat_rooms
                            WHERE other_user_id = $1 AND is_active AND other_user_unread_count > 0
                              AND (closes_at <= clock_timestamp()) IS NOT TRUE), 0)
               )::bigint AS unread_count";
    let row = database.query_one(SQL, &[(&viewer.0, Type::UUID)]).await?;
    viewer::check(&row)?;
    Ok(row.get("unread_count"))
}
