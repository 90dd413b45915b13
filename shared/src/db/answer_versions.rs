//! Versions that tell whether a cached response about a user's rooms is still current (`V0010__answer_versions.sql`).
//!
//! A statement with a cacheable result takes the cached version as a parameter. It begins with [`version_of_viewer!`],
//! does its work only if [`unless_known!`] holds, and returns [`version_columns!`].

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::Database;
use crate::db::QueryError;
use crate::domain::Viewer;
use crate::error::Result;

/// The result of a statement for a caller with a cache.
#[derive(Debug)]
pub struct Versioned<T> {
    /// `None` if the cached response is still current.
    pub value: Option<T>,
    /// The version of the value, if it is reliable.
    pub version: Option<i64>,
    /// Whether changes to the viewer's rooms are counted, or soon will be.
    pub is_counted: bool,
    /// Whether the response takes long enough to compute to be worth caching.
    pub is_worth_keeping: bool,
}

impl<T> Versioned<T> {
    /// Reads [`version_columns!`] next to a value.
    pub(super) fn new(row: &Row, known: Option<i64>, value: T) -> Self {
        let version: Option<i64> = row.get("version");
        Self {
            value: Some(value).filter(|_| version.is_none() || version != known),
            version,
            is_counted: row.get("is_counted"),
            is_worth_keeping: false,
        }
    }

    /// Maps the value.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn try_map<U>(self, make: impl FnOnce(T) -> Result<U>) -> Result<Versioned<U>> {
        Ok(Versioned {
            value: self.value.map(make).transpose()?,
            version: self.version,
            is_counted: self.is_counted,
            is_worth_keeping: self.is_worth_keeping,
        })
    }
}

/// The CTE with the version of the viewer `$1`. It is null while a room's closing time has passed but `maintain-rooms`
/// has not closed it yet, since only that step counts the change.
macro_rules! version_of_viewer {
    () => {
        "viewer_version AS MATERIALIZED (
             SELECT CASE WHEN counted_from < now() AND NOT EXISTS (
                        SELECT FROM chat_rooms
                        WHERE is_active AND closes_at <= clock_timestamp() AND $1 IN (driver_id, other_user_id)
                    ) THEN version END AS version
             FROM chat_answer_versions WHERE user_id = $1
         )"
    };
}

/// A condition: nothing is cached, or the cached version `$parameter` is no longer current.
macro_rules! unless_known {
    ($parameter:literal) => {
        concat!(
            "(SELECT version = ",
            $parameter,
            " FROM viewer_version) IS NOT TRUE"
        )
    };
}

/// The columns of [`Versioned`].
macro_rules! version_columns {
    () => {
        "(SELECT version FROM viewer_version) AS version, EXISTS (SELECT FROM viewer_version) AS is_counted"
    };
}

pub(super) use {unless_known, version_columns, version_of_viewer};

/// Starts counting changes to the viewer's rooms.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn count(database: &Database, viewer: Viewer) -> Result<(), QueryError> {
    const SQL: &str = "-- count_answer_versions
        INSERT INTO chat_answer_versions (user_id) VALUES ($1) ON CONFLICT DO NOTHING";
    database.query(SQL, &[(&viewer.0, Type::UUID)]).await?;
    Ok(())
}
