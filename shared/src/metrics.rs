//! Metrics in the embedded metric format: CloudWatch extracts them from the log, without a request or an agent.
//!
//! Source: "Specification: Embedded metric format", Amazon CloudWatch user guide.

use serde_json::{Map, Value, json};

use crate::db::delivery::Channel;
use crate::domain::Timestamp;

/// The namespace of all metrics.
const NAMESPACE: &str = "Relais";

/// A measurement. It never has a text or anything that identifies a person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// Items that were delivered.
    Delivered(Channel, u32),
    /// Items that were not delivered, temporarily or permanently.
    DeliveryFailed(Channel, u32),
    /// Items that were not delivered because the service rejects our credentials.
    CredentialsRejected(Channel, u32),
    /// The time from the commit of the oldest change to its delivery, in milliseconds.
    DeliveryLag(Channel, f64),
    /// Items that are not delivered yet.
    Backlog(Channel, i64),
    /// The age of the oldest of them, in seconds.
    BacklogAge(Channel, f64),
    /// Webhook events whose delivery was given up.
    WebhooksGivenUp(u32),
    /// Whether the webhooks' endpoint has responded with 410.
    WebhooksStopped(bool),
    /// Reports of messages that no admin has handled.
    OpenReports(i64),
    /// The age of the oldest of them, in seconds.
    OpenReportAge(f64),
    /// Conversations with a message in the last minute.
    ActiveRooms(i64),
    /// Messages of the last minute.
    MessagesSent(i64),
}

impl Metric {
    fn parts(self) -> (String, &'static str, Value) {
        let of = |channel, what| match channel {
            Channel::Mirror => format!("Mirror{what}"),
            Channel::Push => format!("Push{what}"),
            Channel::Webhooks => format!("Webhook{what}"),
        };
        match self {
            Self::Delivered(channel, items) => (of(channel, "Delivered"), "Count", json!(items)),
            Self::DeliveryFailed(channel, items) => (of(channel, "Failed"), "Count", json!(items)),
            Self::CredentialsRejected(channel, items) => {
                (of(channel, "CredentialsRejected"), "Count", json!(items))
            }
            Self::DeliveryLag(channel, milliseconds) => {
                (of(channel, "Lag"), "Milliseconds", json!(milliseconds))
            }
            Self::Backlog(channel, items) => (of(channel, "Backlog"), "Count", json!(items)),
            Self::BacklogAge(channel, seconds) => {
                (of(channel, "BacklogAge"), "Seconds", json!(seconds))
            }
            Self::WebhooksGivenUp(events) => ("WebhooksGivenUp".to_owned(), "Count", json!(events)),
            Self::WebhooksStopped(stopped) => (
                "WebhooksStopped".to_owned(),
                "Count",
                json!(i32::from(stopped)),
            ),
            Self::OpenReports(reports) => ("OpenReports".to_owned(), "Count", json!(reports)),
            Self::OpenReportAge(seconds) => ("OpenReportAge".to_owned(), "Seconds", json!(seconds)),
            Self::ActiveRooms(rooms) => ("ActiveRooms".to_owned(), "Count", json!(rooms)),
            Self::MessagesSent(messages) => ("MessagesSent".to_owned(), "Count", json!(messages)),
        }
    }
}

/// Writes the measurements to the log as one line.
#[expect(
    clippy::print_stdout,
    reason = "the standard output of a function is its log"
)]
pub fn emit(metrics: &[Metric]) {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let (stack, function) = (variable("STACK_NAME"), variable("AWS_LAMBDA_FUNCTION_NAME"));
    println!("{}", line(metrics, &stack, &function, Timestamp::now()));
}

/// The stack is the only dimension: CloudWatch bills each metric once per combination of dimensions. The function is a
/// property of the line; a query over the log can filter by it.
fn line(metrics: &[Metric], stack: &str, function: &str, now: Timestamp) -> Value {
    let parts: Vec<_> = metrics.iter().map(|metric| metric.parts()).collect();
    let definitions: Vec<_> = parts
        .iter()
        .map(|(name, unit, _)| json!({ "Name": name, "Unit": unit }))
        .collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.0.timestamp_millis(),
            "CloudWatchMetrics": [
                { "Namespace": NAMESPACE, "Dimensions": [["Stack"]], "Metrics": definitions },
            ],
        }),
    );
    line.insert("Stack".to_owned(), json!(stack));
    line.insert("Function".to_owned(), json!(function));
    line.extend(parts.into_iter().map(|(name, _, value)| (name, value)));
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn a_line_is_in_the_embedded_metric_format_with_one_set_of_dimensions() {
        let now = Timestamp(DateTime::from_timestamp_millis(1_736_951_400_000).unwrap());
        assert_eq!(
            line(
                &[
                    Metric::Delivered(Channel::Mirror, 1),
                    Metric::DeliveryLag(Channel::Mirror, 12.5)
                ],
                "relais-staging",
                "send-message",
                now
            ),
            json!({
                "_aws": {
                    "Timestamp": 1_736_951_400_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Relais",
                        "Dimensions": [["Stack"]],
                        "Metrics": [
                            { "Name": "MirrorDelivered", "Unit": "Count" },
                            { "Name": "MirrorLag", "Unit": "Milliseconds" },
                        ],
                    }],
                },
                "Stack": "relais-staging",
                "Function": "send-message",
                "MirrorDelivered": 1,
                "MirrorLag": 12.5,
            })
        );
    }
}
