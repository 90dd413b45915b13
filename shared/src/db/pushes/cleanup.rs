use tokio_postgres::types::Type;

use super::DuePush;
use crate::db::{Database, QueryError};

/// Deletes expired pushes, for deployments that send none.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn delete_expired(database: &Database) -> Result<(), QueryError> {
    const SQL: &str = "-- delete_expired_pushes
        DELETE FROM chat_pushes WHERE queued_at <= clock_timestamp() - $1 * interval '1 second'";
    let life = DuePush::LIFE.as_secs_f64();
    database.query(SQL, &[(&life, Type::FLOAT8)]).await?;
    Ok(())
}

/// Deletes rows without a pending push that are no longer needed to space out pushes.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn delete_settled(database: &Database) -> Result<(), QueryError> {
    // Rows that a sender has locked are skipped: waiting for one while holding another could deadlock.
    const SQL: &str = "-- delete_settled_pushes
        DELETE FROM chat_pushes AS push USING (
            SELECT chat_room_id, token FROM chat_pushes
            WHERE first_seq > last_seq AND paced_until < now()
            FOR UPDATE SKIP LOCKED
        ) AS settled
        WHERE push.chat_room_id = settled.chat_room_id AND push.token = settled.token";
    database.query(SQL, &[]).await?;
    Ok(())
}
