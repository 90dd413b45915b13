use tokio_postgres::types::Type;

use crate::db::columns::unread_total;
use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::Result;

/// Counts the viewer's unread messages over all open rooms, including archived ones. Closed rooms do not count, since
/// the list does not show them.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn unread_count(database: &Database, viewer: Viewer) -> Result<i64> {
    const SQL: &str = concat!(
        "-- unread_count
        SELECT (SELECT is_active FROM users WHERE id = $1) AS viewer_is_active, ",
        unread_total!("$1"),
        " AS unread_count"
    );
    let row = database.query_one(SQL, &[(&viewer.0, Type::UUID)]).await?;
    viewer::check(&row)?;
    Ok(row.get("unread_count"))
}
