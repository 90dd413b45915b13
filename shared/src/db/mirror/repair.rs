use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, QueryError};

/// Returns the rooms with ids after `after`, ordered by id.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn rooms_after(
    database: &Database,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Uuid>, QueryError> {
    const SQL: &str = "-- rooms_after
        SELECT id FROM chat_rooms WHERE $1 IS NULL OR id > $1 ORDER BY id LIMIT $2";
    let rows = database
        .query(SQL, &[(&after, Type::UUID), (&limit, Type::INT8)])
        .await?;
    Ok(rows.iter().map(|row| row.get("id")).collect())
}

/// Marks rooms for a complete write, as if Firebase had none of them, and returns their number. A `mirrored_revision` of
/// -1 distinguishes them from new rooms: they may stand on a shard to which they do not belong. The new revision makes
/// the rules accept the write.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn reset(database: &Database, rooms: &[Uuid]) -> Result<usize, QueryError> {
    const SQL: &str = "-- reset_mirror
        UPDATE chat_rooms
        SET revision = revision + 1, mirrored_revision = -1, mirror_attempts = 0, mirror_after = NULL,
            behind_since = coalesce(behind_since, clock_timestamp())
        WHERE id = ANY ($1)
        RETURNING id";
    let rows = database.query(SQL, &[(&rooms, Type::UUID_ARRAY)]).await?;
    Ok(rows.len())
}

/// Resets every room in small batches, so that senders wait for a few rooms at most.
///
/// # Errors
/// PostgreSQL does not respond. Rooms that were already reset stay so.
pub async fn reset_all(database: &Database) -> Result<usize, QueryError> {
    const BATCH: i64 = 500;
    let mut count = 0;
    let mut after = None;
    loop {
        let rooms = rooms_after(database, after, BATCH).await?;
        let Some(last) = rooms.last() else {
            return Ok(count);
        };
        after = Some(*last);
        count += reset(database, &rooms).await?;
    }
}
