use chrono::{DateTime, Utc};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, QueryError};

/// The messages in a period, and the rooms that they are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    pub messages: i64,
    pub rooms: i64,
}

/// Counts all messages sent since `since`.
///
/// Message ids begin with the time, so that the primary key finds the newest messages of all rooms.
///
/// # Errors
/// PostgreSQL does not respond.
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

/// Returns the smallest version 7 UUID with this timestamp.
pub fn first_id_of(moment: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(moment.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}
