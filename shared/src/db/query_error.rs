use std::time::Duration;

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::error::SqlState;

use super::certificate_error::certificate_error;
use crate::error::Error;

/// The total time that a caller waits for PostgreSQL, over all attempts.
pub(super) const QUERY_TIMEOUT: Duration = Duration::from_secs(8);

/// Why a statement returned no rows. The text names the statement and the server's code but no value; the server's own
/// details may quote rows.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// No connection was available.
    #[error("{statement}: no connection to PostgreSQL: {reason}")]
    Connection { statement: String, reason: String },
    /// The connection was lost during the statement.
    #[error("{statement}: the connection to PostgreSQL was lost")]
    Lost { statement: String },
    /// PostgreSQL did not respond in time.
    #[error("{statement}: no response from PostgreSQL in time")]
    TimedOut { statement: String },
    /// PostgreSQL rejected the statement.
    #[error("{statement}: PostgreSQL returned {code} (constraint {constraint:?}){message}")]
    Rejected {
        statement: String,
        /// The SQLSTATE.
        code: String,
        /// The server's message if its error class quotes no values, else empty.
        message: String,
        /// The violated constraint.
        constraint: Option<String>,
    },
}

impl QueryError {
    /// Returns whether the statement violated this constraint.
    #[must_use]
    pub fn violates(&self, name: &str) -> bool {
        matches!(self, Self::Rejected { constraint: Some(constraint), .. } if constraint == name)
    }
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Rejected { .. } => Self::internal(error),
            _ => Self::unavailable(error),
        }
    }
}

/// How to proceed after a failed attempt.
pub(super) enum Failure {
    /// The server may be back in a moment. Every statement can safely run twice.
    Retry(QueryError),
    /// The password was rejected, and may have been rotated.
    Rejected(QueryError),
    /// Another attempt would fail too.
    Final(QueryError),
}

/// Returns the name in a statement's first line: `-- send_message`.
pub(super) fn name_of(sql: &str) -> String {
    let first_line = sql.trim_start().lines().next().unwrap_or_default();
    first_line.trim_start_matches("--").trim().to_owned()
}

pub(super) fn no_connection(sql: &str, error: &PoolError) -> Failure {
    let described = QueryError::Connection {
        statement: name_of(sql),
        reason: describe(error),
    };
    match error {
        PoolError::Backend(cause) => match cause.code() {
            Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
                Failure::Rejected(described)
            }
            Some(code) if !is_transient(code) => Failure::Final(described),
            None if certificate_error(cause).is_some() => Failure::Final(described),
            _ => Failure::Retry(described),
        },
        PoolError::Timeout(TimeoutType::Create) => Failure::Retry(described),
        _ => Failure::Final(described),
    }
}

pub(super) fn failed(sql: &str, error: &tokio_postgres::Error) -> Failure {
    let statement = name_of(sql);
    match error.as_db_error() {
        None => Failure::Retry(QueryError::Lost { statement }),
        Some(rejection) => {
            let described = QueryError::Rejected {
                statement,
                code: rejection.code().code().to_owned(),
                message: message_without_values(rejection.code(), rejection.message())
                    .map(|message| format!(": {message}"))
                    .unwrap_or_default(),
                constraint: rejection.constraint().map(str::to_owned),
            };
            if is_transient(rejection.code()) || is_stale(rejection.code()) {
                Failure::Retry(described)
            } else {
                Failure::Final(described)
            }
        }
    }
}

/// Returns the server's message if its error class quotes no values, as others do: "invalid input syntax for type uuid:
/// …". The listed classes concern connections, transactions, SQL, resources, operators and the system.
pub(super) fn message_without_values<'a>(code: &SqlState, message: &'a str) -> Option<&'a str> {
    const WITHOUT_VALUES: [&str; 10] = ["08", "0A", "25", "28", "40", "42", "53", "55", "57", "58"];
    let class = code.code().get(..2)?;
    WITHOUT_VALUES.contains(&class).then_some(message)
}

/// Returns whether another attempt may succeed: the server restarts, fails over, is out of connections, or has aborted
/// the transaction in a deadlock.
fn is_transient(code: &SqlState) -> bool {
    code.code().starts_with("08")
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(code)
}

/// Returns whether the server rejected a statement because it was prepared: a migration has changed its result type, or
/// a pooler has assigned a server that does not know it. The statement has not run.
fn is_stale(code: &SqlState) -> bool {
    [
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::DUPLICATE_PSTATEMENT,
    ]
    .contains(code)
}

/// Describes an error without host, user or password.
pub(super) fn describe(error: &PoolError) -> String {
    match error {
        PoolError::Timeout(kind) => format!("time-out ({kind:?})"),
        PoolError::Backend(cause) => match cause.code() {
            Some(code) => format!("SQLSTATE {}", code.code()),
            None => certificate_error(cause).unwrap_or_else(|| cause.to_string()),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_included_only_if_its_class_quotes_no_values() {
        let of = |code| message_without_values(&SqlState::from_code(code), "hunter2");
        for quoting in [
            "22P02", "22007", "23505", "23514", "21000", "54000", "P0001", "XX000", "",
        ] {
            assert_eq!(of(quoting), None, "{quoting}");
        }
        for silent in [
            "42703", "53300", "57P01", "57014", "40P01", "55P03", "08006",
        ] {
            assert_eq!(of(silent), Some("hunter2"), "{silent}");
        }
    }
}
