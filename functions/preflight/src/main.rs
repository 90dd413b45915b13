//! Runs on an operator's request, at the first deployment and after a change of settings: tries each dependency of
//! the chat, and reports what works, what fails, and the remedy. It leaves no data behind: it deletes its writes to
//! Firebase.
//!
//! Event: `{}`, or `{"firebase_web_api_key": "…"}` to try the sign-in of phones too. docs/operations.md says when.

mod auth;
mod clock;
mod fcm;
mod firebase;
mod outside;
mod postgres;
mod report;
mod rules;
mod secret;
mod webhooks;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use shared::config::Settings;
use shared::db::Database;
use shared::runtime::{StartError, TimeLeft, serve_event_before_start};
use shared::secret::SecretStore;

use report::{Check, Report};

#[derive(Deserialize)]
struct Command {
    /// The key in the app's Firebase configuration. It is not secret.
    firebase_web_api_key: Option<String>,
    /// The URL of Identity Toolkit, for tests.
    #[serde(default = "google")]
    identity_toolkit_url: String,
}

fn google() -> String {
    "https://identitytoolkit.googleapis.com".to_owned()
}

/// The timeout of the checks of one service. Services are checked concurrently.
const SERVICE_TIMEOUT: Duration = Duration::from_secs(45);

async fn preflight(event: Value, _: TimeLeft) -> Result<Report, StartError> {
    let command = Command::deserialize(&event)?;
    let (mut checks, opened) = secret::checks().await;
    if let Some((settings, secrets)) = opened {
        checks.extend(Box::pin(services(&settings, &secrets, &command)).await);
    }
    Ok(Report::new(checks))
}

async fn services(
    settings: &Settings,
    secrets: &Arc<SecretStore>,
    command: &Command,
) -> Vec<Check> {
    let (postgres, firebase, auth, fcm, webhooks, cloudinary, redis) = tokio::join!(
        in_time("PostgreSQL", async {
            match Database::open(secrets.clone(), 1, Some(false)) {
                Ok(database) => postgres::checks(&database).await,
                Err(error) => {
                    let fix = "write postgres://user:password@host/database, with reserved characters percent-encoded";
                    vec![Check::failed(
                        "PostgreSQL connection",
                        error.to_string(),
                        fix,
                    )]
                }
            }
        }),
        in_time("Firebase", firebase::checks(settings, secrets)),
        in_time(
            "Firebase Authentication",
            auth::checks(settings, secrets, command)
        ),
        in_time("FCM", fcm::checks(settings, secrets)),
        in_time("Webhooks", webhooks::checks(settings, secrets)),
        in_time("Cloudinary", outside::cloudinary(secrets)),
        in_time("Redis", outside::redis(secrets)),
    );
    [postgres, firebase, auth, fcm, webhooks, cloudinary, redis].concat()
}

async fn in_time(name: &'static str, checks: impl Future<Output = Vec<Check>>) -> Vec<Check> {
    let outcome = tokio::time::timeout(SERVICE_TIMEOUT, checks).await;
    outcome.unwrap_or_else(|_| {
        let detail = format!("timed out after {} s", SERVICE_TIMEOUT.as_secs());
        let fix = "a server accepts the connection but does not respond: check security groups, proxies and paused databases";
        vec![Check::failed(name, detail, fix)]
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event_before_start(preflight).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use report::Status;

    #[tokio::test(start_paused = true)]
    async fn a_service_that_hangs_is_a_failure() {
        let checks = in_time("Redis", std::future::pending()).await;
        assert_eq!(checks[0].status, Status::Failed);
    }
}
