//! The pushes' delivery channel. A message and its pending pushes are stored in one statement, one row per room and
//! device.
//!
//! A device is notified twice of a message only if FCM's response was lost, or if the function ended before it settled
//! the push. The newer notification then replaces the older one on the screen, since both have the room's tag.

use std::time::Duration;

use super::Fcm;
use super::fcm::PushError;
use crate::db::delivery::Backlog;
use crate::db::pushes::{self, DuePush};
use crate::db::{Database, QueryError};
use crate::delivery::{
    Breaker, Channel, ChannelName, DeliveryOutcome, DropReason, Lease, LeaseScope, RetryCause,
};

/// The delivery channel of notifications to Cloud Messaging.
#[derive(Clone, Copy)]
pub struct Pushes {
    pub database: &'static Database,
    pub fcm: &'static Fcm,
    pub breaker: &'static Breaker,
}

impl Channel for Pushes {
    type Item = DuePush;

    const NAME: ChannelName = ChannelName::Push;
    const TIMEOUT: Duration = Fcm::TIMEOUT;
    const BATCH: i64 = 32;

    fn database(&self) -> &'static Database {
        self.database
    }

    fn breaker(&self) -> &'static Breaker {
        self.breaker
    }

    async fn lease(&self, scope: LeaseScope, life: Duration) -> Result<Lease<DuePush>, QueryError> {
        pushes::lease(self.database, scope, life).await
    }

    async fn deliver(&self, push: &DuePush) -> DeliveryOutcome {
        let room_id = push.room_id;
        let Some(notice) = &push.notice else {
            if push.expired {
                tracing::error!(%room_id, "push expired");
                return DeliveryOutcome::Dropped(DropReason::Expired);
            }
            return DeliveryOutcome::Superseded;
        };
        let Err(error) = self
            .fcm
            .push(&push.token, room_id, notice, push.expires_at)
            .await
        else {
            return DeliveryOutcome::Delivered;
        };
        let outcome = match &error {
            PushError::Rejected(error) => error.outcome(),
            PushError::Unavailable(error) => DeliveryOutcome::Retry {
                after: error.retry_after(),
                cause: error.cause(),
            },
        };
        match outcome {
            DeliveryOutcome::Dropped(DropReason::DeviceGone) => {
                tracing::info!(%room_id, %error, "device unregistered");
            }
            DeliveryOutcome::Retry {
                cause: RetryCause::Credentials,
                ..
            } => tracing::error!(%room_id, %error, "push credentials rejected"),
            DeliveryOutcome::Retry { .. } => tracing::warn!(%room_id, %error, "push failed"),
            _ => tracing::error!(%room_id, %error, "push dropped"),
        }
        outcome
    }

    async fn settle(
        &self,
        outcomes: &[(DuePush, DeliveryOutcome)],
    ) -> Result<Vec<f64>, QueryError> {
        pushes::settle(self.database, outcomes).await?;
        Ok(Vec::new())
    }

    async fn backlog(&self) -> Result<Backlog, QueryError> {
        pushes::delete_settled(self.database).await?;
        pushes::backlog(self.database).await
    }
}
