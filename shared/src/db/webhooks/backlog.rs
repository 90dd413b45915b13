use crate::db::delivery::Backlog;
use crate::db::{Database, QueryError};

/// Measures the rooms and other keys with pending events. Nothing is due while the delivery is stopped.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn backlog(database: &Database) -> Result<Backlog, QueryError> {
    const SQL: &str = "-- webhook_backlog
        SELECT count(*) AS items,
               coalesce(extract(epoch FROM clock_timestamp() - min(pending_since)), 0)::float8 AS age,
               CASE WHEN (SELECT stopped_at IS NOT NULL FROM chat_delivery_channels WHERE name = 'webhooks') THEN 1e9
                    ELSE coalesce(extract(epoch FROM
                        min(greatest(deliver_after, leased_until)) - clock_timestamp()), 0) END::float8 AS next_due
        FROM chat_webhook_queues WHERE last_at > settled_at";
    Ok(Backlog::of(&database.query_one(SQL, &[]).await?))
}
