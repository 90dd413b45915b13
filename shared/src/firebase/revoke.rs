//! Ends the Firebase access of users whom the platform has deactivated, and restores it when they are active again.

use std::time::Duration;

use chrono::TimeDelta;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::Shards;
use super::shards::each;
use crate::db::firebase_users::{self, Revocation};
use crate::db::{Database, QueryError};
use crate::domain::Timestamp;

/// The number of users that a run checks in its round over all users, which takes PostgreSQL about 0.1 s. With a
/// million users a round takes 50 minutes. Participants of rooms with new messages are checked in every run.
const USERS: i64 = 20_000;
/// The period of two runs, so that a late run misses no message.
const RECENT: TimeDelta = TimeDelta::minutes(2);
/// The number of concurrent writes.
const BATCH: i64 = 50;
/// The time after which no new batch starts.
const BUDGET: Duration = Duration::from_secs(20);

/// The result of a run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Revocations {
    pub revoked: usize,
    pub restored: usize,
}

/// Finds users who were deactivated or reactivated, and updates Firebase. Failed writes remain for the next run, and keep
/// no other user from being written: while one shard does not respond, the others get all entries.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn revoke_users(
    database: &Database,
    shards: &'static Shards,
) -> Result<Revocations, QueryError> {
    let deadline = Instant::now() + BUDGET;
    firebase_users::check(database, Timestamp::now().0 - RECENT, USERS).await?;
    let mut revocations = Revocations::default();
    let mut after = Uuid::nil();
    loop {
        let pending = firebase_users::pending(database, after, BATCH).await?;
        let Some(last) = pending.last() else {
            return Ok(revocations);
        };
        after = last.user_id;
        let written = write(shards, &pending).await;
        firebase_users::settle(database, &written).await?;
        let revoked = written.iter().filter(|it| it.is_revoked).count();
        revocations.revoked += revoked;
        revocations.restored += written.len() - revoked;
        if Instant::now() >= deadline {
            return Ok(revocations);
        }
    }
}

/// Writes entries to all shards concurrently. Returns those that all have accepted.
async fn write(shards: &'static Shards, revocations: &[Revocation]) -> Vec<Revocation> {
    let mut writes = JoinSet::new();
    for &revocation in revocations {
        writes.spawn(async move {
            let Revocation {
                user_id,
                is_revoked,
            } = revocation;
            let write = each(shards.databases(), |firebase| {
                firebase.set_revoked(user_id, is_revoked)
            });
            match write.await {
                Ok(()) => Some(revocation),
                Err(error) => {
                    tracing::error!(%user_id, %error, "revocation not written");
                    None
                }
            }
        });
    }
    writes.join_all().await.into_iter().flatten().collect()
}
