use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, QueryError};

/// The rooms whose ids follow `after`, in the order of the ids.
///
/// # Errors
/// No answer from PostgreSQL.
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

/// Has rooms mirrored anew and whole, as if Firebase had never seen them; answers how many there were. The new
/// revision makes the rules take the write, whatever is there.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn forget(database: &Database, rooms: &[Uuid]) -> Result<usize, QueryError> {
    const SQL: &str = "-- forget_mirror
        UPDATE chat_rooms
        SET revision = revision + 1, mirrored_revision = 0, mirror_attempts = 0, mirror_after = NULL,
            behind_since = coalesce(behind_since, clock_timestamp())
        WHERE id = ANY ($1)
        RETURNING id";
    let forgotten = database.query(SQL, &[(&rooms, Type::UUID_ARRAY)]).await?;
    Ok(forgotten.len())
}

/// As [`forget`], for every room: a few at a time, so that nobody who writes in one has to wait for all.
///
/// # Errors
/// No answer from PostgreSQL; what was forgotten until then stays so.
pub async fn forget_all(database: &Database) -> Result<usize, QueryError> {
    const BATCH: i64 = 500;
    let mut forgotten = 0;
    let mut after = None;
    loop {
        let rooms = rooms_after(database, after, BATCH).await?;
        let Some(last) = rooms.last() else {
            return Ok(forgotten);
        };
        after = Some(*last);
        forgotten += forget(database, &rooms).await?;
    }
}
