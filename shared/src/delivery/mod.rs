//! Delivery from PostgreSQL to other services after the reply, with one loop for all channels.
//!
//! A [`Channel`] leases items, delivers them, and settles their outcomes with its own SQL. This module has the common
//! parts: one time-limited attempt after the response ([`after_reply`]), the sweep of due items ([`sweep`]), and the
//! circuit breaker that limits the cost of an outage ([`breaker`]). It does not know what an item contains.
//!
//! If a service does not respond, an environment spends at most [`after_reply::BUDGET`] per request, until the circuit
//! opens after a few. Nothing is lost: an item stays in PostgreSQL until it is settled.

pub mod after_reply;
mod attempt;
mod breaker;
pub mod sweep;

use std::future::Future;
use std::time::Duration;

pub use breaker::Breaker;

use crate::db::delivery::Backlog;
pub use crate::db::delivery::{
    Channel as ChannelName, Circuit, DeliveryOutcome, DropReason, Lease, LeaseScope, RetryCause,
};
use crate::db::{Database, QueryError};

/// A delivery channel from PostgreSQL to a service: at least once, and in order within a room.
pub trait Channel: Copy + Send + Sync + 'static {
    type Item: Send + Sync + 'static;

    /// The key of its row in `chat_delivery_channels`, and the prefix of its metrics.
    const NAME: ChannelName;
    /// The time-out of a delivery after a reply. A slower service counts as unavailable there.
    const PROMPT: Duration = Duration::from_millis(1500);
    /// The time-out of a delivery in the sweep.
    const TIMEOUT: Duration;
    /// The number of items that the sweep leases at a time.
    const BATCH: i64;
    /// Whether the sweep waits for new items while the circuit is open. Then a slow service gets them within seconds.
    const SWEEPS_ON: bool = false;

    fn database(&self) -> &'static Database;

    /// Returns the channel's circuit breaker in this environment.
    fn breaker(&self) -> &'static Breaker;

    /// Returns the minimum interval between two deliveries of a sweep, which keeps it below the service's rate limit.
    fn sweep_interval(&self) -> Duration {
        Duration::ZERO
    }

    /// Leases items for `life`.
    fn lease(
        &self,
        scope: LeaseScope,
        life: Duration,
    ) -> impl Future<Output = Result<Lease<Self::Item>, QueryError>> + Send;

    /// Delivers an item once.
    fn deliver(&self, item: &Self::Item) -> impl Future<Output = DeliveryOutcome> + Send;

    /// Returns whether a delivery that took this long is fast enough for deliveries after a reply. Only then the circuit
    /// closes.
    fn is_prompt(&self, _item: &Self::Item, took: Duration) -> bool {
        took <= Self::PROMPT
    }

    /// Stores the outcomes of leased items. Returns the delays of the delivered items in milliseconds, if the channel
    /// measures them.
    fn settle(
        &self,
        outcomes: &[(Self::Item, DeliveryOutcome)],
    ) -> impl Future<Output = Result<Vec<f64>, QueryError>> + Send;

    /// Measures the undelivered items.
    fn backlog(&self) -> impl Future<Output = Result<Backlog, QueryError>> + Send;
}
