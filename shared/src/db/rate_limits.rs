//! Rate limits per user as token buckets (`V0015__person_limits.sql`), for use inside the statements that they limit.

use tokio_postgres::Row;

use crate::error::Error;

/// The number of runs if the snapshot does not show why a statement was rejected: a concurrent request took the last
/// token after it. The next snapshot shows it.
pub(super) const ATTEMPTS: usize = 3;

/// The CTE `token`, which takes one token of the caller (`$1`) if `$from` has a row. `$every` and `$slack` are the
/// parameters of [`RateLimit::seconds_per_token`] and [`RateLimit::seconds_of_slack`]. If `$every` is null, there is no
/// limit, and nothing is written.
///
/// [`RateLimit::seconds_per_token`]: crate::domain::RateLimit::seconds_per_token
/// [`RateLimit::seconds_of_slack`]: crate::domain::RateLimit::seconds_of_slack
macro_rules! token_cte {
    ($kind:literal, $every:literal, $slack:literal, $from:literal) => {
        concat!(
            "token AS (
        INSERT INTO chat_rate_limits AS bucket (user_id, kind, full_at)
        SELECT $1, '",
            $kind,
            "', clock_timestamp() + make_interval(secs => ",
            $every,
            ")
        FROM ",
            $from,
            " WHERE ",
            $every,
            " IS NOT NULL
        ON CONFLICT (user_id, kind) DO UPDATE
        SET full_at = greatest(bucket.full_at, clock_timestamp()) + make_interval(secs => ",
            $every,
            ")
        WHERE bucket.full_at <= clock_timestamp() + make_interval(secs => ",
            $slack,
            ")
        RETURNING user_id
    )"
        )
    };
}

/// Whether the statement may proceed: there is no limit, or a token was taken.
macro_rules! has_token {
    ($every:literal) => {
        concat!("(", $every, " IS NULL OR EXISTS (SELECT FROM token))")
    };
}

/// The column `wait`: the seconds until the bucket has a token, according to the snapshot.
macro_rules! wait_column {
    ($kind:literal, $slack:literal) => {
        concat!(
            "(SELECT ceil(extract(epoch FROM full_at - make_interval(secs => ",
            $slack,
            ") - clock_timestamp()))::bigint
            FROM chat_rate_limits WHERE user_id = $1 AND kind = '",
            $kind,
            "') AS wait"
        )
    };
}

pub(super) use {has_token, token_cte, wait_column};

/// Returns [`Error::TooManyRequests`] if the row's `wait` is positive.
pub(super) fn check_wait(row: &Row) -> Result<(), Error> {
    let wait = row.get::<_, Option<i64>>("wait").unwrap_or_default();
    match u64::try_from(wait) {
        Ok(retry_after @ 1..) => Err(Error::TooManyRequests { retry_after }),
        _ => Ok(()),
    }
}
