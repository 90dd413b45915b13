//! One bounded attempt once the response is out.
//!
//! Each environment that has changed a room leases it and delivers once. If the room is leased already, or was written a
//! moment ago, the first environment that comes reserves the next lease and waits for it, at most for the rest of its
//! budget; all further ones leave the room to that one. So a burst takes few deliveries, at most two environments are
//! busy with a room, and the last message of a burst never waits for the sweep: it was either read by the holder of the
//! lease, or its sender holds the reservation, or the holder of the reservation will read it.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use super::attempt::{PROMPT, Pace, deliver_all};
use super::{Channel, LeaseScope};
use crate::db::QueryError;

/// The longest time that an environment is busy after a reply.
pub const BUDGET: Duration = Duration::from_secs(2);
/// The time-out of one delivery.
pub const TIMEOUT: Duration = PROMPT;
/// The part of the budget that is kept for settling.
const SETTLE_MARGIN: Duration = Duration::from_millis(200);
/// A lease outlives the budget and a slow settle statement.
const LEASE: Duration = Duration::from_secs(10);
/// The time between two attempts to get a lease that another environment holds.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Rooms that are delivered side by side.
const CONCURRENCY: usize = 16;

/// Delivers what has changed in these rooms, as far as the budget goes and the circuit is closed. The rest is due for
/// the sweep.
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
        // Settling has no such limit: a delivery that is not settled is repeated.
        let Ok(lease) = timeout_at(deadline, channel.lease(scope, LEASE)).await else {
            return Ok(());
        };
        let lease = lease?;
        channel.breaker().observe(lease.circuit);
        if !lease.items.is_empty() {
            let pace = Pace {
                timeout: TIMEOUT.min(remaining),
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
