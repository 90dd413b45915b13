use tokio_postgres::types::Type;

use super::DuePush;
use crate::db::delivery::DeliveryOutcome;
use crate::db::{Database, QueryError};

/// Stores the outcomes of leased pushes, and releases the leases. Messages sent since the lease stay pending.
///
/// A failed push's back-off begins at 10 s, doubles with each failure, and is at least the delay that FCM requested. It
/// goes up to 20 s after an outage, since the circuit breaker adds to it, and up to 400 s if FCM rejects the
/// credentials. Up to half of it is added at random, so that pushes that failed together are not retried together.
///
/// # Errors
/// PostgreSQL does not respond. Then the leases expire, and delivered pushes are sent once more.
pub async fn settle(
    database: &Database,
    outcomes: &[(DuePush, DeliveryOutcome)],
) -> Result<(), QueryError> {
    // The rows are locked first and in order, so that two batches cannot deadlock, and so that messages of concurrent
    // senders are seen. A lease that has passed to another holder is not released.
    const SQL: &str = "-- settle_pushes
        WITH outcome AS (
            SELECT * FROM unnest((SELECT $1::uuid[]), (SELECT $2::text[]), (SELECT $3::bigint[]), (SELECT $4::timestamptz[]),
                                 (SELECT $5::text[]), (SELECT $6::float8[]))
                AS outcome (chat_room_id, token, settled_seq, lease, kind, asked)
        ),
        locked AS MATERIALIZED (
            SELECT outcome.*, push.leased_until = outcome.lease AS is_leased
            FROM chat_pushes AS push
            JOIN outcome ON outcome.chat_room_id = push.chat_room_id AND outcome.token = push.token
            ORDER BY push.chat_room_id, push.token
            FOR UPDATE OF push
        ),
        removed_devices AS (
            DELETE FROM chat_devices WHERE token IN (SELECT token FROM outcome WHERE kind = 'gone')
        ),
        removed AS (
            DELETE FROM chat_pushes AS push USING locked
            WHERE push.chat_room_id = locked.chat_room_id AND push.token = locked.token AND kind = 'gone'
        ),
        settled AS (
            UPDATE chat_pushes AS push
            SET first_seq = greatest(first_seq, settled_seq + 1), attempts = 0,
                leased_until = CASE WHEN NOT is_leased THEN leased_until END
            FROM locked
            WHERE push.chat_room_id = locked.chat_room_id AND push.token = locked.token
              AND kind IN ('delivered', 'superseded', 'dropped')
        )
        UPDATE chat_pushes AS push
        SET attempts = push.attempts + 1, leased_until = NULL,
            push_after = clock_timestamp() + interval '1 second' * greatest(asked,
                least(CASE kind WHEN 'outage' THEN 20 ELSE 400 END, 10 * power(2, least(push.attempts, 6))) * (1 + random() / 2))
        FROM locked
        WHERE push.chat_room_id = locked.chat_room_id AND push.token = locked.token
          AND kind IN ('outage', 'retry') AND is_leased";
    let pushes = || outcomes.iter().map(|(push, _)| push);
    let rooms: Vec<_> = pushes().map(|it| it.room_id).collect();
    let tokens: Vec<_> = pushes().map(|it| it.token.as_str()).collect();
    let seqs: Vec<_> = pushes().map(|it| it.last_seq).collect();
    let leases: Vec<_> = pushes().map(|it| it.lease).collect();
    let kinds: Vec<_> = outcomes.iter().map(|(_, it)| it.kind()).collect();
    let asked: Vec<_> = outcomes.iter().map(|(_, it)| it.seconds_asked()).collect();
    let parameters = [
        (&rooms as _, Type::UUID_ARRAY),
        (&tokens as _, Type::TEXT_ARRAY),
        (&seqs as _, Type::INT8_ARRAY),
        (&leases as _, Type::TIMESTAMPTZ_ARRAY),
        (&kinds as _, Type::TEXT_ARRAY),
        (&asked as _, Type::FLOAT8_ARRAY),
    ];
    database.query(SQL, &parameters).await?;
    Ok(())
}
