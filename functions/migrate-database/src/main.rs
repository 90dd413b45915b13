//! At deploy time, and in the local stack: brings the schema up to date. Safe to repeat, also twice at once.
//!
//! `template.yaml` has it as a custom resource that the other functions wait for: CloudFormation invokes it before new
//! code takes traffic, and rolls the deployment back if it fails. Every request of CloudFormation gets a response,
//! whatever is wrong with the settings, the secret or the database: without one, the stack waits for the resource's
//! `ServiceTimeout`, and its rollback waits again. An operator may invoke the function with any other event.

use std::time::Duration;

use serde_json::Value;
use shared::config::Settings;
use shared::db::describe;
use shared::db::migrate::{self, Report};
use shared::runtime::{
    App, DeploymentStep, StartError, TimeLeft, retry_start, serve_event_before_start,
};
use tokio::time::Instant;

/// How long a start is repeated: a new role's policy, and a database that resumes, take a while.
const START_BUDGET: Duration = Duration::from_mins(1);

/// What the response to CloudFormation may take, with its retries.
const RESPONSE_BUDGET: Duration = Duration::from_secs(30);

async fn handle(event: Value, time: TimeLeft) -> Result<Option<Report>, StartError> {
    let end = time.before_end(RESPONSE_BUDGET);
    let Some(step) = DeploymentStep::read(&event) else {
        let report = migrate_database(end).await;
        return report.map(Some).map_err(|error| describe(&*error).into());
    };
    if step.is_deletion() {
        // The data outlive the stack.
        step.respond(Ok(())).await?;
        return Ok(None);
    }
    // A task of its own: a panic gets a response too.
    let outcome = match tokio::spawn(migrate_database(end)).await {
        Ok(outcome) => outcome.map_err(|error| describe(&*error)),
        Err(_) => Err("the function panicked; its log says where".to_owned()),
    };
    if let Err(reason) = &outcome {
        tracing::error!(reason, "migration failed");
    }
    step.respond(outcome.as_ref().map(|_| ()).map_err(String::as_str))
        .await?;
    // With an error Lambda would repeat an event that CloudFormation has the response to.
    Ok(outcome.ok())
}

async fn migrate_database(end: Instant) -> Result<Report, StartError> {
    let start_end = end.min(Instant::now() + START_BUDGET);
    // Read anew for each event: an operator may have corrected the secret since the last one.
    let start = || App::start(Settings::SCHEDULE_CONNECT_TIMEOUT);
    let app = retry_start(start_end, start).await?;
    let mut session = retry_start(start_end, || app.database.dedicated()).await?;
    migrate::run_until(end, &app.database, &mut session).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event_before_start(handle).await
}
