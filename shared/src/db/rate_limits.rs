//! Token buckets of one person (`V0015__person_limits.sql`), as parts of the statements that they limit.

use tokio_postgres::Row;

use crate::error::Error;

/// How often a statement runs if its snapshot does not show why it was rejected: another request took the last token
/// after the snapshot. The next snapshot shows it.
pub(super) const ATTEMPTS: usize = 3;

/// The CTE `token`: takes one of the caller (`$1`) if `$from` has a row. `$every` and `$slack` are the parameters
/// of [`RateLimit::seconds_per_token`] and [`RateLimit::seconds_of_slack`]; if `$every` is null there is no limit, and
/// nothing is written.
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

/// Whether the statement may go on: there is no limit, or a token was taken.
macro_rules! has_token {
    ($every:literal) => {
        concat!("(", $every, " IS NULL OR EXISTS (SELECT FROM token))")
    };
}

/// The column `wait`: the seconds until the bucket has a token, as the statement's snapshot shows it.
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

/// Returns [`Error::TooManyRequests`] if the row's `wait` says how long.
pub(super) fn check_wait(row: &Row) -> Result<(), Error> {
    let wait = row.get::<_, Option<i64>>("wait").unwrap_or_default();
    match u64::try_from(wait) {
        Ok(retry_after @ 1..) => Err(Error::TooManyRequests { retry_after }),
        _ => Ok(()),
    }
}
