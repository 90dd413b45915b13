use tokio_postgres::types::Type;

use super::switch::trigger_names;
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

/// The state of the webhooks in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Whether all triggers that write events exist.
    pub is_on: bool,
    /// Whether the endpoint has responded with 410.
    pub is_stopped: bool,
}

/// Returns the state of the webhooks.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn state(database: &Database) -> Result<State, QueryError> {
    const SQL: &str = "-- webhook_state
        SELECT stopped_at IS NOT NULL AS is_stopped,
               (SELECT count(*) FROM pg_trigger WHERE tgname = ANY ($1) AND NOT tgisinternal) = cardinality($1) AS is_on
        FROM chat_delivery_channels WHERE name = 'webhooks'";
    let names = trigger_names();
    let row = database
        .query_one(SQL, &[(&names, Type::TEXT_ARRAY)])
        .await?;
    Ok(State {
        is_on: row.get("is_on"),
        is_stopped: row.get("is_stopped"),
    })
}
