use chrono::{DateTime, Utc};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, QueryError};

/// What was said in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// How many messages.
    pub messages: i64,
    /// In how many rooms.
    pub rooms: i64,
}

/// Counts the messages sent since a moment, by all and everywhere.
///
/// The ids of messages begin with the time, so that the primary key finds the newest of all rooms.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn activity_since(
    database: &Database,
    moment: DateTime<Utc>,
) -> Result<Activity, QueryError> {
    const SQL: &str = "-- activity
        SELECT count(*) AS messages, count(DISTINCT chat_room_id) AS rooms FROM chat_messages WHERE id >= $1";
    let row = database
        .query_one(SQL, &[(&first_id_of(moment), Type::UUID)])
        .await?;
    Ok(Activity {
        messages: row.get("messages"),
        rooms: row.get("rooms"),
    })
}

/// The smallest UUID version 7 of a moment: milliseconds, and then nothing but the version and the variant.
pub fn first_id_of(moment: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(moment.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}
