use std::time::Duration;

use tokio_postgres::types::Type;

use super::{Channel, Circuit};
use crate::db::{Database, QueryError};

/// The number of consecutive failures that open a circuit.
const THRESHOLD: i32 = 5;

/// A change to a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitChange {
    /// The circuit after the change.
    pub circuit: Circuit,
    /// Whether it was open before.
    pub was_open: bool,
}

/// Counts failures of a channel's service, and opens its circuit from the fifth consecutive one. The next probe follows
/// after three seconds, or after the delay that the service `asked` for.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn record_failures(
    database: &Database,
    channel: Channel,
    failures: usize,
    asked: Option<Duration>,
) -> Result<CircuitChange, QueryError> {
    const SQL: &str = "-- record_delivery_failures
        WITH before AS (
            SELECT open_since IS NOT NULL AS was_open FROM chat_delivery_channels WHERE name = $1
        )
        UPDATE chat_delivery_channels
        SET failures = least(failures + $2, 1000000),
            open_since = CASE WHEN failures + $2 >= $3 THEN coalesce(open_since, clock_timestamp()) ELSE open_since END,
            probe_after = clock_timestamp() + interval '1 second' * greatest($4, 3)
        FROM before
        WHERE name = $1
        RETURNING open_since IS NOT NULL AS circuit_is_open, failures AS channel_failures, was_open";
    let failures = i32::try_from(failures).unwrap_or(THRESHOLD);
    let asked = asked.map(|wait| wait.as_secs_f64());
    let parameters = [
        (&channel.name() as _, Type::TEXT),
        (&failures as _, Type::INT4),
        (&THRESHOLD as _, Type::INT4),
        (&asked as _, Type::FLOAT8),
    ];
    let row = database.query_one(SQL, &parameters).await?;
    Ok(CircuitChange {
        circuit: Circuit::of(&row),
        was_open: row.get("was_open"),
    })
}

/// Reads a channel's circuit.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn circuit(database: &Database, channel: Channel) -> Result<Circuit, QueryError> {
    const SQL: &str = "-- delivery_circuit
        SELECT open_since IS NOT NULL AS circuit_is_open, failures AS channel_failures
        FROM chat_delivery_channels WHERE name = $1";
    let parameters = [(&channel.name() as _, Type::TEXT)];
    Ok(Circuit::of(&database.query_one(SQL, &parameters).await?))
}

/// Records that a channel's service responds: closes the circuit and resets the failures.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn record_success(database: &Database, channel: Channel) -> Result<(), QueryError> {
    const SQL: &str = "-- record_delivery_success
        UPDATE chat_delivery_channels SET failures = 0, open_since = NULL, probe_after = NULL
        WHERE name = $1 AND (failures > 0 OR open_since IS NOT NULL)";
    database
        .query(SQL, &[(&channel.name(), Type::TEXT)])
        .await?;
    Ok(())
}
