use std::time::Duration;

use tokio_postgres::types::Type;

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

/// Firebase has this state: gives the room back, or keeps it where there is more to mirror and `keep` says so.
///
/// # Errors
/// No answer from PostgreSQL: then the claim ends by itself, and the room is mirrored once more than needed.
pub async fn done(
    database: &Database,
    state: &RoomState,
    keep: bool,
) -> Result<Acknowledged, QueryError> {
    // A state that was read before the room was forgotten (`repair.rs`) says too little: it acknowledges nothing. And a
    // claim that has passed to another mirror meanwhile is that one's to give back.
    const SQL: &str = "-- mirror_done
        WITH acknowledged AS (
            SELECT CASE WHEN mirrored_revision >= $6 THEN greatest(mirrored_revision, $2) ELSE mirrored_revision END AS mirrored
            FROM chat_rooms WHERE id = $1 FOR NO KEY UPDATE
        )
        UPDATE chat_rooms
        SET mirrored_revision = mirrored,
            mirror_claimed_until = CASE
                WHEN mirror_claimed_until = $4 AND NOT ($5 AND revision > mirrored) THEN NULL
                ELSE mirror_claimed_until
            END,
            mirror_attempts = 0, mirror_after = NULL,
            behind_since = CASE WHEN revision > mirrored THEN $7 END
        FROM acknowledged
        WHERE id = $1
        RETURNING revision > mirrored_revision AS more,
                  (extract(epoch FROM clock_timestamp() - $3) * 1000)::float8 AS lag";
    let parameters = [
        (&state.room.id as _, Type::UUID),
        (&state.room.revision as _, Type::INT8),
        (&state.behind_since as _, Type::TIMESTAMPTZ),
        (&state.claim as _, Type::TIMESTAMPTZ),
        (&keep as _, Type::BOOL),
        (&state.base as _, Type::INT8),
        (&state.read_at as _, Type::TIMESTAMPTZ),
    ];
    let row = database.query_one(SQL, &parameters).await?;
    Ok(Acknowledged {
        more: row.get("more"),
        lag: row.get("lag"),
    })
}

/// Firebase does not have it: gives the room back for a later attempt, which waits twice as long after each failure
/// in a row (1 s to 1 min), more or less by chance so that rooms which failed together do not come back together, and
/// at least as long as Firebase has asked for.
///
/// # Errors
/// No answer from PostgreSQL: then the claim ends by itself, and the attempt comes then.
pub async fn failed(
    database: &Database,
    state: &RoomState,
    asked: Option<Duration>,
) -> Result<(), QueryError> {
    const SQL: &str = "-- mirror_failed
        UPDATE chat_rooms
        SET mirror_claimed_until = NULL, mirror_attempts = mirror_attempts + 1,
            mirror_after = clock_timestamp() + interval '1 second'
                * greatest($3, least(60, power(2, least(mirror_attempts, 6))) * (0.5 + random() / 2))
        WHERE id = $1 AND mirror_claimed_until = $2";
    let asked = asked.map(|wait| wait.as_secs_f64());
    let parameters = [
        (&state.room.id as _, Type::UUID),
        (&state.claim as _, Type::TIMESTAMPTZ),
        (&asked as _, Type::FLOAT8),
    ];
    database.query(SQL, &parameters).await?;
    Ok(())
}
