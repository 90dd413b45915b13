use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::conditions::is_open;
use crate::db::{Database, viewer};
use crate::domain::Viewer;
use crate::error::Result;

/// What a room is to the viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Participation {
    /// One of their conversations, in which messages may be sent.
    Active,
    /// One of their conversations, closed.
    Inactive,
    /// None of theirs, or no room at all.
    None,
}

/// Whether the viewer takes part in a room.
///
/// # Errors
/// An unknown or inactive viewer, or no answer from PostgreSQL.
pub async fn participation(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
) -> Result<Participation> {
    const SQL: &str = concat!(
        "-- participation
        SELECT (SELECT is_active FROM users WHERE id = $1) AS viewer_is_active,
               (SELECT ",
        is_open!(""),
        " FROM chat_rooms WHERE id = $2 AND $1 IN (driver_id, other_user_id)) AS room_is_open"
    );
    let row = database
        .query_one(SQL, &[(&viewer.0, Type::UUID), (&room_id, Type::UUID)])
        .await?;
    viewer::check(&row)?;
    Ok(match row.get("room_is_open") {
        Some(true) => Participation::Active,
        Some(false) => Participation::Inactive,
        None => Participation::None,
    })
}
