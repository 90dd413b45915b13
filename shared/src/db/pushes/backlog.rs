use crate::db::delivery::Backlog;
use crate::db::{Database, QueryError};

/// Measures the pending pushes.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn backlog(database: &Database) -> Result<Backlog, QueryError> {
    const SQL: &str = "-- push_backlog
        SELECT count(*) AS items,
               coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::float8 AS age,
               coalesce(extract(epoch FROM
                   min(greatest(push_after, leased_until, paced_until)) - clock_timestamp()), 0)::float8 AS next_due
        FROM chat_pushes WHERE first_seq <= last_seq";
    Ok(Backlog::of(&database.query_one(SQL, &[]).await?))
}
