//! Telling devices of what was said, durably: what is to be told stands in PostgreSQL from the moment that the message
//! does, and is told after the reply; `send-pushes` takes up what was left.
//!
//! Of several who could, one tells a device: who has claimed it. Only where FCM's answer was lost, or the function
//! ended before it had written it down, is it told a second time; then the newer notification takes the place of the
//! older on the screen, since both bear the room's tag.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use uuid::Uuid;

use super::Fcm;
use super::fcm::PushError;
use crate::db::pushes::{self, DuePush, Outcome};
use crate::db::{Database, QueryError};
use crate::metrics::{self, Metric};

/// How long a push is one's own: what FCM may take, and writing it down.
pub const CLAIM: Duration = Duration::from_secs(40);
/// Pushes that are taken at a time, and sent beside each other.
pub const BATCH: i64 = 32;
/// From one push of a room to the next on the same device: what comes meanwhile goes together. No phone need ring more
/// often than that.
const PAUSE: Duration = Duration::from_secs(1);
/// How long one function stays with a room in which people go on talking, before it leaves it to whoever writes there
/// next, or to `send-pushes`.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of a batch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// How many were claimed.
    pub claimed: usize,
    /// Devices that were told.
    pub told: u32,
    /// Devices that were not, for now or for good.
    pub failed: u32,
    /// Devices that there is more to tell, after a pause.
    pub moved: i64,
    /// Whether FCM asks for a rest.
    pub is_throttled: bool,
}

/// Tells the devices of rooms what was said there, one room after the other.
pub async fn push_rooms(database: &'static Database, fcm: &'static Fcm, rooms: &[Uuid]) {
    for room_id in rooms {
        if let Err(error) = push_room(database, fcm, *room_id).await {
            tracing::warn!(%room_id, %error, "not pushed; send-pushes will");
        }
    }
}

/// Tells the devices of a room what was said there, and what is said meanwhile.
async fn push_room(
    database: &'static Database,
    fcm: &'static Fcm,
    room_id: Uuid,
) -> Result<(), QueryError> {
    let began = Instant::now();
    loop {
        let batch = push_batch(database, fcm, Some(room_id)).await?;
        let is_full = i64::try_from(batch.claimed).is_ok_and(|claimed| claimed == BATCH);
        if began.elapsed() >= PATIENCE || (batch.moved == 0 && !is_full) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Claims some pushes that are due, of one room or of all, tells the devices, and writes down what became of it.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn push_batch(
    database: &Database,
    fcm: &'static Fcm,
    room_id: Option<Uuid>,
) -> Result<Batch, QueryError> {
    let due = pushes::claim(database, room_id, CLAIM, BATCH).await?;
    let mut batch = Batch {
        claimed: due.len(),
        ..Batch::default()
    };
    if due.is_empty() {
        return Ok(batch);
    }
    let mut sending = JoinSet::new();
    for push in due {
        sending.spawn(async move {
            let outcome = tell(fcm, &push).await;
            (push, outcome)
        });
    }
    // One that panics keeps its claim, and comes due again by itself.
    let mut told = Vec::new();
    while let Some(sent) = sending.join_next().await {
        match sent {
            Ok(sent) => told.push(sent),
            Err(panic) => tracing::error!(%panic, "a push panicked"),
        }
    }
    batch.told = count(&told, |told| *told == Told::Yes);
    batch.failed = count(&told, |told| matches!(told, Told::No(_)));
    batch.is_throttled = told
        .iter()
        .any(|(_, told)| matches!(told, Told::No(Outcome::Later(Some(_)))));
    if batch.told + batch.failed > 0 {
        metrics::emit(&[
            Metric::PushSucceeded(batch.told),
            Metric::PushFailed(batch.failed),
        ]);
    }
    let outcomes: Vec<_> = told
        .iter()
        .map(|(push, told)| (push, told.outcome()))
        .collect();
    batch.moved = pushes::finish(database, &outcomes, PAUSE).await?.moved;
    Ok(batch)
}

/// Whether a device was told.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    Yes,
    /// There was nothing to tell.
    Nothing,
    No(Outcome),
}

impl Told {
    fn outcome(self) -> Outcome {
        match self {
            Self::Yes | Self::Nothing => Outcome::Done,
            Self::No(outcome) => outcome,
        }
    }
}

async fn tell(fcm: &Fcm, push: &DuePush) -> Told {
    let room_id = push.room_id;
    let Some(notice) = &push.notice else {
        if push.expired {
            tracing::error!(%room_id, "a push is given up after an hour");
            return Told::No(Outcome::Done);
        }
        return Told::Nothing;
    };
    let Err(error) = fcm.push(&push.token, room_id, notice).await else {
        return Told::Yes;
    };
    let outcome = match &error {
        PushError::Refused(refusal) => refusal.outcome(),
        PushError::Unavailable(error) => Outcome::Later(error.retry_after()),
    };
    match outcome {
        Outcome::Dead => tracing::info!(%room_id, %error, "a device is gone"),
        Outcome::Later(_) => tracing::warn!(%room_id, %error, "not pushed yet"),
        Outcome::Done => tracing::error!(%room_id, %error, "not pushed, and not tried again"),
    }
    Told::No(outcome)
}

fn count(told: &[(DuePush, Told)], which: fn(&Told) -> bool) -> u32 {
    let found = told.iter().filter(|(_, told)| which(told)).count();
    u32::try_from(found).unwrap_or(u32::MAX)
}
