//! Whether an answer about somebody's rooms that a cache has kept still holds (`V0010__answer_versions.sql`).
//!
//! A statement that may be spared its work takes the version that is kept as a parameter, opens with
//! [`version_of_viewer!`], does its work only where [`unless_known!`] holds, and answers [`version_columns!`].

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::Database;
use crate::db::QueryError;
use crate::domain::Viewer;
use crate::error::Result;

/// What a statement answers to somebody with a cache.
#[derive(Debug)]
pub struct Versioned<T> {
    /// What was asked for; nothing where the answer that is kept still holds.
    pub value: Option<T>,
    /// The version that it belongs to, if that can be relied on.
    pub version: Option<i64>,
    /// Whether changes of this person's rooms are counted, or soon will be.
    pub is_counted: bool,
    /// Whether the answer takes long enough to make for keeping it.
    pub is_worth_keeping: bool,
}

impl<T> Versioned<T> {
    /// Reads [`version_columns!`] beside a value.
    pub(super) fn new(row: &Row, known: Option<i64>, value: T) -> Self {
        let version: Option<i64> = row.get("version");
        Self {
            value: Some(value).filter(|_| version.is_none() || version != known),
            version,
            is_counted: row.get("is_counted"),
            is_worth_keeping: false,
        }
    }

    /// The same with the value made into something else.
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

/// The CTE of the viewer's version, `$1` being the viewer. A room that has closed by the clock is counted only when
/// `maintain-rooms` notes it: until then no version can be relied on.
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

/// A condition: what is kept, its version being the parameter `$parameter`, no longer holds, or nothing is.
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

/// Begins to count the changes of the viewer's rooms.
///
/// # Errors
/// No answer from PostgreSQL.
pub async fn count(database: &Database, viewer: Viewer) -> Result<(), QueryError> {
    const SQL: &str = "-- count_answer_versions
        INSERT INTO chat_answer_versions (user_id) VALUES ($1) ON CONFLICT DO NOTHING";
    database.query(SQL, &[(&viewer.0, Type::UUID)]).await?;
    Ok(())
}
