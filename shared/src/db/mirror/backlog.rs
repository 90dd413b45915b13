use crate::db::delivery::Backlog;
use crate::db::{Database, QueryError};

/// Measures how many rooms Firebase is behind on, and the age of the oldest change.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn backlog(database: &Database) -> Result<Backlog, QueryError> {
    const SQL: &str = "-- mirror_backlog
        SELECT count(*) AS items,
               coalesce(extract(epoch FROM clock_timestamp() - min(behind_since)), 0)::float8 AS age,
               coalesce(extract(epoch FROM
                   min(greatest(mirror_after, mirror_leased_until, mirror_paced_until)) - clock_timestamp()), 0)::float8 AS next_due
        FROM chat_rooms WHERE revision > mirrored_revision";
    Ok(Backlog::of(&database.query_one(SQL, &[]).await?))
}
