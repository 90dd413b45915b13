use tokio_postgres::types::Type;

use crate::db::{Database, QueryError};

/// Adds the words of up to `limit` new or edited messages to the index of [`search`](super::search), and returns their
/// number, which is 0 only if none is pending. Long messages make it smaller. Concurrent runs take different messages.
///
/// # Errors
/// PostgreSQL does not respond. Then the messages are still pending.
pub async fn index_words(database: &Database, limit: i64) -> Result<i64, QueryError> {
    const SQL: &str = "-- index_words
        SELECT chat_message_search_index($1) AS indexed";
    let row = database.query_one(SQL, &[(&limit, Type::INT8)]).await?;
    Ok(row.get("indexed"))
}
