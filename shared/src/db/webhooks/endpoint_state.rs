use crate::db::{Database, QueryError};

/// Stops the delivery: the endpoint has responded with 410. Events are still written and kept.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn stop(database: &Database) -> Result<(), QueryError> {
    const SQL: &str = "-- stop_webhooks
        UPDATE chat_delivery_channels SET stopped_at = clock_timestamp() WHERE name = 'webhooks' AND stopped_at IS NULL";
    database.query(SQL, &[]).await?;
    Ok(())
}

/// Resumes a stopped delivery, and makes all pending events due.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn resume(database: &Database) -> Result<(), QueryError> {
    const CHANNEL: &str = "-- resume_webhooks
        UPDATE chat_delivery_channels SET stopped_at = NULL, failures = 0, open_since = NULL, probe_after = NULL
        WHERE name = 'webhooks'";
    const QUEUES: &str = "-- make_webhooks_due
        UPDATE chat_webhook_queues SET deliver_after = NULL, attempts = 0, failing_since = NULL
        WHERE order_key IN (
            SELECT order_key FROM chat_webhook_queues
            WHERE last_at > settled_at AND deliver_after IS NOT NULL
            ORDER BY order_key
            FOR NO KEY UPDATE SKIP LOCKED
        )";
    database.query(CHANNEL, &[]).await?;
    database.query(QUEUES, &[]).await?;
    Ok(())
}

/// Returns whether the delivery is stopped.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn is_stopped(database: &Database) -> Result<bool, QueryError> {
    const SQL: &str = "-- webhooks_stopped
        SELECT stopped_at IS NOT NULL AS is_stopped FROM chat_delivery_channels WHERE name = 'webhooks'";
    Ok(database.query_one(SQL, &[]).await?.get("is_stopped"))
}
