//! What `mirror-rooms` does: the rooms that an interrupted function, or a Firebase that did not answer, has left.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::Firebase;
use super::mirror::{CLAIM, mirror_room};
use crate::db::{Database, QueryError, messages, mirror};
use crate::domain::Timestamp;
use crate::metrics::{self, Metric};

/// How long new batches are begun. The last of them may take as long as a busy room's mirror (20 s and a claim), and
/// all of it fits into the function's time limit in template.yaml; the schedule starts the next sweep after a minute.
const TIME: Duration = Duration::from_secs(10);
/// Rooms that are taken at a time, and mirrored beside each other.
const BATCH: i64 = 64;
/// From one room's start to the next one's: half of the 1,000 writes a second that a Realtime Database takes, since
/// the functions write too.
const PACE: Duration = Duration::from_millis(2);

/// What a sweep did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sweep {
    /// Rooms that Firebase is up to date with now.
    pub mirrored: usize,
    /// Rooms that it did not take.
    pub failed: usize,
    /// Rooms that it is still behind on.
    pub backlog: i64,
}

/// Mirrors the rooms that are due, until none is left or the time is up.
///
/// # Errors
/// PostgreSQL does not answer.
pub async fn sweep(
    database: &'static Database,
    firebase: &'static Firebase,
) -> Result<Sweep, QueryError> {
    // First, since it matters most when the rest takes too long.
    report(database).await?;
    let started = Instant::now();
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sweep = Sweep::default();
    while started.elapsed() < TIME {
        let due = mirror::take_due(database, CLAIM * 2, BATCH).await?;
        if due.is_empty() {
            break;
        }
        let mut mirrors = JoinSet::new();
        for room_id in due {
            pace.tick().await;
            mirrors.spawn(mirror_room(database, firebase, room_id));
        }
        while let Some(mirrored) = mirrors.join_next().await {
            match mirrored {
                Ok(Ok(())) => sweep.mirrored += 1,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "a room is not mirrored yet");
                    sweep.failed += 1;
                }
                Err(panic) => {
                    tracing::error!(%panic, "mirroring a room panicked");
                    sweep.failed += 1;
                }
            }
        }
    }
    sweep.backlog = mirror::backlog(database).await?.rooms;
    Ok(sweep)
}

/// Measures what no single request can: how far Firebase is behind, and how much is being said.
async fn report(database: &Database) -> Result<(), QueryError> {
    let backlog = mirror::backlog(database).await?;
    let a_minute_ago = Timestamp::now().0 - chrono::TimeDelta::minutes(1);
    let activity = messages::activity_since(database, a_minute_ago).await?;
    metrics::emit(&[
        Metric::MirrorBacklog(backlog.rooms),
        Metric::MirrorBacklogAge(backlog.age),
        Metric::ActiveRooms(activity.rooms),
        Metric::MessagesSent(activity.messages),
    ]);
    Ok(())
}
