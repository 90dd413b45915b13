//! Applying the migrations of `migrations/`, which are compiled in.

use std::collections::HashSet;

use refinery::Migration;
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

/// Brings the schema up to date, each migration in a transaction of its own. Of two runs at once one waits for the
/// other and finds nothing to do.
///
/// A schema that is ahead of this code is left as it is: that is what a deployment that is rolled back finds, and old
/// functions work on the new schema.
///
/// It needs a session of its own (for the lock), so it goes past PgBouncer in transaction mode: `direct_database_url`.
///
/// # Errors
/// The database cannot be reached; a migration fails (it leaves nothing behind); an applied migration was edited; or
/// one was passed over, because it came with a number lower than that of one that had been applied.
pub async fn migrate(database: &Database) -> Result<Report, BoxError> {
    run(&mut database.dedicated().await?).await
}

/// As [`migrate`], over a connection of one's own.
///
/// # Errors
/// As [`migrate`].
pub async fn run(client: &mut Client) -> Result<Report, BoxError> {
    // Any number will do, if nobody else of this database takes it: "relais" in ASCII.
    const LOCK: i64 = 0x7265_6c61_6973;
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
    let passed_over = passed_over(client).await?;
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

/// Migrations of ours that the database has not had.
async fn passed_over(client: &Client) -> Result<Vec<String>, BoxError> {
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
