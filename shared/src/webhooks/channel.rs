//! The webhooks' delivery channel. It delivers the events of a room one after the other, so that the endpoint gets them
//! in order.
//!
//! An event is sent twice if the endpoint's response is lost or too late, or if the function ends before it settles the
//! event. Every attempt has the same `webhook-id`.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Endpoint, WebhookError};
use crate::db::delivery::Backlog;
use crate::db::webhooks::{self, DueEvents};
use crate::db::{Database, QueryError};
use crate::delivery::{
    Breaker, Channel, ChannelName, DeliveryOutcome, Lease, LeaseScope, RetryCause,
};
use crate::domain::WebhookEvent;
use crate::metrics::{self, Metric};

/// The delivery channel of events to the platform's backend.
#[derive(Clone, Copy)]
pub struct Webhooks {
    pub database: &'static Database,
    pub endpoint: &'static Endpoint,
    pub breaker: &'static Breaker,
}

impl Webhooks {
    /// The time after which a lease's further events are left to the next lease.
    const RUN: Duration = Duration::from_millis(250);

    async fn post(&self, due: &DueEvents, event: &WebhookEvent) -> Result<(), WebhookError> {
        let limit = if due.is_after_reply {
            self.endpoint.prompt
        } else {
            Endpoint::TIMEOUT
        };
        let began = Instant::now();
        let result = timeout(limit, self.endpoint.post(event.id, event)).await;
        if began.elapsed() > self.endpoint.prompt {
            due.record_slow();
        }
        result.unwrap_or_else(|_| Err(WebhookError::Unreachable("it took too long".to_owned())))
    }
}

impl Channel for Webhooks {
    type Item = DueEvents;

    const NAME: ChannelName = ChannelName::Webhooks;
    const TIMEOUT: Duration = Duration::from_secs(11);
    const BATCH: i64 = 32;
    const SWEEPS_ON: bool = true;

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
    ) -> Result<Lease<DueEvents>, QueryError> {
        webhooks::lease(self.database, scope, life).await
    }

    async fn deliver(&self, due: &DueEvents) -> DeliveryOutcome {
        if due.events.is_empty() {
            return DeliveryOutcome::Superseded;
        }
        let began = Instant::now();
        for event in &due.events {
            let Err(error) = self.post(due, event).await else {
                due.record_delivered();
                if began.elapsed() > Self::RUN {
                    break;
                }
                continue;
            };
            let (event_id, event_type) = (event.id, &event.event_type);
            let outcome = error.outcome();
            match outcome {
                _ if error.is_gone() => {
                    tracing::error!(%event_id, event_type, "webhook endpoint is gone, delivery stopped");
                    if let Err(error) = webhooks::stop(self.database).await {
                        tracing::error!(%error, "webhook delivery not stopped");
                    }
                }
                DeliveryOutcome::Retry {
                    cause: RetryCause::Credentials,
                    ..
                } => tracing::error!(%event_id, event_type, %error, "webhook signature rejected"),
                _ => tracing::warn!(%event_id, event_type, %error, "webhook failed"),
            }
            return outcome;
        }
        DeliveryOutcome::Delivered
    }

    fn is_prompt(&self, due: &DueEvents, _: Duration) -> bool {
        !due.is_slow()
    }

    async fn settle(
        &self,
        outcomes: &[(DueEvents, DeliveryOutcome)],
    ) -> Result<Vec<f64>, QueryError> {
        let mut lags = Vec::new();
        let mut given_up = 0;
        // One statement per key: one that locked several could deadlock with a transaction that adds events to them.
        for (due, outcome) in outcomes {
            let settled = webhooks::settle(self.database, due, *outcome).await?;
            lags.extend(settled.lag);
            if settled.gave_up {
                let event_id = due.split().1.first().map(|event| event.id);
                tracing::error!(?event_id, "webhook given up");
                given_up += 1;
            }
        }
        if given_up > 0 {
            metrics::emit(&[Metric::WebhooksGivenUp(given_up)]);
        }
        Ok(lags)
    }

    async fn backlog(&self) -> Result<Backlog, QueryError> {
        webhooks::backlog(self.database).await
    }
}
