use tokio_postgres::types::Type;

use super::DuePush;
use crate::db::{Database, QueryError};

/// Forgets the pushes that nobody wants to hear of any more, where none are sent.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn forget_expired(database: &Database) -> Result<(), QueryError> {
    const SQL: &str = "-- forget_expired_pushes
        DELETE FROM chat_pushes WHERE queued_at <= clock_timestamp() - $1 * interval '1 second'";
    let life = DuePush::LIFE.as_secs_f64();
    database.query(SQL, &[(&life, Type::FLOAT8)]).await?;
    Ok(())
}
