use std::time::Duration;

use tokio_postgres::types::Type;

use super::DuePush;
use crate::db::{Database, QueryError};

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// It was told, or there is nothing to tell, or no use in trying again.
    Done,
    /// There is no such device any more.
    Dead,
    /// Later: after a time that FCM has asked for, or after one that grows with each failure.
    Later(Option<Duration>),
}

/// What is left of pushes that were finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Of how many rooms and devices something new was said meanwhile: they come due again after the pause.
    pub moved: i64,
}

/// Writes down what became of pushes. What was said since they were claimed is not finished by it: it comes due after
/// `pause`. A failure waits 10 s at least, and twice as long after each further one, up to 10 minutes; more or less by
/// chance so that pushes which failed together do not come back together.
///
/// # Errors
/// No answer from PostgreSQL: then the claims end by themselves, and what was told is told once more.
pub async fn finish(
    database: &Database,
    pushes: &[(&DuePush, Outcome)],
    pause: Duration,
) -> Result<Finished, QueryError> {
    // The rows are locked first, in their order, so that two batches never wait for each other in a circle, and so that
    // what a sender has changed meanwhile is seen. A claim that has passed to somebody else is not put off.
    const SQL: &str = "-- finish_pushes
        WITH outcome AS (
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::float8[])
                AS outcome (chat_room_id, token, last_seq, claim, kind, asked)
        ),
        held AS MATERIALIZED (
            SELECT push.chat_room_id, push.token, push.push_after = outcome.claim AS is_ours,
                   outcome.last_seq AS finished_seq, push.last_seq > outcome.last_seq AS has_more, kind, asked
            FROM chat_pushes AS push
            JOIN outcome ON outcome.chat_room_id = push.chat_room_id AND outcome.token = push.token
            ORDER BY push.chat_room_id, push.token
            FOR UPDATE OF push
        ),
        removed AS (
            DELETE FROM chat_devices WHERE token IN (SELECT token FROM outcome WHERE kind = 'dead')
        ),
        finished AS (
            DELETE FROM chat_pushes AS push USING held
            WHERE push.chat_room_id = held.chat_room_id AND push.token = held.token
              AND (kind = 'dead' OR (kind = 'done' AND NOT has_more))
        ),
        moved AS (
            UPDATE chat_pushes AS push
            SET first_seq = greatest(first_seq, finished_seq + 1), attempts = 0,
                push_after = clock_timestamp() + $7 * interval '1 second'
            FROM held
            WHERE push.chat_room_id = held.chat_room_id AND push.token = held.token AND kind = 'done' AND has_more
            RETURNING 1
        ),
        put_off AS (
            UPDATE chat_pushes AS push
            SET attempts = push.attempts + 1,
                push_after = clock_timestamp() + interval '1 second'
                    * greatest(asked, least(600, 10 * power(2, least(push.attempts, 6)) * (1 + random() / 2)))
            FROM held
            WHERE push.chat_room_id = held.chat_room_id AND push.token = held.token AND kind = 'later' AND is_ours
        )
        SELECT count(*) AS moved FROM moved";
    let rooms: Vec<_> = pushes.iter().map(|(push, _)| push.room_id).collect();
    let tokens: Vec<_> = pushes.iter().map(|(push, _)| push.token.as_str()).collect();
    let seqs: Vec<_> = pushes.iter().map(|(push, _)| push.last_seq).collect();
    let claims: Vec<_> = pushes.iter().map(|(push, _)| push.claim).collect();
    let kinds: Vec<_> = pushes.iter().map(|(_, outcome)| outcome.kind()).collect();
    let asked: Vec<_> = pushes.iter().map(|(_, outcome)| outcome.asked()).collect();
    let row = database
        .query_one(
            SQL,
            &[
                (&rooms, Type::UUID_ARRAY),
                (&tokens, Type::TEXT_ARRAY),
                (&seqs, Type::INT8_ARRAY),
                (&claims, Type::TIMESTAMPTZ_ARRAY),
                (&kinds, Type::TEXT_ARRAY),
                (&asked, Type::FLOAT8_ARRAY),
                (&pause.as_secs_f64(), Type::FLOAT8),
            ],
        )
        .await?;
    Ok(Finished {
        moved: row.get("moved"),
    })
}

impl Outcome {
    fn kind(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Later(_) => "later",
        }
    }

    fn asked(self) -> Option<f64> {
        match self {
            Self::Later(asked) => asked.map(|wait| wait.as_secs_f64()),
            Self::Done | Self::Dead => None,
        }
    }
}
