//! What `deliver-pending` does: the items that an outage, an interrupted function or a full budget has left.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::attempt::{Pace, deliver_all};
use super::{Breaker, Channel, LeaseScope};
use crate::db::QueryError;
use crate::metrics::{self, Metric};

/// A lease outlives the time-out of a delivery and a slow settle statement.
const LEASE_MARGIN: Duration = Duration::from_secs(10);
/// The longest time between two looks at what is due.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// What a sweep did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sweep {
    /// Items that were delivered.
    pub delivered: u32,
    /// Items that were not, for now or for good.
    pub failed: u32,
    /// Items that are still pending.
    pub backlog: i64,
}

/// Delivers what is due until the backlog is empty or `budget` has passed; the last batch may take the channel's
/// time-out longer.
///
/// While the circuit is open it probes with one item every few seconds. A service that responds, however slowly, gets
/// the whole backlog at once; the circuit closes when it responds as fast as it has to after a reply.
///
/// # Errors
/// No response from PostgreSQL.
pub async fn sweep<C: Channel>(channel: C, budget: Duration) -> Result<Sweep, QueryError> {
    let deadline = Instant::now() + budget;
    let mut sweep = Sweep::default();
    // Whether the service was reached through an open circuit.
    let mut ignore_circuit = false;
    // An environment that still takes the circuit for open leaves its messages to this sweep.
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
                interval: C::SWEEP_INTERVAL,
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
            let is_idle = backlog.items == 0 || now + next_due >= deadline;
            if is_idle && now >= stay_until {
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

/// Emits what no single request can measure. It comes first, since it matters most when the rest takes too long.
async fn report<C: Channel>(channel: C) -> Result<(), QueryError> {
    let backlog = channel.backlog().await?;
    metrics::emit(&[
        Metric::Backlog(C::NAME, backlog.items),
        Metric::BacklogAge(C::NAME, backlog.age),
    ]);
    Ok(())
}
