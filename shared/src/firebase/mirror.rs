//! The mirror's delivery channel: writes the state of rooms in PostgreSQL, the source of truth, to Firebase.
//!
//! It writes state, not events, so that a room may be written twice, late, or concurrently: the rules reject a revision
//! that is not newer than the stored one.

use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;

use super::client::Written;
use super::{Firebase, FirebaseError};
use crate::db::delivery::Backlog;
use crate::db::mirror::{self, RoomState};
use crate::db::{Database, QueryError};
use crate::delivery::{
    Breaker, Channel, ChannelName, DeliveryOutcome, Lease, LeaseScope, RetryCause,
};
use crate::domain::Viewer;

/// The delivery channel of rooms to the Realtime Database.
#[derive(Clone, Copy)]
pub struct Mirror {
    pub database: &'static Database,
    pub firebase: &'static Firebase,
    pub breaker: &'static Breaker,
}

impl Mirror {
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
        let Some(circuit) = self.breaker.closed_circuit(self.database).await? else {
            return Ok(());
        };
        let write = self.firebase.set_typing(room_id, viewer, is_typing);
        let written = timeout(Self::PROMPT, write).await;
        let error = match written {
            Ok(Ok(())) => return self.breaker.record_success(self.database, circuit).await,
            Ok(Err(error)) => error,
            Err(elapsed) => FirebaseError::Unreachable(elapsed.to_string()),
        };
        tracing::warn!(%room_id, %error, "typing write failed");
        if error.cause() == RetryCause::Outage {
            let asked = error.retry_after();
            self.breaker
                .record_failures(self.database, 1, asked)
                .await?;
        }
        Ok(())
    }
}

impl Channel for Mirror {
    type Item = RoomState;

    const NAME: ChannelName = ChannelName::Mirror;
    const TIMEOUT: Duration = Firebase::TIMEOUT;
    const BATCH: i64 = 64;
    /// Half of the 1,000 writes per second that a Realtime Database accepts. The endpoints write, too.
    const SWEEP_INTERVAL: Duration = Duration::from_millis(2);

    fn database(&self) -> &'static Database {
        self.database
    }

    fn breaker(&self) -> &'static Breaker {
        self.breaker
    }

    async fn lease(
        &self,
        scope: LeaseScope,
        life: Duration,
    ) -> Result<Lease<RoomState>, QueryError> {
        mirror::lease(self.database, scope, life).await
    }

    async fn deliver(&self, state: &RoomState) -> DeliveryOutcome {
        match self.firebase.write_room(state).await {
            Ok(Written::Stored) => DeliveryOutcome::Delivered,
            Ok(Written::Superseded) => DeliveryOutcome::Superseded,
            Err(error) => {
                let room_id = state.room.id;
                tracing::warn!(%room_id, %error, "mirror write failed");
                outcome(&error)
            }
        }
    }

    async fn settle(
        &self,
        outcomes: &[(RoomState, DeliveryOutcome)],
    ) -> Result<Vec<f64>, QueryError> {
        mirror::settle(self.database, outcomes).await
    }

    async fn backlog(&self) -> Result<Backlog, QueryError> {
        mirror::backlog(self.database).await
    }
}

fn outcome(error: &FirebaseError) -> DeliveryOutcome {
    DeliveryOutcome::Retry {
        after: error.retry_after(),
        cause: error.cause(),
    }
}
