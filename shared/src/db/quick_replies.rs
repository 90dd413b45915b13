//! Reads the quick replies.

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::conditions::{is_open, last_event, user_language};
use super::{Database, viewer};
use crate::domain::{Language, QuickReplies, QuickReply, Viewer};
use crate::error::{Error, Result};

/// Returns what the viewer is likely to say in the room now: by the types of both participants and the delivery's last
/// event. The texts are in the viewer's language or, if the platform does not know it, in `fallback`. A closed room has
/// none.
///
/// # Errors
/// [`Error::NotFound`] if the room does not exist or the viewer is not a participant; 401 for an unknown or inactive
/// viewer; 503 if PostgreSQL does not respond.
pub async fn list(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    fallback: Language,
) -> Result<QuickReplies> {
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&room_id as _, Type::UUID),
        (&fallback.as_str() as _, Type::TEXT),
    ];
    let rows = database.query(SQL, &parameters).await?;
    let row = rows
        .first()
        .ok_or(Error::internal("list_quick_replies: no row"))?;
    viewer::check(row)?;
    if !row.get::<_, bool>("found") {
        return Err(Error::NotFound);
    }
    let reply = |row: &tokio_postgres::Row| {
        Some(QuickReply {
            key: row.get::<_, Option<String>>("key")?,
            text: row.get("text"),
        })
    };
    Ok(QuickReplies {
        language: row.get("language"),
        event: row.get("event"),
        results: rows.iter().filter_map(reply).collect(),
    })
}

/// A participant whom the platform has deleted counts as what the room's type suggests.
const SQL: &str = concat!(
    "-- list_quick_replies
    WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
    room AS (
        SELECT room.driver_id = $1 AS is_drivers, ",
    is_open!("room."),
    " AS is_open,
               coalesce((SELECT user_type::text FROM users WHERE id = room.other_user_id),
                        CASE room.room_type WHEN 'support' THEN 'admin' ELSE 'client' END) AS other_user_type, ",
    last_event!("room.delivery_id"),
    " AS event
        FROM chat_rooms AS room
        WHERE room.id = $2 AND $1 IN (room.driver_id, room.other_user_id) AND (SELECT is_active FROM viewer)
    ),
    chosen AS MATERIALIZED (SELECT ",
    user_language!("$1", "$3"),
    " AS language)
    SELECT (SELECT is_active FROM viewer) AS viewer_is_active, room.is_drivers IS NOT NULL AS found,
           chosen.language, room.event, reply.key,
           CASE chosen.language WHEN 'en' THEN reply.text_en ELSE reply.text_fr END AS text
    FROM chosen
    LEFT JOIN room ON true
    LEFT JOIN chat_quick_replies AS reply
      ON room.is_open
     AND CASE WHEN room.is_drivers THEN 'driver' ELSE room.other_user_type END = ANY (reply.senders)
     AND CASE WHEN room.is_drivers THEN room.other_user_type ELSE 'driver' END = ANY (reply.recipients)
     AND coalesce(room.event, 'none') = ANY (reply.events)
    ORDER BY reply.position, reply.key"
);
