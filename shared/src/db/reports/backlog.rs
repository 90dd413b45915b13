use crate::db::{Database, QueryError};

/// The reports that no admin has handled.
#[derive(Debug, PartialEq)]
pub struct OpenReports {
    pub count: i64,
    /// The age of the oldest in seconds; 0 without one.
    pub age: f64,
}

/// Measures the open reports.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn open(database: &Database) -> Result<OpenReports, QueryError> {
    const SQL: &str = "-- open_reports
        SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS age
        FROM chat_reports WHERE status = 'open'";
    let row = database.query_one(SQL, &[]).await?;
    Ok(OpenReports {
        count: row.get("count"),
        age: row.get("age"),
    })
}
