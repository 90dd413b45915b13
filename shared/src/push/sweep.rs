//! What `send-pushes` does: the pushes that an interrupted function, or an FCM that did not answer, has left.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::Fcm;
use super::deliver::{Batch, push_batch};
use crate::db::{Database, QueryError, pushes};
use crate::metrics::{self, Metric};

/// How long new batches are begun. The last of them may take as long as a claim, and both fit into the function's time
/// limit in template.yaml; the schedule starts the next sweep after a minute.
const TIME: Duration = Duration::from_secs(10);

/// What a sweep did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sweep {
    /// Devices that were told.
    pub pushed: u32,
    /// Devices that were not, for now or for good.
    pub failed: u32,
    /// Pushes that wait.
    pub backlog: i64,
}

/// Sends the pushes that are due, until none is left, FCM asks for a rest, or the time is up.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn sweep(database: &Database, fcm: &'static Fcm) -> Result<Sweep, QueryError> {
    // First, since it matters most when the rest takes too long.
    let backlog = pushes::backlog(database).await?;
    metrics::emit(&[
        Metric::PushBacklog(backlog.pushes),
        Metric::PushBacklogAge(backlog.age),
    ]);
    let started = Instant::now();
    let mut sweep = Sweep::default();
    while started.elapsed() < TIME {
        let batch: Batch = push_batch(database, fcm, None).await?;
        sweep.pushed += batch.told;
        sweep.failed += batch.failed;
        if batch.claimed == 0 || batch.is_throttled {
            break;
        }
    }
    sweep.backlog = pushes::backlog(database).await?.pushes;
    Ok(sweep)
}
