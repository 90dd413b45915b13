//! Whether the viewer is a user of the platform. Every statement returns it as `viewer_is_active`, which is null for an
//! unknown user.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::Database;
use crate::domain::Viewer;
use crate::error::{Error, Result, Unauthorized};

/// Returns an error if the row shows that the viewer is unknown or inactive.
pub(super) fn check(row: &Row) -> Result<(), Unauthorized> {
    match row.get("viewer_is_active") {
        Some(true) => Ok(()),
        Some(false) => Err(Unauthorized::UserInactive),
        None => Err(Unauthorized::UserNotFound),
    }
}

/// Returns an error if the row shows that the viewer is unknown or inactive, or is not an admin (`viewer_is_admin`).
pub(super) fn check_admin(row: &Row) -> Result<()> {
    check(row)?;
    match row.get("viewer_is_admin") {
        Some(true) => Ok(()),
        _ => Err(Error::Forbidden),
    }
}

/// Checks only the viewer, for requests that run no other statement.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn require(database: &Database, viewer: Viewer) -> Result<()> {
    const SQL: &str = "-- require_viewer
        SELECT (SELECT is_active FROM users WHERE id = $1) AS viewer_is_active";
    let row = database.query_one(SQL, &[(&viewer.0, Type::UUID)]).await?;
    Ok(check(&row)?)
}
