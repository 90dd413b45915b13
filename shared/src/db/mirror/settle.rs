use tokio_postgres::types::Type;

use super::RoomState;
use crate::db::delivery::DeliveryOutcome;
use crate::db::{Database, QueryError};

/// Stores the outcomes of leased rooms, and releases the leases. Returns how long Firebase was behind on the delivered
/// rooms, in milliseconds.
///
/// A failed room's back-off doubles with each consecutive failure, and is at least the delay that Firebase requested.
/// It goes from 1 s to 8 s after an outage, since the circuit breaker adds to it, and up to a minute if Firebase
/// rejects the room. It is random within a factor of two, so that rooms that failed together are not retried together.
///
/// # Errors
/// PostgreSQL does not respond. Then the leases expire, and the rooms are written once more.
pub async fn settle(
    database: &Database,
    outcomes: &[(RoomState, DeliveryOutcome)],
) -> Result<Vec<f64>, QueryError> {
    // A state that was read before its room was reset (`repair.rs`) is incomplete and acknowledges nothing. A lease
    // that has passed to another holder is not released. The arrays stand in subqueries, so that the statement is not planned
    // for each execution.
    const SQL: &str = "-- settle_mirrors
        WITH outcome AS (
            SELECT * FROM unnest((SELECT $1::uuid[]), (SELECT $2::bigint[]), (SELECT $3::bigint[]), (SELECT $4::timestamptz[]),
                                 (SELECT $5::timestamptz[]), (SELECT $6::text[]), (SELECT $7::float8[]))
                AS outcome (id, state_revision, base_revision, read_at, lease, kind, asked)
        ),
        locked AS MATERIALIZED (
            SELECT outcome.*, room.mirror_leased_until = outcome.lease AS is_leased,
                   kind IN ('delivered', 'superseded') AS is_there, room.behind_since AS was_behind_since,
                   CASE WHEN kind IN ('delivered', 'superseded') AND mirrored_revision >= base_revision
                        THEN greatest(mirrored_revision, state_revision) ELSE mirrored_revision END AS mirrored
            FROM chat_rooms AS room JOIN outcome ON outcome.id = room.id
            ORDER BY room.id
            FOR NO KEY UPDATE OF room
        )
        UPDATE chat_rooms AS room
        SET mirrored_revision = mirrored,
            mirror_leased_until = CASE WHEN NOT is_leased THEN mirror_leased_until END,
            mirror_attempts = CASE WHEN is_there THEN 0 ELSE mirror_attempts + 1 END,
            mirror_after = CASE WHEN NOT is_there THEN clock_timestamp() + interval '1 second'
                * greatest(asked, least(CASE kind WHEN 'outage' THEN 8 ELSE 60 END, power(2, least(mirror_attempts, 6)))
                                  * (0.5 + random() / 2)) END,
            behind_since = CASE WHEN NOT is_there THEN behind_since WHEN revision > mirrored THEN read_at END
        FROM locked
        WHERE room.id = locked.id AND (is_there OR is_leased)
        RETURNING CASE WHEN is_there AND was_behind_since IS NOT NULL
                       THEN (extract(epoch FROM clock_timestamp() - was_behind_since) * 1000)::float8 END AS lag";
    let states = || outcomes.iter().map(|(state, _)| state);
    let ids: Vec<_> = states().map(|it| it.room.id).collect();
    let revisions: Vec<_> = states().map(|it| it.room.revision).collect();
    let bases: Vec<_> = states().map(|it| it.base_revision).collect();
    let reads: Vec<_> = states().map(|it| it.read_at).collect();
    let leases: Vec<_> = states().map(|it| it.lease).collect();
    let kinds: Vec<_> = outcomes.iter().map(|(_, it)| it.kind()).collect();
    let asked: Vec<_> = outcomes.iter().map(|(_, it)| it.seconds_asked()).collect();
    let parameters = [
        (&ids as _, Type::UUID_ARRAY),
        (&revisions as _, Type::INT8_ARRAY),
        (&bases as _, Type::INT8_ARRAY),
        (&reads as _, Type::TIMESTAMPTZ_ARRAY),
        (&leases as _, Type::TIMESTAMPTZ_ARRAY),
        (&kinds as _, Type::TEXT_ARRAY),
        (&asked as _, Type::FLOAT8_ARRAY),
    ];
    let rows = database.query(SQL, &parameters).await?;
    Ok(rows.iter().filter_map(|row| row.get("lag")).collect())
}
