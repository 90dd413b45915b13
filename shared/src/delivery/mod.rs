//! Delivery: everything that leaves PostgreSQL after the reply, over one loop.
//!
//! A [`Channel`] leases items, delivers them, and settles what became of them; its SQL is its own. What is common is
//! here: one bounded attempt once the response is out ([`after_reply`]), the sweep of what is due ([`sweep`]), and the
//! circuit breaker that keeps an outage of the service from costing capacity ([`breaker`]).
//!
//! A service that does not respond costs an environment at most [`after_reply::BUDGET`] for each of the few requests
//! before the circuit opens. Nothing is lost: an item stays in PostgreSQL until it is settled.

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

/// A way to bring items from PostgreSQL to a service: at least once, and in order for each room.
pub trait Channel: Copy + Send + Sync + 'static {
    /// What is delivered.
    type Item: Send + Sync + 'static;

    /// Its row in `chat_delivery_channels`, and the prefix of its metrics.
    const NAME: ChannelName;
    /// The time-out of a delivery in the sweep.
    const TIMEOUT: Duration;
    /// The number of items that the sweep leases at a time.
    const BATCH: i64;
    /// The least time between two deliveries of a sweep: keeps it below the rate that the service accepts.
    const SWEEP_INTERVAL: Duration;

    /// PostgreSQL.
    fn database(&self) -> &'static Database;

    /// The circuit breaker of this channel, as this environment knows it.
    fn breaker(&self) -> &'static Breaker;

    /// Leases items for `life`.
    fn lease(
        &self,
        scope: LeaseScope,
        life: Duration,
    ) -> impl Future<Output = Result<Lease<Self::Item>, QueryError>> + Send;

    /// Delivers an item, once.
    fn deliver(&self, item: &Self::Item) -> impl Future<Output = DeliveryOutcome> + Send;

    /// Writes down what became of leased items; returns how long the delivered ones were late, in milliseconds, if the
    /// channel measures it.
    fn settle(
        &self,
        outcomes: &[(Self::Item, DeliveryOutcome)],
    ) -> impl Future<Output = Result<Vec<f64>, QueryError>> + Send;

    /// Measures what is not delivered yet.
    fn backlog(&self) -> impl Future<Output = Result<Backlog, QueryError>> + Send;
}
