//! The sweep of `deliver-pending`: delivers what an outage, an interrupted function or an exhausted budget has left.

use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::attempt::{Pace, deliver_all};
use super::{Breaker, Channel, LeaseScope};
use crate::db::QueryError;
use crate::metrics::{self, Metric};

/// A lease outlives the time-out of a delivery and a slow settle statement.
const LEASE_MARGIN: Duration = Duration::from_secs(10);
/// The maximum interval between two queries for due items.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The result of a sweep.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sweep {
    pub delivered: u32,
    /// Items that were not delivered, temporarily or permanently.
    pub failed: u32,
    /// Items that are still pending.
    pub backlog: i64,
}

/// Sweeps channels concurrently, so that one whose service does not respond delays no other. Returns the sums.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn sweep_all<C: Channel>(
    channels: impl IntoIterator<Item = C>,
    budget: Duration,
) -> Result<Sweep, QueryError> {
    let sweeps = channels.into_iter().map(|channel| sweep(channel, budget));
    let mut sum = Sweep::default();
    for swept in sweeps.collect::<JoinSet<_>>().join_all().await {
        let swept = swept?;
        sum.delivered += swept.delivered;
        sum.failed += swept.failed;
        sum.backlog += swept.backlog;
    }
    Ok(sum)
}

/// Delivers due items until the backlog is empty or `budget` has passed. The last batch may exceed the budget by the
/// channel's time-out.
///
/// While the circuit is open, the sweep probes with one item every few seconds. If the service responds, at any speed,
/// the sweep delivers the whole backlog. The circuit closes when the service responds as fast as required after a
/// reply.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn sweep<C: Channel>(channel: C, budget: Duration) -> Result<Sweep, QueryError> {
    let deadline = Instant::now() + budget;
    let mut sweep = Sweep::default();
    // Whether a probe reached the service while the circuit was open.
    let mut ignore_circuit = false;
    // Environments that still treat the circuit as open leave their messages to this sweep.
    let mut stay_until = Instant::now();
    report(channel).await?;
    loop {
        let scope = LeaseScope::Due {
            limit: C::BATCH,
            ignore_circuit,
        };
        let lease = channel.lease(scope, C::TIMEOUT + LEASE_MARGIN).await?;
        let was_open = lease.circuit.is_open;
        let found = !lease.items.is_empty();
        if found {
            let pace = Pace {
                timeout: C::TIMEOUT,
                interval: channel.sweep_interval(),
            };
            let report = deliver_all(channel, lease.items, lease.circuit, pace).await?;
            sweep.delivered += report.delivered;
            sweep.failed += report.failed;
            ignore_circuit = was_open && report.reached_service;
            if ignore_circuit {
                stay_until = Instant::now() + 2 * Breaker::COOLDOWN;
            }
        }
        let now = Instant::now();
        if now >= deadline {
            break;
        }
        if !found {
            let backlog = channel.backlog().await?;
            let next_due = Duration::from_secs_f64(backlog.next_due);
            let is_late = now + next_due >= deadline;
            let is_idle = backlog.items == 0 || is_late;
            let waits = now < stay_until || C::SWEEPS_ON && was_open && !is_late;
            if is_idle && !waits {
                break;
            }
            let shortest = if was_open {
                POLL_INTERVAL
            } else {
                POLL_INTERVAL / 10
            };
            sleep(next_due.clamp(shortest, POLL_INTERVAL)).await;
        }
    }
    sweep.backlog = channel.backlog().await?.items;
    Ok(sweep)
}

/// Emits the metrics of the backlog. This runs first, because the rest may exceed the function's time when the backlog
/// matters most.
async fn report<C: Channel>(channel: C) -> Result<(), QueryError> {
    let backlog = channel.backlog().await?;
    metrics::emit(&[
        Metric::Backlog(C::NAME, backlog.items),
        Metric::BacklogAge(C::NAME, backlog.age),
    ]);
    Ok(())
}
