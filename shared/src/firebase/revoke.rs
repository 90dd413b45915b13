//! Ends the Firebase access of users whom the platform has deactivated, and restores it when they are active again.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Firebase, Shards};
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
const BUDGET: Duration = Duration::from_secs(15);

/// The result of a run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Revocations {
    pub revoked: usize,
    pub restored: usize,
}

/// Finds users who were deactivated or reactivated, and updates Firebase. Failed writes remain for the next run. A shard
/// that has accepted nothing of a batch gets nothing more in this run, so that it does not delay the others.
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
    let mut responding: Vec<_> = shards.databases().collect();
    loop {
        let pending = firebase_users::pending(database, after, BATCH).await?;
        let Some(last) = pending.last() else {
            return Ok(revocations);
        };
        after = last.user_id;
        let accepted = write_to_each(&responding, &pending).await;
        let is_everywhere = |it: &&Revocation| {
            responding.len() == shards.all().len()
                && accepted.iter().all(|users| users.contains(&it.user_id))
        };
        let written: Vec<_> = pending.iter().filter(is_everywhere).copied().collect();
        firebase_users::settle(database, &written).await?;
        let revoked = written.iter().filter(|it| it.is_revoked).count();
        revocations.revoked += revoked;
        revocations.restored += written.len() - revoked;
        let mut accepted = accepted.iter();
        responding.retain(|_| accepted.next().is_some_and(|users| !users.is_empty()));
        if responding.is_empty() || Instant::now() >= deadline {
            return Ok(revocations);
        }
    }
}

/// Writes entries to these databases concurrently. Returns the users whose entry each has accepted.
async fn write_to_each(
    databases: &[&'static Firebase],
    revocations: &[Revocation],
) -> Vec<HashSet<Uuid>> {
    let mut writes = JoinSet::new();
    for (index, &firebase) in databases.iter().enumerate() {
        for &Revocation {
            user_id,
            is_revoked,
        } in revocations
        {
            writes.spawn(async move {
                match firebase.set_revoked(user_id, is_revoked).await {
                    Ok(()) => Some((index, user_id)),
                    Err(error) => {
                        tracing::error!(%user_id, %error, "revocation not written");
                        None
                    }
                }
            });
        }
    }
    let mut accepted = vec![HashSet::new(); databases.len()];
    for (index, user_id) in writes.join_all().await.into_iter().flatten() {
        accepted[index].insert(user_id);
    }
    accepted
}
