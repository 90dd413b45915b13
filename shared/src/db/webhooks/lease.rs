use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::event::{event, event_columns, event_joins};
use crate::db::delivery::{Lease, LeaseScope, sweep_limit};
use crate::db::{Database, QueryError};
use crate::domain::WebhookEvent;

/// The oldest pending events of a room or another key, to be delivered one after the other.
#[derive(Debug)]
pub struct DueEvents {
    /// The room, or the user of events without a room.
    pub order_key: Uuid,
    /// The lease: its expiry time, which is unique among the leases of this key.
    pub lease: DateTime<Utc>,
    /// In order; empty if another environment has delivered them meanwhile.
    pub events: Vec<WebhookEvent>,
    /// The number of events that the endpoint has accepted.
    delivered: AtomicUsize,
    /// Whether the lease is for a delivery after a reply.
    pub is_after_reply: bool,
    is_slow: AtomicBool,
}

impl DueEvents {
    /// The maximum number of events per lease.
    const LIMIT: i64 = 20;

    /// Records that the endpoint has accepted one more event.
    pub fn record_delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that the endpoint was too slow for a delivery after a reply.
    pub fn record_slow(&self) {
        self.is_slow.store(true, Ordering::Relaxed);
    }

    /// Returns whether the endpoint was too slow for a delivery after a reply.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.is_slow.load(Ordering::Relaxed)
    }

    /// Returns the events that the endpoint has accepted, and the others.
    #[must_use]
    pub fn split(&self) -> (&[WebhookEvent], &[WebhookEvent]) {
        let delivered = self.delivered.load(Ordering::Relaxed);
        self.events.split_at(delivered.min(self.events.len()))
    }
}

/// Leases keys with pending events for `life`, and reads their oldest events.
///
/// A leased key is reserved instead: see [`Lease::reserved`](crate::db::delivery::Lease). A key in back-off is not
/// leased, so that no event overtakes the one that failed.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn lease(
    database: &Database,
    scope: LeaseScope,
    life: Duration,
) -> Result<Lease<DueEvents>, QueryError> {
    let limit = (&DueEvents::LIMIT as _, Type::INT8);
    let rows = scope.query(database, [ROOM, DUE], life, limit, &[]).await?;
    let keys = rows.chunk_by(|a, b| order_key(a) == order_key(b));
    Ok(Lease {
        items: keys
            .filter_map(|rows| due(rows, matches!(scope, LeaseScope::Room { .. })))
            .collect(),
        ..Lease::of(&rows)
    })
}

fn order_key(row: &Row) -> Option<Uuid> {
    row.get("order_key")
}

fn due(rows: &[Row], is_after_reply: bool) -> Option<DueEvents> {
    let row = rows.first()?;
    let is_reserved = row.get::<_, Option<DateTime<Utc>>>("reservation").is_some();
    let order_key = order_key(row).filter(|_| !is_reserved)?;
    Some(DueEvents {
        order_key,
        lease: row.get("lease"),
        events: rows.iter().filter_map(event).collect(),
        delivered: AtomicUsize::new(0),
        is_after_reply,
        is_slow: AtomicBool::new(false),
    })
}

/// While the delivery is stopped, the circuit counts as open, and nothing probes it.
macro_rules! channel {
    () => {
        "channel AS MATERIALIZED (
            SELECT failures AS channel_failures, open_since IS NOT NULL OR stopped_at IS NOT NULL AS circuit_is_open,
                   stopped_at IS NOT NULL AS is_stopped
            FROM chat_delivery_channels WHERE name = 'webhooks'
        ),"
    };
}

/// Whether a key may be leased now. `now()`, the time of the transaction's start, is the same in all conditions.
macro_rules! is_free {
    () => {
        "(leased_until IS NULL OR leased_until < now())"
    };
}

/// Leases or reserves the keys of `due`, and reads their events. The position comes from the UPDATE, which sees what
/// another holder has settled. The events come from the snapshot: since a key's events commit in order, it contains
/// all events before the newest one that it contains.
macro_rules! lease_and_read {
    () => {
        concat!(
            "leased AS (
            UPDATE chat_webhook_queues AS queue
            SET leased_until = CASE WHEN is_free THEN clock_timestamp() + $1 * interval '1 second' ELSE leased_until END,
                reserved_until = CASE WHEN NOT is_free THEN new_reservation END
            FROM due WHERE queue.order_key = due.order_key
            RETURNING queue.order_key, leased_until AS lease, reserved_until AS reservation, settled_at
        )
        SELECT channel_failures, circuit_is_open, leased.order_key, lease, reservation, 0::float8 AS wait, ",
            event_columns!(),
            " FROM channel
        LEFT JOIN leased ON true
        LEFT JOIN LATERAL (
            SELECT * FROM chat_webhook_events
            WHERE order_key = leased.order_key AND created_at > leased.settled_at AND reservation IS NULL
            ORDER BY created_at LIMIT $2
        ) AS event ON true ",
            event_joins!(),
            " ORDER BY leased.order_key, event.created_at"
        )
    };
}

const ROOM: &str = concat!(
    "-- lease_webhooks
        WITH ",
    channel!(),
    "due AS (
            SELECT order_key, ",
    is_free!(),
    " AS is_free, coalesce($4, now() + interval '2 seconds') AS new_reservation
            FROM chat_webhook_queues
            WHERE order_key = $3 AND last_at > settled_at
              AND NOT (SELECT circuit_is_open FROM channel)
              AND (deliver_after IS NULL OR deliver_after <= now())
              AND (",
    is_free!(),
    " OR CASE WHEN $4 IS NULL THEN reserved_until IS NULL OR reserved_until < now() ELSE reserved_until = $4 END)
            FOR NO KEY UPDATE
        ),",
    lease_and_read!()
);

const DUE: &str = concat!(
    "-- lease_due_webhooks
        WITH ",
    channel!(),
    sweep_limit!(probe "'webhooks'"),
    "due AS (
            SELECT order_key, true AS is_free, NULL::timestamptz AS new_reservation
            FROM chat_webhook_queues
            WHERE last_at > settled_at AND (deliver_after IS NULL OR deliver_after <= now()) AND ",
    is_free!(),
    "
            ORDER BY deliver_after NULLS FIRST
            LIMIT (SELECT CASE WHEN is_stopped THEN 0 ELSE ",
    sweep_limit!("$3", "$4"),
    " END FROM channel)
            FOR NO KEY UPDATE SKIP LOCKED
        ),",
    lease_and_read!()
);
