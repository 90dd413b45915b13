use tokio_postgres::types::Type;
use uuid::Uuid;

use super::RoomState;
use crate::db::{Database, QueryError};

/// What an acknowledgement found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Acknowledged {
    /// The room has changed meanwhile: there is more to mirror.
    pub more: bool,
    /// How long Firebase was behind, in milliseconds.
    pub lag: Option<f64>,
}

/// Firebase has this state: gives the room back.
///
/// # Errors
/// No answer from PostgreSQL: then the claim ends by itself, and the room is mirrored once more than needed.
pub async fn done(database: &Database, state: &RoomState) -> Result<Acknowledged, QueryError> {
    const SQL: &str = "-- mirror_done
        UPDATE chat_rooms
        SET mirrored_revision = greatest(mirrored_revision, $2), mirror_claimed_until = NULL,
            mirror_attempts = 0, mirror_after = NULL,
            behind_since = CASE WHEN revision > greatest(mirrored_revision, $2) THEN clock_timestamp() END
        WHERE id = $1
        RETURNING revision > mirrored_revision AS more,
                  (extract(epoch FROM clock_timestamp() - $3) * 1000)::float8 AS lag";
    let RoomState {
        room, behind_since, ..
    } = state;
    let parameters = [
        (&room.id as _, Type::UUID),
        (&room.revision as _, Type::INT8),
        (behind_since as _, Type::TIMESTAMPTZ),
    ];
    let row = database.query_one(SQL, &parameters).await?;
    Ok(Acknowledged {
        more: row.get("more"),
        lag: row.get("lag"),
    })
}

/// Firebase does not have it: gives the room back for a later attempt, which waits twice as long after each failure
/// in a row (1 s to 1 min), more or less by chance so that rooms which failed together do not come back together.
///
/// # Errors
/// No answer from PostgreSQL: then the claim ends by itself, and the attempt comes then.
pub async fn failed(database: &Database, room_id: Uuid) -> Result<(), QueryError> {
    const SQL: &str = "-- mirror_failed
        UPDATE chat_rooms
        SET mirror_claimed_until = NULL, mirror_attempts = mirror_attempts + 1,
            mirror_after = clock_timestamp()
                + least(60, power(2, least(mirror_attempts, 6))) * (0.5 + random() / 2) * interval '1 second'
        WHERE id = $1";
    database.query(SQL, &[(&room_id, Type::UUID)]).await?;
    Ok(())
}
