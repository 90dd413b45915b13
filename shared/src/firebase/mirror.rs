//! Mirroring rooms: PostgreSQL is the truth, and Firebase is brought up to it.
//!
//! It is state that is sent, not events, so a room can be mirrored twice, late, or from two places at once: what is
//! older than what is there is refused by the rules. Nothing is given up: what fails waits for `mirror-rooms`.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{Firebase, FirebaseError};
use crate::db::{Database, QueryError, mirror};
use crate::metrics::{self, Metric};

/// How long a room is one mirror's: its write, with all that a request may take, and its acknowledgement.
pub const CLAIM: Duration = Duration::from_secs(20);
/// From one write of a room to its next: what comes meanwhile goes together. Nobody reads faster.
const PAUSE: Duration = Duration::from_millis(100);
/// How long one mirror stays with a room that does not come to rest, before it leaves it to whoever writes there next.
/// The functions' time limit in template.yaml is this and a claim, and some more.
const PATIENCE: Duration = Duration::from_secs(20);
/// Attempts in a row before a room is left to `mirror-rooms`.
const ATTEMPTS: u32 = 3;

/// Why a room could not be mirrored for now.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// PostgreSQL does not answer.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Firebase does not take it.
    #[error("Firebase: {0}")]
    Firebase(#[from] FirebaseError),
}

/// Brings a room up to date in Firebase, and up to whatever has changed meanwhile: while one mirror has a room, others
/// leave it to that one, which looks again when its write is done. So a burst of messages needs few writes.
///
/// # Errors
/// What kept it from that; a failure of Firebase's is noted in PostgreSQL, for `mirror-rooms`.
pub async fn mirror_room(
    database: &Database,
    firebase: &Firebase,
    room_id: Uuid,
) -> Result<(), MirrorError> {
    let began = Instant::now();
    let mut held = None;
    while let Some(state) = mirror::claim(database, room_id, held, CLAIM).await? {
        let pause = tokio::time::sleep(PAUSE);
        if let Err(error) = write(firebase, &state).await {
            metrics::emit(&[Metric::MirrorFailed(1)]);
            mirror::failed(database, &state, error.retry_after()).await?;
            return Err(error.into());
        }
        let keep = began.elapsed() < PATIENCE;
        let acknowledged = mirror::done(database, &state, keep).await?;
        metrics::emit(&[
            Metric::MirrorSucceeded(1),
            Metric::MirrorLag(acknowledged.lag.unwrap_or_default()),
        ]);
        if !acknowledged.more || !keep {
            break;
        }
        held = state.claim;
        pause.await;
    }
    Ok(())
}

/// Mirrors several rooms, one after the other; a failure is logged and keeps none of the others waiting for good.
pub async fn mirror_rooms(database: &Database, firebase: &Firebase, rooms: &[Uuid]) {
    for room_id in rooms {
        if let Err(error) = mirror_room(database, firebase, *room_id).await {
            tracing::warn!(%room_id, %error, "not mirrored; mirror-rooms will");
        }
    }
}

/// Writes a state, with a few attempts where that may help and the claim lasts.
async fn write(firebase: &Firebase, state: &mirror::RoomState) -> Result<(), FirebaseError> {
    let started = Instant::now();
    let mut attempt = 1;
    loop {
        let Err(error) = firebase.write_room(state).await else {
            return Ok(());
        };
        let backoff = Duration::from_millis(200) * 2u32.pow(attempt);
        let pause = error.retry_after().unwrap_or(backoff);
        // One more time-out must fit into the claim.
        let out_of_time = started.elapsed() + pause + Firebase::TIMEOUT >= CLAIM;
        if attempt == ATTEMPTS || out_of_time || !error.is_passing() {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        attempt += 1;
    }
}
