use crate::db::{Database, QueryError};

/// How far the pushes are behind as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PushBacklog {
    /// Pushes that wait.
    pub pushes: i64,
    /// For how long the longest waiting of them, in seconds.
    pub age: f64,
}

/// Measures the backlog.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn backlog(database: &Database) -> Result<PushBacklog, QueryError> {
    const SQL: &str = "-- push_backlog
        SELECT count(*) AS pushes, coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::float8 AS age
        FROM chat_pushes";
    let row = database.query_one(SQL, &[]).await?;
    Ok(PushBacklog {
        pushes: row.get("pushes"),
        age: row.get("age"),
    })
}
