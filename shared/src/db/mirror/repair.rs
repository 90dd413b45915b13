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

/// Has a room, or every room, mirrored anew and whole, as if Firebase had never seen it; answers how many. The new
/// revision makes the rules take the write, whatever is there.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn forget(database: &Database, room_id: Option<Uuid>) -> Result<i64, QueryError> {
    const SQL: &str = "-- forget_mirror
        WITH forgotten AS (
            UPDATE chat_rooms
            SET revision = revision + 1, mirrored_revision = 0, mirror_attempts = 0, mirror_after = NULL,
                behind_since = coalesce(behind_since, clock_timestamp())
            WHERE $1 IS NULL OR id = $1
            RETURNING id
        )
        SELECT count(*) FROM forgotten";
    Ok(database
        .query_one(SQL, &[(&room_id, Type::UUID)])
        .await?
        .get("count"))
}
