//! The mirror's delivery channel: writes the state of rooms in PostgreSQL, the source of truth, to Firebase.
//!
//! It writes state, not events, so that a room may be written twice, late, or concurrently: the rules reject a revision
//! that is not newer than the stored one.

use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;

use super::client::Written;
use super::shards::each;
use super::{Firebase, FirebaseError, Shard, Shards, tree};
use crate::db::delivery::Backlog;
use crate::db::mirror::{self, RoomState};
use crate::db::{Database, QueryError};
use crate::delivery::{
    Breaker, Channel, ChannelName, DeliveryOutcome, Lease, LeaseScope, RetryCause,
};
use crate::domain::Viewer;

/// The delivery channel of a shard's rooms to its Realtime Database. Each shard has its own circuit and its own sweep, so
/// that a failing database delays its own rooms only.
#[derive(Clone, Copy)]
pub struct Mirror {
    pub database: &'static Database,
    pub shards: &'static Shards,
    pub shard: &'static Shard,
}

impl Mirror {
    /// The time limit for removing a room from the other shards. It is shorter than [`Channel::PROMPT`], so that another
    /// shard that does not respond does not count as an outage of this one.
    const REMOVAL_TIMEOUT: Duration = Duration::from_millis(800);

    /// Shows whether a user is typing. It tries once, since the state is stale after ten seconds, and not while the
    /// circuit is open.
    pub async fn set_typing(&self, room_id: Uuid, viewer: Viewer, is_typing: bool) {
        if let Err(error) = self.try_set_typing(room_id, viewer, is_typing).await {
            tracing::warn!(%room_id, %error, "typing write failed");
        }
    }

    async fn try_set_typing(
        &self,
        room_id: Uuid,
        viewer: Viewer,
        is_typing: bool,
    ) -> Result<(), QueryError> {
        let Some(circuit) = self.breaker().closed_circuit(self.database).await? else {
            return Ok(());
        };
        let write = self.shard.firebase.set_typing(room_id, viewer, is_typing);
        let written = timeout(Self::PROMPT, write).await;
        let error = match written {
            Ok(Ok(())) => {
                let responding = self.breaker().record_success(self.database, circuit);
                return responding.await;
            }
            Ok(Err(error)) => error,
            Err(elapsed) => FirebaseError::Unreachable(elapsed.to_string()),
        };
        tracing::warn!(%room_id, %error, "typing write failed");
        if error.cause() == RetryCause::Outage {
            let asked = error.retry_after();
            self.breaker()
                .record_failures(self.database, 1, asked)
                .await?;
        }
        Ok(())
    }

    /// Removes a room that was reset from all shards but its own: it may have moved.
    async fn remove_elsewhere(&self, state: &RoomState) -> Result<(), FirebaseError> {
        let room = &state.room;
        if state.base_revision >= 0 {
            return Ok(());
        }
        let places = tree::places(room.id, [room.driver_id, room.other_user_id]);
        let removal = each(self.shards.not_of(room.id), |firebase| {
            firebase.remove_trees(places.clone())
        });
        let removed = timeout(Self::REMOVAL_TIMEOUT, removal).await;
        removed.unwrap_or_else(|elapsed| Err(FirebaseError::Unreachable(elapsed.to_string())))
    }
}

impl Channel for Mirror {
    type Item = RoomState;

    const NAME: ChannelName = ChannelName::Mirror;
    const TIMEOUT: Duration = Firebase::TIMEOUT;
    const BATCH: i64 = 64;

    fn database(&self) -> &'static Database {
        self.database
    }

    fn breaker(&self) -> &'static Breaker {
        &self.shard.breaker
    }

    /// Half of the 1,000 writes per second that a Realtime Database accepts. The endpoints write, too. A sweep of each shard
    /// may remove its rooms from all others.
    fn sweep_interval(&self) -> Duration {
        let shards = u32::try_from(self.shards.all().len()).unwrap_or(u32::MAX);
        Duration::from_millis(2).saturating_mul(shards)
    }

    async fn lease(
        &self,
        scope: LeaseScope,
        life: Duration,
    ) -> Result<Lease<RoomState>, QueryError> {
        mirror::lease(self.database, scope, life, &self.shard.rooms).await
    }

    async fn deliver(&self, state: &RoomState) -> DeliveryOutcome {
        let room_id = state.room.id;
        let written = match self.shard.firebase.write_room(state).await {
            Ok(written) => written,
            Err(error) => {
                tracing::warn!(%room_id, %error, "mirror write failed");
                return outcome(&error);
            }
        };
        if let Err(error) = self.remove_elsewhere(state).await {
            tracing::warn!(%room_id, %error, "moved room not removed");
            return DeliveryOutcome::Retry {
                after: None,
                cause: RetryCause::Item,
            };
        }
        match written {
            Written::Stored => DeliveryOutcome::Delivered,
            Written::Superseded => DeliveryOutcome::Superseded,
        }
    }

    async fn settle(
        &self,
        outcomes: &[(RoomState, DeliveryOutcome)],
    ) -> Result<Vec<f64>, QueryError> {
        mirror::settle(self.database, outcomes).await
    }

    async fn backlog(&self) -> Result<Backlog, QueryError> {
        mirror::backlog(self.database, &self.shard.rooms).await
    }
}

fn outcome(error: &FirebaseError) -> DeliveryOutcome {
    DeliveryOutcome::Retry {
        after: error.retry_after(),
        cause: error.cause(),
    }
}
