use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::{Channel, Circuit, DeliveryOutcome, RetryCause};
use crate::db::QueryError;
use crate::metrics::{self, Metric};

/// The pace of the deliveries in a batch.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The time-out of each delivery.
    pub timeout: Duration,
    /// The time between the starts of two deliveries; zero starts all at once.
    pub interval: Duration,
}

/// The result of a batch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    pub delivered: u32,
    /// Items that were not delivered, temporarily or permanently.
    pub failed: u32,
    /// Whether the service responded to any item, at any speed.
    pub reached_service: bool,
}

/// Delivers leased items concurrently, once each, settles them, and records the service's health.
pub async fn deliver_all<C: Channel>(
    channel: C,
    items: Vec<C::Item>,
    circuit: Circuit,
    pace: Pace,
) -> Result<Report, QueryError> {
    let outcomes = attempt(channel, items, pace).await;
    let lags = channel.settle(&outcomes.settled).await?;
    let report = measure::<C>(&outcomes.settled, &lags);

    let outages = outcomes.settled.iter().filter(|(_, it)| it.is_outage());
    let outages = outages.count();
    if outcomes.was_prompt {
        let responding = channel
            .breaker()
            .record_success(channel.database(), circuit);
        responding.await?;
    } else if outages > 0 {
        let asked = outcomes
            .settled
            .iter()
            .filter_map(|(_, it)| asked(*it))
            .max();
        let failing = channel
            .breaker()
            .record_failures(channel.database(), outages, asked);
        failing.await?;
    }
    Ok(Report {
        reached_service: outcomes.reached_service,
        ..report
    })
}

struct Outcomes<T> {
    settled: Vec<(T, DeliveryOutcome)>,
    /// Whether the service responded to any item.
    reached_service: bool,
    /// Whether the service responded to any item as fast as required after a reply.
    was_prompt: bool,
}

async fn attempt<C: Channel>(channel: C, items: Vec<C::Item>, pace: Pace) -> Outcomes<C::Item> {
    let mut starts = (!pace.interval.is_zero()).then(|| interval(pace.interval));
    if let Some(starts) = &mut starts {
        starts.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    let mut deliveries = JoinSet::new();
    for item in items {
        if let Some(starts) = &mut starts {
            starts.tick().await;
        }
        deliveries.spawn(async move {
            let began = Instant::now();
            let outcome = timeout(pace.timeout, channel.deliver(&item)).await;
            let outcome = outcome.unwrap_or_else(|_| {
                tracing::warn!(channel = C::NAME.name(), "delivery timed out");
                DeliveryOutcome::outage(None)
            });
            (item, outcome, began.elapsed())
        });
    }
    let mut outcomes = Outcomes {
        settled: Vec::new(),
        reached_service: false,
        was_prompt: false,
    };
    while let Some(delivery) = deliveries.join_next().await {
        match delivery {
            Ok((item, outcome, took)) => {
                let reached = reached_service(outcome);
                outcomes.reached_service |= reached;
                outcomes.was_prompt |= reached && channel.is_prompt(&item, took);
                outcomes.settled.push((item, outcome));
            }
            // The lease expires by itself.
            Err(panic) => {
                tracing::error!(%panic, channel = C::NAME.name(), "delivery panicked");
            }
        }
    }
    outcomes
}

/// Returns whether the outcome proves that the service responds. A superseded or expired item may not have been sent.
fn reached_service(outcome: DeliveryOutcome) -> bool {
    use DeliveryOutcome::{Delivered, Dropped, Retry};
    matches!(
        outcome,
        Delivered
            | Dropped(super::DropReason::DeviceGone)
            | Retry {
                cause: RetryCause::Item,
                ..
            }
    )
}

fn asked(outcome: DeliveryOutcome) -> Option<Duration> {
    match outcome {
        DeliveryOutcome::Retry { after, .. } => after,
        _ => None,
    }
}

fn measure<C: Channel>(settled: &[(C::Item, DeliveryOutcome)], lags: &[f64]) -> Report {
    let count = |which: fn(DeliveryOutcome) -> bool| {
        let found = settled.iter().filter(|(_, outcome)| which(*outcome));
        u32::try_from(found.count()).unwrap_or(u32::MAX)
    };
    let delivered = count(|it| it == DeliveryOutcome::Delivered);
    let failed = count(|it| {
        matches!(
            it,
            DeliveryOutcome::Retry { .. } | DeliveryOutcome::Dropped(_)
        )
    });
    let rejected = count(|it| {
        matches!(
            it,
            DeliveryOutcome::Retry {
                cause: RetryCause::Credentials,
                ..
            }
        )
    });
    let mut found = Vec::new();
    if delivered > 0 {
        found.push(Metric::Delivered(C::NAME, delivered));
    }
    if failed > 0 {
        found.push(Metric::DeliveryFailed(C::NAME, failed));
    }
    if rejected > 0 {
        found.push(Metric::CredentialsRejected(C::NAME, rejected));
    }
    if let Some(lag) = lags.iter().copied().reduce(f64::max) {
        found.push(Metric::DeliveryLag(C::NAME, lag));
    }
    if !found.is_empty() {
        metrics::emit(&found);
    }
    Report {
        delivered,
        failed,
        reached_service: false,
    }
}
