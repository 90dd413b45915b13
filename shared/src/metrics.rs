//! Metrics in the embedded metric format: CloudWatch extracts them from the log, without a request or an agent.
//!
//! Source: "Specification: Embedded metric format", Amazon CloudWatch user guide.

use serde_json::{Map, Value, json};

use crate::domain::Timestamp;

/// The namespace of all metrics.
const NAMESPACE: &str = "Relais";

/// A measurement. It never has a text or anything that identifies a person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// Rooms that Firebase took.
    MirrorSucceeded(u32),
    /// Rooms that Firebase did not take, for now.
    MirrorFailed(u32),
    /// The time from the commit of the oldest change to its arrival in Firebase, in milliseconds.
    MirrorLag(f64),
    /// Rooms that Firebase is behind on.
    MirrorBacklog(i64),
    /// For how long on the longest waiting of them, in seconds.
    MirrorBacklogAge(f64),
    /// Devices that were told of a message.
    PushSucceeded(u32),
    /// Devices that were not, for now or for good.
    PushFailed(u32),
    /// Pushes that wait.
    PushBacklog(i64),
    /// For how long the longest waiting of them, in seconds.
    PushBacklogAge(f64),
    /// Conversations in which something was said in the last minute.
    ActiveRooms(i64),
    /// Messages of the last minute.
    MessagesSent(i64),
}

impl Metric {
    fn parts(self) -> (&'static str, &'static str, Value) {
        match self {
            Self::MirrorSucceeded(rooms) => ("MirrorSucceeded", "Count", json!(rooms)),
            Self::MirrorFailed(rooms) => ("MirrorFailed", "Count", json!(rooms)),
            Self::MirrorLag(milliseconds) => ("MirrorLag", "Milliseconds", json!(milliseconds)),
            Self::MirrorBacklog(rooms) => ("MirrorBacklog", "Count", json!(rooms)),
            Self::PushSucceeded(devices) => ("PushSucceeded", "Count", json!(devices)),
            Self::PushFailed(devices) => ("PushFailed", "Count", json!(devices)),
            Self::PushBacklog(pushes) => ("PushBacklog", "Count", json!(pushes)),
            Self::PushBacklogAge(seconds) => ("PushBacklogAge", "Seconds", json!(seconds)),
            Self::ActiveRooms(rooms) => ("ActiveRooms", "Count", json!(rooms)),
            Self::MessagesSent(messages) => ("MessagesSent", "Count", json!(messages)),
            Self::MirrorBacklogAge(seconds) => ("MirrorBacklogAge", "Seconds", json!(seconds)),
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
    let parts = metrics.iter().map(|metric| metric.parts());
    let definitions: Vec<_> = parts
        .clone()
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
    line.extend(parts.map(|(name, _, value)| (name.to_owned(), value)));
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
                &[Metric::MirrorSucceeded(1), Metric::MirrorLag(12.5)],
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
                            { "Name": "MirrorSucceeded", "Unit": "Count" },
                            { "Name": "MirrorLag", "Unit": "Milliseconds" },
                        ],
                    }],
                },
                "Stack": "relais-staging",
                "Function": "send-message",
                "MirrorSucceeded": 1,
                "MirrorLag": 12.5,
            })
        );
    }
}
