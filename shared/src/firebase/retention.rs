//! Retention: removes rooms that were closed long ago from Firebase and then from PostgreSQL.

use std::time::Duration;

use tokio::time::Instant;

use super::shards::each;
use super::{FirebaseError, Shards, tree};
use crate::db::trust::EmptiedRoom;
use crate::db::{Database, QueryError, trust};
use crate::domain::RetentionPeriod;

/// The number of messages per statement.
const MESSAGES: i64 = 5000;
/// The number of rooms per write to Firebase.
const ROOMS: i64 = 100;
/// The time after which no new batch starts.
const BUDGET: Duration = Duration::from_secs(10);

/// Removes rooms that were closed before the period, and returns their number. A room's row is the record that its trees
/// exist in Firebase: it is removed only after them. If Firebase does not respond, the rest remains for the next run.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn remove_expired_rooms(
    database: &Database,
    shards: Option<&'static Shards>,
    period: RetentionPeriod,
) -> Result<usize, QueryError> {
    let deadline = Instant::now() + BUDGET;
    let mut removed = 0;
    trust::restore_rooms(database).await?;
    loop {
        let worked_on = trust::empty_expired_rooms(database, period, MESSAGES).await?;
        let rooms = trust::emptied_rooms(database, ROOMS).await?;
        if worked_on == 0 && rooms.is_empty() {
            return Ok(removed);
        }
        if !rooms.is_empty() {
            if let Some(shards) = shards
                && let Err(error) = remove_from(shards, &rooms).await
            {
                tracing::error!(%error, "rooms not removed from Firebase");
                return Ok(removed);
            }
            removed += trust::remove_rooms(database, &rooms).await?;
        }
        if Instant::now() >= deadline {
            return Ok(removed);
        }
    }
}

/// Removes rooms from every shard, because a room that has moved may still be where it was.
async fn remove_from(shards: &'static Shards, rooms: &[EmptiedRoom]) -> Result<(), FirebaseError> {
    let places = rooms
        .iter()
        .flat_map(|room| tree::places(room.id, [room.driver_id, room.other_user_id]));
    let places: Vec<_> = places.collect();
    each(shards.databases(), |firebase| {
        firebase.remove_trees(places.clone())
    })
    .await
}
