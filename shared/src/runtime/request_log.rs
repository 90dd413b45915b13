//! The log: JSON lines on stdout. Every line of a request has the request's id, and one line has its outcome.

use std::time::Duration;

use tracing::{Level, Span, Subscriber, error_span};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::error::Result;
use crate::http::{ApiResponse, status_of};

/// Logs to stdout at the level in `RUST_LOG`, by default `info`. Dependencies log warnings and errors only, since their
/// lower levels contain headers and bodies, and so tokens and texts.
pub(super) fn init() {
    let level = std::env::var("RUST_LOG").ok();
    let level = level.and_then(|level| level.parse().ok());
    // Fails only if this process has a subscriber already.
    let _ = tracing::subscriber::set_global_default(subscriber(
        level.unwrap_or(Level::INFO),
        std::io::stdout,
    ));
}

fn subscriber<W>(level: Level, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .with_max_level(level)
        .with_writer(writer)
        .with_current_span(true)
        .with_span_list(false)
        .flatten_event(true)
        // CloudWatch adds the time.
        .without_time()
        .finish()
        .with(targets(level))
}

fn targets(level: Level) -> Targets {
    let of_dependencies = level.min(Level::WARN);
    Targets::new()
        .with_default(of_dependencies)
        .with_target(concat!(env!("CARGO_CRATE_NAME"), "::"), level)
}

/// Returns the span with the fields that all log lines of a request share. Its level is `error`, since a span below the
/// configured level is missing from every line.
pub(super) fn span(request_id: &str, function: &str) -> Span {
    error_span!("request", request_id, function)
}

/// Logs one line for a request: at `error` with the cause if the server is at fault, else at `info`. The reason of a
/// 4xx is a code with the names of fields; values of the request are never logged.
pub(super) fn write(result: &Result<ApiResponse>, duration: Duration) {
    let status = status_of(result).as_u16();
    let duration_ms = duration.as_secs_f64() * 1000.0;
    match result {
        Ok(_) => tracing::info!(status, duration_ms, "request completed"),
        Err(error) if error.is_ours() => {
            tracing::error!(status, duration_ms, reason = error.code(), %error, "request failed");
        }
        Err(error) => {
            let fields = error
                .fields()
                .map(|it| it.names().collect::<Vec<_>>().join(","));
            tracing::info!(
                status,
                duration_ms,
                reason = error.code(),
                fields,
                "request rejected"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::Instrument;

    use super::*;
    use crate::error::Error;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(level: Level, log: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(level, move || writer.clone());
        tracing::subscriber::with_default(subscriber, log);
        let lines = lines.0.lock().unwrap();
        let lines = std::str::from_utf8(&lines).unwrap().lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn written(level: Level, result: &Result<ApiResponse>) -> Vec<Value> {
        lines(level, || {
            span("r-1", "send-message").in_scope(|| write(result, Duration::from_micros(1500)));
        })
    }

    #[test]
    fn a_successful_request_logs_one_line() {
        let logged = written(Level::INFO, &Ok(ApiResponse::no_content()));
        assert_eq!(
            logged,
            [json!({
                "level": "INFO", "target": "shared::runtime::request_log", "message": "request completed",
                "status": 204, "duration_ms": 1.5,
                "span": { "name": "request", "request_id": "r-1", "function": "send-message" },
            })]
        );
    }

    #[test]
    fn a_rejected_request_logs_codes_and_field_names_only() {
        let error = Error::rejected("chat_room_id", "« secret » n'est pas un choix valide.");
        let logged = written(Level::INFO, &Err(error)).remove(0);
        assert_eq!(
            (&logged["reason"], &logged["fields"], &logged["level"]),
            (
                &json!("rejected_fields"),
                &json!("chat_room_id"),
                &json!("INFO")
            )
        );
        assert!(!logged.to_string().contains("secret"));
        let error = Error::TooManyRequests { retry_after: 3 };
        let logged = written(Level::INFO, &Err(error)).remove(0);
        assert_eq!(logged["reason"], "too_many_requests");
        assert_eq!(logged["fields"], Value::Null);
    }

    #[test]
    fn a_server_error_is_logged_with_its_cause_and_the_request_id() {
        let logged = written(Level::ERROR, &Err(Error::internal("no such column")));
        assert_eq!(logged.len(), 1);
        assert_eq!(logged[0]["level"], "ERROR");
        assert_eq!(logged[0]["error"], "internal: no such column");
        assert_eq!(logged[0]["span"]["request_id"], "r-1");
        let quiet = written(Level::ERROR, &Ok(ApiResponse::no_content()));
        assert!(quiet.is_empty());
    }

    #[test]
    fn dependencies_log_only_warnings_and_errors_at_any_level() {
        let logged = lines(Level::TRACE, || {
            tracing::trace!(target: "lambda_runtime", "body of the event");
            tracing::info!(target: "aws_smithy_runtime", "credentials");
            tracing::debug!(target: "shared_by_somebody_else", "a token");
            tracing::warn!(target: "hyper_util", "connection closed");
            tracing::trace!("ours");
        });
        let messages: Vec<_> = logged.iter().map(|line| &line["message"]).collect();
        assert_eq!(messages, ["connection closed", "ours"]);
        let logged = lines(Level::ERROR, || {
            tracing::warn!(target: "hyper_util", "connection closed");
            tracing::error!(target: "hyper_util", "gone");
        });
        assert_eq!(logged.len(), 1);
    }

    #[test]
    fn an_unconfigured_service_is_not_logged_as_an_error() {
        let error = Error::NotOffered("Le dépôt de photos n'est pas configuré sur ce serveur.");
        let logged = written(Level::INFO, &Err(error)).remove(0);
        assert_eq!(
            (&logged["level"], &logged["reason"]),
            (&json!("INFO"), &json!("not_configured"))
        );
    }

    #[test]
    fn log_lines_of_a_request_have_its_id() {
        let logged = lines(Level::INFO, || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(
                async {
                    tokio::spawn(async { tracing::warn!("after the reply") }.in_current_span())
                        .await
                        .unwrap();
                }
                .instrument(span("r-1", "send-message")),
            );
        });
        assert_eq!(logged[0]["span"]["request_id"], "r-1");
    }
}
