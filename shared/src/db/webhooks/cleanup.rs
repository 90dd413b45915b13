use tokio_postgres::types::Type;

use crate::db::{Database, QueryError};

/// The number of days for which events are kept.
pub const KEPT_DAYS: i32 = 30;

/// Deletes at most `limit` events that are older than [`KEPT_DAYS`], whether delivered or not, and the queues that have
/// had no event since. Returns the number of events.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn delete_expired(database: &Database, limit: i64) -> Result<usize, QueryError> {
    // Queues that a writer has locked are skipped: waiting for one while holding another could deadlock.
    const QUEUES: &str = "-- expire_webhook_queues
        WITH expired AS (
            SELECT order_key, now() - make_interval(days => $1) AS horizon FROM chat_webhook_queues
            WHERE last_at > settled_at AND settled_at < now() - make_interval(days => $1)
              AND pending_since < now() - make_interval(days => $1)
            FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE chat_webhook_queues AS queue
        SET settled_at = horizon, pending_since = horizon, attempts = 0, failing_since = NULL, deliver_after = NULL
        FROM expired WHERE queue.order_key = expired.order_key";
    const UNUSED: &str = "-- delete_unused_webhook_queues
        DELETE FROM chat_webhook_queues WHERE order_key IN (
            SELECT order_key FROM chat_webhook_queues
            WHERE last_at < now() - make_interval(days => $1) AND last_at <= settled_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )";
    const EVENTS: &str = "-- delete_expired_webhook_events
        DELETE FROM chat_webhook_events WHERE id IN (
            SELECT id FROM chat_webhook_events
            WHERE id < (SELECT chat_webhook_event_id(now() - make_interval(days => $1)))
            ORDER BY id LIMIT $2
        )
        RETURNING id";
    let days = (&KEPT_DAYS as _, Type::INT4);
    let limit = (&limit as _, Type::INT8);
    database.query(QUEUES, std::slice::from_ref(&days)).await?;
    database
        .query(UNUSED, &[days.clone(), limit.clone()])
        .await?;
    Ok(database.query(EVENTS, &[days, limit]).await?.len())
}
