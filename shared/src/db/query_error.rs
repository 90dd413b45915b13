use std::time::Duration;

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::error::SqlState;

use super::certificate_error::certificate_error;
use crate::error::Error;

/// How long a caller waits for PostgreSQL at most, over all attempts.
pub(super) const QUERY_TIMEOUT: Duration = Duration::from_secs(8);

/// Why a statement gave no rows. Its text names the statement and the server's code and never a value: the server's
/// own details may quote rows.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// No connection to be had.
    #[error("{statement}: no connection to PostgreSQL: {reason}")]
    Connection {
        /// The statement's name.
        statement: String,
        /// What was tried.
        reason: String,
    },
    /// The connection ended under the statement, or the server went away.
    #[error("{statement}: the connection to PostgreSQL was lost")]
    Lost {
        /// The statement's name.
        statement: String,
    },
    /// No response in time.
    #[error("{statement}: no response from PostgreSQL in time")]
    TimedOut {
        /// The statement's name.
        statement: String,
    },
    /// The server rejects the statement.
    #[error("{statement}: PostgreSQL answered {code} (constraint {constraint:?}){message}")]
    Rejected {
        /// The statement's name.
        statement: String,
        /// SQLSTATE.
        code: String,
        /// The server's message, if its class of errors quotes no values; else empty.
        message: String,
        /// The constraint that would not hold.
        constraint: Option<String>,
    },
}

impl QueryError {
    /// Whether it was this constraint that would not hold.
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

/// What to do about a failed attempt.
pub(super) enum Failure {
    /// The server may be back in a moment; every statement of ours can be run twice.
    Retry(QueryError),
    /// The password was rejected: it may have been rotated.
    Rejected(QueryError),
    /// No second attempt would end otherwise.
    Final(QueryError),
}

/// The name that a statement opens with: `-- send_message`.
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

/// Returns the server's message if its class of errors quotes no values. PostgreSQL quotes them in others: "invalid
/// input syntax for type uuid: …". These classes speak of connections, transactions, our own SQL, resources, operators
/// and the system.
pub(super) fn message_without_values<'a>(code: &SqlState, message: &'a str) -> Option<&'a str> {
    const WITHOUT_VALUES: [&str; 10] = ["08", "0A", "25", "28", "40", "42", "53", "55", "57", "58"];
    let class = code.code().get(..2)?;
    WITHOUT_VALUES.contains(&class).then_some(message)
}

/// Whether another attempt may succeed: the server restarts or fails over, has no connection left for now, or has
/// resolved a deadlock at our cost.
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

/// Whether the server rejects a statement only because it was prepared: a migration has changed what it returns, or a
/// pooler has handed out a server that does not know it. Nothing of it has run.
fn is_stale(code: &SqlState) -> bool {
    [
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::DUPLICATE_PSTATEMENT,
    ]
    .contains(code)
}

/// In words that name no host, user or password.
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
    fn a_message_is_kept_only_if_its_class_quotes_no_values() {
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
