//! Applying the migrations of `migrations/`, which are compiled in.

use std::collections::HashSet;

use refinery::Migration;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Client;

use super::Database;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

mod embedded {
    refinery::embed_migrations!("../migrations");
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// The migrations that this run applied, in order; none where all had been.
    pub applied: Vec<String>,
    /// The version that the schema has now.
    pub version: i32,
}

/// Brings the schema up to date, each migration in a transaction of its own. If two runs overlap, the second waits for
/// the first and finds nothing to do.
///
/// A schema that is ahead of this code is left as it is: a deployment that is rolled back finds it so, and old functions
/// work on the new schema.
///
/// The client has to have a session of its own, because of the lock: past PgBouncer in transaction mode, which is
/// `direct_database_url`.
///
/// # Errors
/// A migration fails (it leaves nothing behind); an applied migration was edited; or one was passed over, because its
/// number is lower than that of one that was applied.
pub async fn run(client: &mut Client) -> Result<Report, BoxError> {
    // Any number will do, if nobody else of this database takes it: "relais" in ASCII.
    const LOCK: i64 = 0x7265_6c61_6973;
    // A role's or a database's own limit is meant for requests.
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
    // What refinery reports of a schema ahead of it, it also reports of this: in the log.
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

/// Like [`run`], on a session of `database`; the migration that is under way at `end` is cancelled, so that none outlives
/// its caller.
///
/// # Errors
/// As [`run`]; the time is up.
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

/// The migrations that the database has not had, in order.
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

/// The migrations, in order.
#[must_use]
pub fn all() -> Vec<Migration> {
    embedded::migrations::runner().get_migrations().clone()
}
