use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, QueryError};

/// The place of an entry in Firebase: `/inboxes/{user_id}/{room_id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InboxEntry {
    pub user_id: Uuid,
    pub room_id: Uuid,
}

/// Returns those of `entries` whose user is not a participant of the room, or whose room does not exist. The mirror
/// never writes them again, and so never removes them.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn stray_entries(
    database: &Database,
    entries: &[InboxEntry],
) -> Result<Vec<InboxEntry>, QueryError> {
    const SQL: &str = "-- stray_inbox_entries
        SELECT user_id, room_id FROM unnest($1::uuid[], $2::uuid[]) AS entry (user_id, room_id)
        WHERE NOT EXISTS (
            SELECT FROM chat_rooms AS room
            WHERE room.id = entry.room_id AND entry.user_id IN (room.driver_id, room.other_user_id))";
    let users: Vec<_> = entries.iter().map(|entry| entry.user_id).collect();
    let rooms: Vec<_> = entries.iter().map(|entry| entry.room_id).collect();
    let parameters = [
        (&users as _, Type::UUID_ARRAY),
        (&rooms as _, Type::UUID_ARRAY),
    ];
    let rows = database.query(SQL, &parameters).await?;
    Ok(rows
        .iter()
        .map(|row| InboxEntry {
            user_id: row.get("user_id"),
            room_id: row.get("room_id"),
        })
        .collect())
}
