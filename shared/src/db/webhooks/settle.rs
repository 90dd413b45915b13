use tokio_postgres::types::Type;

use super::DueEvents;
use crate::db::delivery::DeliveryOutcome;
use crate::db::{Database, QueryError};
use crate::domain::WebhookEvent;

/// The result of settling a lease.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settled {
    /// The time from the first delivered event to now, in milliseconds; `None` if nothing was delivered.
    pub lag: Option<f64>,
    /// Whether the delivery of the failed event was given up.
    pub gave_up: bool,
}

/// Stores the outcome of leased events, and releases the lease. Events after the delivered ones stay pending.
///
/// A failed event's back-off begins at 5 s, becomes four times as long with each failure, and ends at 6 h. Up to half of
/// it is added at random. It is at least the delay that the endpoint requested. After three days and ten attempts the event
/// is given up, and the next one is due. During an outage, that is while the circuit is open, events wait for about 15 s,
/// and neither count attempts nor are given up, since the circuit breaker limits the attempts.
///
/// # Errors
/// PostgreSQL does not respond. Then the lease expires, and delivered events are sent once more.
pub async fn settle(
    database: &Database,
    due: &DueEvents,
    outcome: DeliveryOutcome,
) -> Result<Settled, QueryError> {
    // A lease that has passed to another holder is not released, and its failure does not count.
    const SQL: &str = "-- settle_webhooks
        WITH locked AS MATERIALIZED (
            SELECT order_key, leased_until IS NOT DISTINCT FROM $2 AS is_leased, failing_since AS was_failing_since,
                   coalesce($3 > settled_at, false) AS has_progressed, attempts AS earlier_attempts,
                   $5 IN ('outage', 'retry') AS has_failed,
                   (SELECT open_since IS NOT NULL FROM chat_delivery_channels WHERE name = 'webhooks') AS is_outage
            FROM chat_webhook_queues WHERE order_key = $1
            FOR NO KEY UPDATE
        ),
        decision AS MATERIALIZED (
            SELECT order_key, is_leased, has_progressed, has_failed AND is_leased AS waits, is_outage,
                   CASE WHEN has_failed AND NOT has_progressed THEN earlier_attempts ELSE 0 END AS failures,
                   CASE WHEN has_failed AND NOT has_progressed THEN was_failing_since END AS since,
                   has_failed AND is_leased AND NOT is_outage AND NOT has_progressed AND earlier_attempts >= 10
                   AND (was_failing_since < clock_timestamp() - interval '3 days') IS TRUE AS gives_up
            FROM locked
        ),
        given_up AS (
            UPDATE chat_webhook_events SET gave_up_at = clock_timestamp()
            WHERE order_key = $1 AND created_at = $4 AND EXISTS (SELECT FROM decision WHERE gives_up)
        ),
        settled AS (
            UPDATE chat_webhook_queues AS queue
            SET settled_at = greatest(settled_at, $3, CASE WHEN gives_up THEN $4 END),
                pending_since = greatest(pending_since, $3, CASE WHEN gives_up THEN $4 END),
                attempts = CASE WHEN gives_up THEN 0 WHEN waits AND NOT is_outage THEN failures + 1 ELSE failures END,
                failing_since = CASE WHEN gives_up THEN NULL
                                     WHEN waits AND NOT is_outage THEN coalesce(since, clock_timestamp()) ELSE since END,
                deliver_after = CASE WHEN waits AND NOT gives_up THEN clock_timestamp() + interval '1 second'
                    * greatest($6, CASE WHEN is_outage THEN 15 ELSE least(21600, 5 * power(4, least(failures, 10))) END
                                   * (1 + random() / 2)) END,
                leased_until = CASE WHEN NOT is_leased THEN leased_until END
            FROM decision
            WHERE queue.order_key = decision.order_key AND (is_leased OR has_progressed)
        )
        SELECT gives_up, (extract(epoch FROM clock_timestamp() - $7) * 1000)::float8 AS lag FROM decision";
    let (delivered, pending) = due.split();
    let time = |event: Option<&WebhookEvent>| event.map(|it| it.timestamp.0);
    let parameters = [
        (&due.order_key as _, Type::UUID),
        (&due.lease as _, Type::TIMESTAMPTZ),
        (&time(delivered.last()) as _, Type::TIMESTAMPTZ),
        (&time(pending.first()) as _, Type::TIMESTAMPTZ),
        (&outcome.kind() as _, Type::TEXT),
        (&outcome.seconds_asked() as _, Type::FLOAT8),
        (&time(delivered.first()) as _, Type::TIMESTAMPTZ),
    ];
    let rows = database.query(SQL, &parameters).await?;
    let row = rows.first();
    Ok(Settled {
        lag: row.and_then(|row| row.get("lag")),
        gave_up: row.is_some_and(|row| row.get("gives_up")),
    })
}
