use tokio_postgres::types::Type;

use super::Shard;
use super::shard::is_of_shard;
use crate::db::delivery::Backlog;
use crate::db::{Database, QueryError};

/// Measures how many rooms of a shard Firebase is behind on, and the age of the oldest change.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn backlog(database: &Database, shard: &Shard) -> Result<Backlog, QueryError> {
    const SQL: &str = concat!(
        "-- mirror_backlog
        SELECT count(*) AS items,
               coalesce(extract(epoch FROM clock_timestamp() - min(behind_since)), 0)::float8 AS age,
               coalesce(extract(epoch FROM
                   min(greatest(mirror_after, mirror_leased_until, mirror_paced_until)) - clock_timestamp()), 0)::float8 AS next_due
        FROM chat_rooms WHERE revision > mirrored_revision AND ",
        is_of_shard!("$1")
    );
    let parameters = [(&shard.buckets() as _, Type::BYTEA)];
    Ok(Backlog::of(&database.query_one(SQL, &parameters).await?))
}
