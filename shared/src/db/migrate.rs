//! Applies the migrations of `migrations/`, which are compiled in.

use std::collections::HashSet;

use refinery::Migration;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Client;

use super::Database;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

mod embedded {
    refinery::embed_migrations!("../migrations");
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// The migrations that this run applied, in order.
    pub applied: Vec<String>,
    /// The schema's version after the run.
    pub version: i32,
}

/// Applies the pending migrations, each in its own transaction. If two runs overlap, the second waits for the first and
/// then has nothing to do.
///
/// A schema that is newer than this code stays unchanged: a rolled-back deployment meets one, and old functions work on
/// the new schema.
///
/// The client needs a session, because of the advisory lock. If PgBouncer pools transactions, connect past it
/// (`direct_database_url`).
///
/// # Errors
/// A migration fails and is rolled back; an applied migration was edited; or a pending migration has a lower number
/// than an applied one.
pub async fn run(client: &mut Client) -> Result<Report, BoxError> {
    // An arbitrary key that nothing else in this database may use: "relais" in ASCII.
    const LOCK: i64 = 0x7265_6c61_6973;
    // A limit set on the role or the database is meant for requests.
    client.batch_execute("SET statement_timeout = 0").await?;
    client
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await?;
    let report = embedded::migrations::runner()
        .set_abort_missing(false)
        .run_async(client)
        .await;
    client
        .execute("SELECT pg_advisory_unlock($1)", &[&LOCK])
        .await?;

    let report = report?;
    // refinery only logs skipped migrations, as it does for a newer schema.
    let passed_over = pending(client).await?;
    if !passed_over.is_empty() {
        return Err(format!("not applied, because a later one was: {passed_over:?}").into());
    }

    let applied = report
        .applied_migrations()
        .iter()
        .map(ToString::to_string)
        .collect();
    Ok(Report {
        applied,
        version: all()
            .iter()
            .map(Migration::version)
            .max()
            .unwrap_or_default(),
    })
}

/// Does the same as [`run`] in a session of `database`. A migration that is still running at `end` is cancelled, so
/// that none outlives its caller.
///
/// # Errors
/// As [`run`], and if `end` has passed.
pub async fn run_until(
    end: Instant,
    database: &Database,
    client: &mut Client,
) -> Result<Report, BoxError> {
    let pid: i32 = client
        .query_one("SELECT pg_backend_pid()", &[])
        .await?
        .get(0);
    if let Ok(result) = timeout_at(end, run(client)).await {
        return result;
    }
    let other = database.dedicated().await?;
    other
        .execute("SELECT pg_cancel_backend($1)", &[&pid])
        .await?;
    Err("the migrations did not end in time; the one under way was cancelled and left nothing behind".into())
}

/// Returns the migrations that are not applied yet, in order.
async fn pending(client: &Client) -> Result<Vec<String>, BoxError> {
    let rows = client
        .query("SELECT version FROM refinery_schema_history", &[])
        .await?;
    let applied: HashSet<i32> = rows.iter().map(|row| row.get("version")).collect();
    Ok(all()
        .iter()
        .filter(|migration| !applied.contains(&migration.version()))
        .map(ToString::to_string)
        .collect())
}

/// Returns all migrations in order.
#[must_use]
pub fn all() -> Vec<Migration> {
    embedded::migrations::runner().get_migrations().clone()
}
