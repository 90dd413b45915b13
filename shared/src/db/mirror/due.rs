use std::time::Duration;

use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, QueryError};

/// Rooms that Firebase is behind on, that nobody is mirroring and whose time has come; the longest waiting first.
/// Each is put off by `claim`, so that two sweeps at once take different ones.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn take_due(
    database: &Database,
    claim: Duration,
    limit: i64,
) -> Result<Vec<Uuid>, QueryError> {
    const SQL: &str = "-- take_due_mirrors
        UPDATE chat_rooms SET mirror_after = clock_timestamp() + $1 * interval '1 second'
        WHERE id IN (
            SELECT id FROM chat_rooms
            WHERE revision > mirrored_revision
              AND (mirror_after IS NULL OR mirror_after <= clock_timestamp())
              AND (mirror_claimed_until IS NULL OR mirror_claimed_until < clock_timestamp())
            ORDER BY mirror_after NULLS FIRST
            LIMIT $2
            FOR NO KEY UPDATE SKIP LOCKED
        )
        RETURNING id";
    let rows = database
        .query(
            SQL,
            &[(&claim.as_secs_f64(), Type::FLOAT8), (&limit, Type::INT8)],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("id")).collect())
}

/// How far Firebase is behind as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backlog {
    /// Rooms that it is behind on.
    pub rooms: i64,
    /// For how long on the longest waiting of them, in seconds.
    pub age: f64,
}

/// Measures the backlog.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn backlog(database: &Database) -> Result<Backlog, QueryError> {
    const SQL: &str = "-- mirror_backlog
        SELECT count(*) AS rooms, coalesce(extract(epoch FROM clock_timestamp() - min(behind_since)), 0)::float8 AS age
        FROM chat_rooms WHERE revision > mirrored_revision";
    let row = database.query_one(SQL, &[]).await?;
    Ok(Backlog {
        rooms: row.get("rooms"),
        age: row.get("age"),
    })
}
