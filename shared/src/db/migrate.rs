//! Applying the migrations of `migrations/`, which are compiled in.

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
/// It needs a session of its own (for the lock), so the URL must not lead through PgBouncer in transaction mode.
///
/// # Errors
/// The database cannot be reached; a migration fails (it leaves nothing behind); or an applied migration was edited.
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
    let report = embedded::migrations::runner().run_async(client).await;
    client
        .execute("SELECT pg_advisory_unlock($1)", &[&LOCK])
        .await?;

    let applied = report?
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

/// The migrations, in order.
#[must_use]
pub fn all() -> Vec<Migration> {
    embedded::migrations::runner().get_migrations().clone()
}
