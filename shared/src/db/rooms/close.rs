use tokio_postgres::types::Type;

use crate::db::{Database, QueryError};

/// Sets the closing time of rooms that were opened while the end of their delivery was being stored: neither
/// transaction could see the other. Only deliveries that ended within the last hour are checked. Returns the number of
/// rooms.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn close_late(database: &Database) -> Result<usize, QueryError> {
    const SQL: &str = "-- close_late_rooms
        WITH late AS (
            SELECT room.id, over.closes_at
            FROM chat_deliveries AS over JOIN chat_rooms AS room ON room.delivery_id = over.delivery_id
            WHERE over.closes_at > now() - interval '1 hour' AND room.is_active AND room.closes_at IS NULL
            ORDER BY room.id
            FOR NO KEY UPDATE OF room SKIP LOCKED
        )
        UPDATE chat_rooms AS room
        SET closes_at = late.closes_at, revision = revision + 1,
            behind_since = coalesce(behind_since, clock_timestamp())
        FROM late WHERE room.id = late.id
        RETURNING room.id";
    Ok(database.query(SQL, &[]).await?.len())
}

/// Closes at most `limit` rooms whose closing time has passed, and returns their number. Sends to these rooms fail from
/// the closing time on; this statement updates the indexes and makes the mirror due. Concurrent runs take different
/// rooms.
///
/// # Errors
/// PostgreSQL does not respond.
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
