use tokio_postgres::types::Type;

use crate::db::answer_versions::{Versioned, unless_known, version_columns, version_of_viewer};
use crate::db::columns::unread_total;
use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::Result;

/// Counts the viewer's unread messages over all open rooms, including archived ones. Closed rooms do not count, since
/// the list does not show them. If the response version `known` is still current, nothing is counted.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn unread_count(
    database: &Database,
    viewer: Viewer,
    known: Option<i64>,
) -> Result<Versioned<i64>> {
    const SQL: &str = concat!(
        "-- unread_count
        WITH ",
        version_of_viewer!(),
        "SELECT (SELECT is_active FROM users WHERE id = $1) AS viewer_is_active,
               CASE WHEN ",
        unless_known!("$2"),
        " THEN ",
        unread_total!("$1"),
        " ELSE 0 END AS unread_count, ",
        version_columns!()
    );
    let row = database
        .query_one(SQL, &[(&viewer.0, Type::UUID), (&known, Type::INT8)])
        .await?;
    viewer::check(&row)?;
    Ok(Versioned::new(&row, known, row.get("unread_count")))
}
