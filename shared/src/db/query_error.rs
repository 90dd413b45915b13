use std::error::Error as _;
use std::time::Duration;

use deadpool::managed::PoolError;
use rustls::CertificateError;
use tokio_postgres::error::SqlState;

use super::session;
use crate::error::Error;

/// How long a caller waits for PostgreSQL at most, over all attempts.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

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
    /// No answer in time.
    #[error("{statement}: no answer from PostgreSQL within {} s", PATIENCE.as_secs())]
    TimedOut {
        /// The statement's name.
        statement: String,
    },
    /// The server refuses the statement.
    #[error("{statement}: PostgreSQL answered {code} (constraint {constraint:?}): {message}")]
    Refused {
        /// The statement's name.
        statement: String,
        /// SQLSTATE.
        code: String,
        /// The server's message without its details.
        message: String,
        /// The constraint that would not hold.
        constraint: Option<String>,
    },
}

impl QueryError {
    /// Whether it was this constraint that would not hold.
    #[must_use]
    pub fn violates(&self, name: &str) -> bool {
        matches!(self, Self::Refused { constraint: Some(constraint), .. } if constraint == name)
    }
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Refused { .. } => Self::internal(error),
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

pub(super) fn no_connection(sql: &str, error: &PoolError<tokio_postgres::Error>) -> Failure {
    let described = QueryError::Connection {
        statement: name_of(sql),
        reason: describe(error),
    };
    match error {
        PoolError::Backend(cause) => match cause.code() {
            Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
                Failure::Rejected(described)
            }
            Some(code) if !is_passing(code) => Failure::Final(described),
            None if certificate_error(cause).is_some() => Failure::Final(described),
            _ => Failure::Retry(described),
        },
        _ => Failure::Final(described),
    }
}

pub(super) fn failed(sql: &str, error: &tokio_postgres::Error) -> Failure {
    let statement = name_of(sql);
    match error.as_db_error() {
        None => Failure::Retry(QueryError::Lost { statement }),
        Some(refusal) => {
            let described = QueryError::Refused {
                statement,
                code: refusal.code().code().to_owned(),
                message: refusal.message().to_owned(),
                constraint: refusal.constraint().map(str::to_owned),
            };
            if is_passing(refusal.code()) || session::is_stale(refusal.code()) {
                Failure::Retry(described)
            } else {
                Failure::Final(described)
            }
        }
    }
}

/// Server states that end by themselves: a restart, a failover, too many connections for now, a deadlock resolved at
/// our cost.
fn is_passing(code: &SqlState) -> bool {
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

/// In words that name no host, user or password.
pub(super) fn describe(error: &PoolError<tokio_postgres::Error>) -> String {
    match error {
        PoolError::Timeout(kind) => format!("time-out ({kind:?})"),
        PoolError::Backend(cause) => match cause.code() {
            Some(code) => format!("SQLSTATE {}", code.code()),
            None => certificate_error(cause).unwrap_or_else(|| cause.to_string()),
        },
        other => other.to_string(),
    }
}

/// Says what is wrong with the server's certificate and which setting helps.
fn certificate_error(error: &tokio_postgres::Error) -> Option<String> {
    let cause = error.source()?.downcast_ref::<std::io::Error>()?;
    let cause = cause.get_ref()?.downcast_ref::<rustls::Error>()?;
    let rustls::Error::InvalidCertificate(reason) = cause else {
        return None;
    };
    Some(match reason {
        CertificateError::UnknownIssuer => "the certificate's issuer is unknown: sslrootcert must name a PEM file with \
            its root, and with the intermediate certificates that the server does not send; without sslrootcert, the \
            public roots and those of Amazon RDS in AWS_REGION are known"
            .to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is not valid for the host's name".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired".to_owned()
        }
        _ => "the certificate is not valid".to_owned(),
    })
}
