use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{ChannelName, Circuit};
use crate::db::delivery::{circuit, record_failures, record_success};
use crate::db::{Database, QueryError};

/// A circuit breaker as this environment knows it: of a channel, or of one of the mirror's databases. Its state is a row in PostgreSQL, which every lease reads.
/// The environment remembers an open circuit for a moment, so that it does not query after every reply.
pub struct Breaker {
    channel: ChannelName,
    /// The name of its row in `chat_delivery_channels`.
    circuit: String,
    known: Mutex<Known>,
}

/// An environment's knowledge of a circuit.
#[derive(Default)]
struct Known {
    /// Treat the circuit as open until then.
    open_until: Option<Instant>,
    /// Whether the service has failed since its last success.
    has_failed: bool,
}

impl Breaker {
    /// How long an environment treats the circuit as open without reading its state again.
    pub const COOLDOWN: Duration = Duration::from_secs(1);

    /// Creates the closed breaker of a channel.
    #[must_use]
    pub fn new(channel: ChannelName) -> Self {
        Self::of_circuit(channel, channel.name().to_owned())
    }

    /// Creates the closed breaker of a part of a channel that may fail alone.
    #[must_use]
    pub fn of_circuit(channel: ChannelName, circuit: String) -> Self {
        Self {
            channel,
            circuit,
            known: Mutex::default(),
        }
    }

    /// Returns whether the circuit was seen open within [`Breaker::COOLDOWN`].
    #[must_use]
    pub fn is_known_open(&self) -> bool {
        let open_until = self.known().open_until;
        open_until.is_some_and(|until| Instant::now() < until)
    }

    /// Stores the state that a lease has read.
    pub fn observe(&self, circuit: Circuit) {
        let mut known = self.known();
        known.has_failed = circuit != Circuit::default();
        known.open_until = circuit.is_open.then(|| Instant::now() + Self::COOLDOWN);
    }

    /// Returns the circuit if it is closed, for deliveries without a lease. It is read only after a failure.
    ///
    /// # Errors
    /// PostgreSQL does not respond.
    pub async fn closed_circuit(&self, database: &Database) -> Result<Option<Circuit>, QueryError> {
        if self.is_known_open() {
            return Ok(None);
        }
        if !self.known().has_failed {
            return Ok(Some(Circuit::default()));
        }
        let circuit = circuit(database, &self.circuit).await?;
        self.observe(circuit);
        Ok((!circuit.is_open).then_some(circuit))
    }

    /// Records failures of the service. `asked` is the longest delay that it requested.
    ///
    /// # Errors
    /// PostgreSQL does not respond.
    pub async fn record_failures(
        &self,
        database: &Database,
        failures: usize,
        asked: Option<Duration>,
    ) -> Result<(), QueryError> {
        let change = record_failures(database, &self.circuit, failures, asked).await?;
        if change.circuit.is_open && !change.was_open {
            tracing::warn!(
                channel = self.channel.name(),
                circuit = self.circuit,
                "circuit opened"
            );
        }
        self.observe(change.circuit);
        Ok(())
    }

    /// Records that the service responds, unless the `circuit` that the lease has read already says so.
    ///
    /// # Errors
    /// PostgreSQL does not respond.
    pub async fn record_success(
        &self,
        database: &Database,
        circuit: Circuit,
    ) -> Result<(), QueryError> {
        if circuit == Circuit::default() {
            return Ok(());
        }
        record_success(database, &self.circuit).await?;
        if circuit.is_open {
            tracing::info!(
                channel = self.channel.name(),
                circuit = self.circuit,
                "circuit closed"
            );
        }
        self.observe(Circuit::default());
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
