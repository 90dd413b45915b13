use tokio_postgres::types::Type;

use crate::db::{Database, QueryError};

/// Closes rooms whose time is up, at most `limit`, and answers how many they were. Nothing can be sent into them since
/// then; from now on Firebase and the indexes have it, too. Two runs at once take different ones.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn close_due(database: &Database, limit: i64) -> Result<usize, QueryError> {
    const SQL: &str = "-- close_rooms
        UPDATE chat_rooms
        SET is_active = false, revision = revision + 1, behind_since = coalesce(behind_since, clock_timestamp())
        WHERE id IN (
            SELECT id FROM chat_rooms
            WHERE is_active AND closes_at <= now()
            ORDER BY closes_at
            LIMIT $1
            FOR NO KEY UPDATE SKIP LOCKED
        )
        RETURNING id";
    let closed = database.query(SQL, &[(&limit, Type::INT8)]).await?;
    Ok(closed.len())
}
