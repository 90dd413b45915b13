use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::database::Parameter;
use crate::db::{Database, QueryError};

/// A kind of delivery from PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Rooms, to the Realtime Database.
    Mirror,
    /// Notifications, to Cloud Messaging.
    Push,
    /// Events, to the platform's backend.
    Webhooks,
}

impl Channel {
    /// Its name in logs, and the name of its circuit in `chat_delivery_channels`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mirror => "mirror",
            Self::Push => "push",
            Self::Webhooks => "webhooks",
        }
    }
}

/// Selects the items to lease.
#[derive(Debug, Clone, Copy)]
pub enum LeaseScope {
    /// The items of one room, after a reply. None while the circuit is open.
    Room {
        room_id: Uuid,
        /// A reservation from an earlier attempt.
        reservation: Option<Reservation>,
    },
    /// The items that are due, in the sweep.
    Due {
        /// The maximum number of items.
        limit: i64,
        /// Leases `limit` items even if the circuit is open. Otherwise an open circuit leases one item per probe
        /// interval.
        ignore_circuit: bool,
    },
}

impl LeaseScope {
    /// Runs the first of a channel's two lease statements for a room, and the second for the sweep. `$1` is `life` in
    /// seconds, `$2` is the channel's own parameter, `$3` and `$4` come from the scope, and `further` are the others.
    pub(in crate::db) async fn query(
        self,
        database: &Database,
        [room, due]: [&str; 2],
        life: Duration,
        own: Parameter<'_>,
        further: &[Parameter<'_>],
    ) -> Result<Vec<Row>, QueryError> {
        let life = life.as_secs_f64();
        let life = (&life as _, Type::FLOAT8);
        match self {
            Self::Room {
                room_id,
                reservation,
            } => {
                let id = (&room_id as _, Type::UUID);
                let reservation = (&reservation as _, Type::TIMESTAMPTZ);
                let parameters = [&[life, own, id, reservation], further].concat();
                database.query(room, &parameters).await
            }
            Self::Due {
                limit,
                ignore_circuit,
            } => {
                let limit = (&limit as _, Type::INT8);
                let ignore_circuit = (&ignore_circuit as _, Type::BOOL);
                let parameters = [&[life, own, limit, ignore_circuit], further].concat();
                database.query(due, &parameters).await
            }
        }
    }
}

/// The right to the next lease of items that are leased or paced now. The value is its expiry time.
pub type Reservation = DateTime<Utc>;

/// The result of a lease statement.
#[derive(Debug)]
pub struct Lease<T> {
    /// The leased items. They belong to this caller until they are settled or the lease expires.
    pub items: Vec<T>,
    /// A reservation for further items of the room, and the delay before the next attempt.
    pub reserved: Option<(Reservation, Duration)>,
    /// The channel's circuit breaker.
    pub circuit: Circuit,
}

/// The state of a channel's circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circuit {
    /// Whether the circuit is open. Then nothing is delivered after a reply.
    pub is_open: bool,
    /// Consecutive failures.
    pub failures: i32,
}

/// A channel's undelivered items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backlog {
    pub items: i64,
    /// The age of the oldest item, in seconds.
    pub age: f64,
    /// The time until the next item is due, in seconds; 0 if one is due now.
    pub next_due: f64,
}

impl<T> Lease<T> {
    /// Reads the columns that all lease statements share. The channel adds the items.
    pub(in crate::db) fn of(rows: &[Row]) -> Self {
        let circuit = rows.first().map(Circuit::of);
        let reserved = rows.iter().filter_map(|row| {
            let reservation = row.get::<_, Option<Reservation>>("reservation")?;
            let wait = row.get::<_, Option<f64>>("wait").unwrap_or_default();
            Some((reservation, Duration::from_secs_f64(wait.max(0.0))))
        });
        Self {
            items: Vec::new(),
            reserved: reserved.max_by_key(|(_, wait)| *wait),
            circuit: circuit.unwrap_or_default(),
        }
    }
}

impl Circuit {
    /// Reads the columns `circuit_is_open` and `channel_failures`.
    pub(in crate::db) fn of(row: &Row) -> Self {
        Self {
            is_open: row.get("circuit_is_open"),
            failures: row.get("channel_failures"),
        }
    }
}

impl Backlog {
    /// Reads the columns `items`, `age` and `next_due`.
    pub(in crate::db) fn of(row: &Row) -> Self {
        Self {
            items: row.get("items"),
            age: row.get("age"),
            next_due: row.get::<_, f64>("next_due").max(0.0),
        }
    }
}

/// The CTE `channel`: the circuit with this name, an SQL expression. A circuit without a row is closed.
macro_rules! channel_state {
    ($name:literal) => {
        concat!(
            "channel AS MATERIALIZED (
            SELECT coalesce(max(failures), 0) AS channel_failures,
                   coalesce(bool_or(open_since IS NOT NULL), false) AS circuit_is_open
            FROM chat_delivery_channels WHERE name = ",
            $name,
            "
        ),"
        )
    };
}
pub(in crate::db) use channel_state;

/// The number of items that the sweep may lease, and the CTE `probe` that it needs. While the circuit is open, one item
/// may be leased every three seconds, by any sweep.
macro_rules! sweep_limit {
    (probe $name:literal) => {
        concat!(
            "probe AS (
            UPDATE chat_delivery_channels SET probe_after = clock_timestamp() + interval '3 seconds'
            WHERE name = ",
            $name,
            " AND open_since IS NOT NULL AND probe_after <= now()
            RETURNING 1
        ),"
        )
    };
    ($limit:literal, $ignore_circuit:literal) => {
        concat!(
            "(SELECT CASE WHEN ",
            $ignore_circuit,
            " OR NOT circuit_is_open THEN ",
            $limit,
            " ELSE (SELECT count(*) FROM probe) END FROM channel)"
        )
    };
}
pub(in crate::db) use sweep_limit;
