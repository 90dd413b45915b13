use std::time::Duration;

use tokio_postgres::types::Type;

use super::Circuit;
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

/// Counts failures of the service behind a circuit, and opens the circuit from the fifth consecutive one. The next probe
/// follows after three seconds, or after the delay that the service `asked` for. A circuit without a row is closed.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn record_failures(
    database: &Database,
    circuit: &str,
    failures: usize,
    asked: Option<Duration>,
) -> Result<CircuitChange, QueryError> {
    const SQL: &str = "-- record_delivery_failures
        WITH before AS (
            SELECT open_since IS NOT NULL AS was_open FROM chat_delivery_channels WHERE name = $1
        )
        INSERT INTO chat_delivery_channels AS channel (name, failures, open_since, probe_after)
        VALUES ($1, $2, CASE WHEN $2 >= $3 THEN clock_timestamp() END,
                clock_timestamp() + interval '1 second' * greatest($4, 3))
        ON CONFLICT (name) DO UPDATE
        SET failures = least(channel.failures + $2, 1000000),
            open_since = CASE WHEN channel.failures + $2 >= $3 THEN coalesce(channel.open_since, clock_timestamp())
                              ELSE channel.open_since END,
            probe_after = excluded.probe_after
        RETURNING open_since IS NOT NULL AS circuit_is_open, failures AS channel_failures,
                  coalesce((SELECT was_open FROM before), false) AS was_open";
    let failures = i32::try_from(failures).unwrap_or(THRESHOLD);
    let asked = asked.map(|wait| wait.as_secs_f64());
    let parameters = [
        (&circuit as _, Type::TEXT),
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

/// Reads a circuit.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn circuit(database: &Database, circuit: &str) -> Result<Circuit, QueryError> {
    const SQL: &str = "-- delivery_circuit
        SELECT coalesce(bool_or(open_since IS NOT NULL), false) AS circuit_is_open,
               coalesce(max(failures), 0) AS channel_failures
        FROM chat_delivery_channels WHERE name = $1";
    let parameters = [(&circuit as _, Type::TEXT)];
    Ok(Circuit::of(&database.query_one(SQL, &parameters).await?))
}

/// Records that the service behind a circuit responds: closes the circuit and resets the failures.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn record_success(database: &Database, circuit: &str) -> Result<(), QueryError> {
    const SQL: &str = "-- record_delivery_success
        UPDATE chat_delivery_channels SET failures = 0, open_since = NULL, probe_after = NULL
        WHERE name = $1 AND (failures > 0 OR open_since IS NOT NULL)";
    database.query(SQL, &[(&circuit, Type::TEXT)]).await?;
    Ok(())
}
