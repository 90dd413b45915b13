//! One time-limited delivery after the response.
//!
//! Each environment that has changed a room leases it and delivers once. If the room is leased, or was written a moment
//! ago, the first environment to ask reserves the next lease and waits for it within its budget. Further environments
//! leave the room to that one. A burst thus needs few deliveries, at most two environments are busy with a room, and a
//! burst's last message never waits for the sweep: the holder of the lease has read it, its sender has the reservation,
//! or the holder of the reservation will read it.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use super::attempt::{Pace, deliver_all};
use super::{Channel, LeaseScope};
use crate::db::QueryError;

/// The longest time that an environment is busy after a reply.
pub const BUDGET: Duration = Duration::from_secs(2);
/// The part of the budget that is kept for settling.
const SETTLE_MARGIN: Duration = Duration::from_millis(200);
/// A lease outlives the budget and a slow settle statement.
const LEASE: Duration = Duration::from_secs(10);
/// The interval between attempts to get a lease that another environment holds.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The number of concurrent deliveries.
const CONCURRENCY: usize = 16;

/// Delivers the changes of these rooms within the budget if the circuit is closed. The sweep delivers the rest.
pub async fn deliver_rooms<C: Channel>(channel: C, rooms: Vec<Uuid>) {
    let deadline = Instant::now() + BUDGET;
    for rooms in rooms.chunks(CONCURRENCY) {
        let mut deliveries = JoinSet::new();
        for &room_id in rooms {
            deliveries.spawn(async move {
                if let Err(error) = deliver_room(channel, room_id, deadline).await {
                    tracing::warn!(%room_id, %error, channel = C::NAME.name(), "delivery failed");
                }
            });
        }
        deliveries.join_all().await;
    }
}

async fn deliver_room<C: Channel>(
    channel: C,
    room_id: Uuid,
    deadline: Instant,
) -> Result<(), QueryError> {
    let mut reservation = None;
    loop {
        let remaining = deadline
            .saturating_duration_since(Instant::now())
            .saturating_sub(SETTLE_MARGIN);
        if channel.breaker().is_known_open() || remaining.is_zero() {
            return Ok(());
        }
        let scope = LeaseScope::Room {
            room_id,
            reservation,
        };
        // Settling has no time limit: an unsettled delivery is repeated.
        let Ok(lease) = timeout_at(deadline, channel.lease(scope, LEASE)).await else {
            return Ok(());
        };
        let lease = lease?;
        channel.breaker().observe(lease.circuit);
        if !lease.items.is_empty() {
            let pace = Pace {
                timeout: C::PROMPT.min(remaining),
                interval: Duration::ZERO,
            };
            deliver_all(channel, lease.items, lease.circuit, pace).await?;
        }
        let Some((reserved, wait)) = lease.reserved else {
            return Ok(());
        };
        reservation = Some(reserved);
        sleep(wait.max(POLL_INTERVAL)).await;
    }
}
