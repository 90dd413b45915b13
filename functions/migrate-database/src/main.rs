//! Runs at deploy time and in the local stack: migrates the schema. Repeated and concurrent runs are safe.
//!
//! In `template.yaml` it is a custom resource on which the other functions depend: CloudFormation invokes it before new
//! code takes traffic, and rolls the deployment back if it fails. Every CloudFormation request gets a response, also if
//! the settings, the secret or the database are invalid. Without a response, the stack waits for the resource's
//! `ServiceTimeout`, and its rollback waits again. An operator may invoke the function with any other event.

use std::time::Duration;

use serde_json::Value;
use shared::config::Settings;
use shared::db::migrate::{self, Report};
use shared::db::{describe, room_list_versions, webhooks};
use shared::runtime::{
    App, DeploymentStep, StartError, TimeLeft, retry_start, serve_event_before_start,
};
use tokio::time::Instant;

/// The time for retries of the start: a new role's policy, or a database that resumes, takes a while.
const START_BUDGET: Duration = Duration::from_mins(1);

/// The time for the response to CloudFormation, with its retries.
const RESPONSE_BUDGET: Duration = Duration::from_secs(30);

async fn handle(event: Value, time: TimeLeft) -> Result<Option<Report>, StartError> {
    let end = time.before_end(RESPONSE_BUDGET);
    let Some(step) = DeploymentStep::read(&event) else {
        let report = migrate_database(end).await;
        return report.map(Some).map_err(|error| describe(&*error).into());
    };
    if step.is_deletion() {
        // The data stay when the stack is deleted.
        step.respond(Ok(())).await?;
        return Ok(None);
    }
    // A separate task, so that a panic also gets a response.
    let outcome = match tokio::spawn(migrate_database(end)).await {
        Ok(outcome) => outcome.map_err(|error| describe(&*error)),
        Err(_) => Err("the function panicked; its log says where".to_owned()),
    };
    if let Err(reason) = &outcome {
        tracing::error!(reason, "migration failed");
    }
    step.respond(outcome.as_ref().map(|_| ()).map_err(String::as_str))
        .await?;
    // An error would make Lambda repeat an event to which CloudFormation already has the response.
    Ok(outcome.ok())
}

async fn migrate_database(end: Instant) -> Result<Report, StartError> {
    let start_end = end.min(Instant::now() + START_BUDGET);
    // Read the secret for each event, because an operator may have corrected it.
    let start = || App::start(Settings::SCHEDULE_CONNECT_TIMEOUT);
    let app = retry_start(start_end, start).await?;
    let mut session = retry_start(start_end, || app.database.dedicated()).await?;
    let report = migrate::run_until(end, &app.database, &mut session).await?;
    room_list_versions::switch(&session, app.cache.is_some()).await?;
    webhooks::switch(&session, app.webhook_endpoint.is_some()).await?;
    Ok(report)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event_before_start(handle).await
}
