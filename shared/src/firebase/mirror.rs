//! Mirroring rooms: PostgreSQL is the truth, and Firebase is brought up to it.
//!
//! It is state that is sent, not events, so a room can be mirrored twice, late, or from two places at once: what is
//! older than what is there is refused by the rules. Nothing is given up: what fails waits for `mirror-rooms`.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::client::Written;
use super::{Firebase, FirebaseError};
use crate::db::{Database, QueryError, mirror};

/// How long a room is one mirror's: its write, with all that a request may take, and its acknowledgement.
pub const CLAIM: Duration = Duration::from_secs(20);
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

/// Brings a room up to date in Firebase, and up to whatever has changed meanwhile: while one mirror's write is under
/// way, others leave the room to it, and it looks again when it is done. So a burst of messages needs few writes.
///
/// # Errors
/// What kept it from that; a failure of Firebase's is noted in PostgreSQL, for `mirror-rooms`.
pub async fn mirror_room(
    database: &Database,
    firebase: &Firebase,
    room_id: Uuid,
) -> Result<(), MirrorError> {
    while let Some(state) = mirror::claim(database, room_id, CLAIM).await? {
        match write(firebase, &state).await {
            Ok(_) => {
                if !mirror::done(database, room_id, state.room.revision).await? {
                    break;
                }
            }
            Err(error) => {
                mirror::failed(database, room_id).await?;
                return Err(error.into());
            }
        }
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

async fn write(firebase: &Firebase, state: &mirror::RoomState) -> Result<Written, FirebaseError> {
    let started = Instant::now();
    let mut attempt = 1;
    loop {
        let error = match firebase.write_room(state).await {
            Ok(written) => return Ok(written),
            Err(error) => error,
        };
        let pause = match &error {
            FirebaseError::Answer {
                retry_after: Some(asked),
                ..
            } => *asked,
            _ => Duration::from_millis(200) * 2u32.pow(attempt),
        };
        // One more time-out must fit into the claim.
        let out_of_time = started.elapsed() + pause + Firebase::TIMEOUT >= CLAIM;
        if attempt == ATTEMPTS || out_of_time || !error.is_passing() {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        attempt += 1;
    }
}

/// What a sweep did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Rooms that Firebase is up to date with now.
    pub mirrored: usize,
    /// Rooms that it did not take.
    pub failed: usize,
}

/// Mirrors the rooms that are due, several at a time, until none is left or the time is up.
///
/// # Errors
/// PostgreSQL does not answer.
pub async fn sweep(
    database: &'static Database,
    firebase: &'static Firebase,
) -> Result<Sweep, QueryError> {
    /// The schedule starts the next one after a minute.
    const TIME: Duration = Duration::from_secs(40);
    /// Rooms at a time.
    const BATCH: i64 = 32;

    let started = Instant::now();
    let mut sweep = Sweep::default();
    while started.elapsed() < TIME {
        let due = mirror::take_due(database, CLAIM * 2, BATCH).await?;
        if due.is_empty() {
            break;
        }
        let mut mirrors = tokio::task::JoinSet::new();
        for room_id in due {
            mirrors.spawn(async move { mirror_room(database, firebase, room_id).await });
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
    Ok(sweep)
}
