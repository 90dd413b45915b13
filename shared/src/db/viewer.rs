//! Whether the platform knows the viewer. Every statement answers it beside what it was asked, as
//! `viewer_is_active`: null for a user that is not there.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::Database;
use crate::domain::Viewer;
use crate::error::{Result, Unauthorized};

/// Returns 401 if the row shows that the viewer is unknown or inactive.
pub(super) fn check(row: &Row) -> Result<(), Unauthorized> {
    match row.get("viewer_is_active") {
        Some(true) => Ok(()),
        Some(false) => Err(Unauthorized::UserInactive),
        None => Err(Unauthorized::UserNotFound),
    }
}

/// Asks for nothing but that: for requests that need no other statement.
///
/// # Errors
/// An unknown or inactive viewer, or no answer from PostgreSQL.
pub async fn require(database: &Database, viewer: Viewer) -> Result<()> {
    const SQL: &str = "-- require_viewer
        SELECT (SELECT is_active FROM users WHERE id = $1) AS viewer_is_active";
    let row = database.query_one(SQL, &[(&viewer.0, Type::UUID)]).await?;
    Ok(check(&row)?)
}
