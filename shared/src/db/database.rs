use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool, PoolError, Runtime, Timeouts};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::connection::Connection;
use crate::error::Error;
use crate::secret::{Secret, SecretStore};

/// A value and the type that the statement takes it for.
pub type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

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
    #[error("{statement}: no answer from PostgreSQL within {} s", Database::PATIENCE.as_secs())]
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

/// PostgreSQL, by a pool that survives the server's restart and the rotation of its password.
pub struct Database {
    secrets: Arc<SecretStore>,
    size: usize,
    pool: RwLock<Opened>,
}

/// A pool and the secret that it was opened with.
#[derive(Clone)]
struct Opened {
    secret: Arc<Secret>,
    pool: Pool,
}

/// What to do about a failed attempt.
enum Failure {
    /// The server may be back in a moment; every statement of ours can be run twice.
    Retry(QueryError),
    /// The password was rejected: it may have been rotated.
    Rejected(QueryError),
    /// No second attempt would end otherwise.
    Final(QueryError),
}

impl Database {
    /// How long a caller waits for PostgreSQL at most, over all attempts.
    const PATIENCE: Duration = Duration::from_secs(8);

    /// Opens the pool; connections are made when they are needed.
    ///
    /// # Errors
    /// The database URL is not valid.
    pub fn open(
        secrets: Arc<SecretStore>,
        size: usize,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let opened = open_pool(secrets.current(), size)?;
        Ok(Self {
            secrets,
            size,
            pool: RwLock::new(opened),
        })
    }

    /// Runs a statement and answers its rows.
    ///
    /// A lost connection, or a server that restarts, is met with further attempts while patience lasts. This is safe
    /// because every statement of ours may be run twice: each finds what its first run has left.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn query(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, QueryError> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(20);
        let mut password_rejected = false;
        loop {
            let opened = self.opened();
            let failure = match self
                .attempt(
                    &opened.pool,
                    sql,
                    parameters,
                    Self::PATIENCE.saturating_sub(started.elapsed()),
                )
                .await
            {
                Ok(rows) => return Ok(rows),
                Err(failure) => failure,
            };
            match failure {
                Failure::Final(error) => return Err(error),
                Failure::Rejected(error) => {
                    if password_rejected || !self.reopen(&opened.secret).await {
                        return Err(error);
                    }
                    password_rejected = true;
                }
                Failure::Retry(error) => {
                    if started.elapsed() + pause >= Self::PATIENCE {
                        return Err(error);
                    }
                    tracing::warn!(%error, "another attempt");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
            }
        }
    }

    /// Runs a statement that answers one row, whatever it finds.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn query_one(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Row, QueryError> {
        let mut rows = self.query(sql, parameters).await?;
        rows.pop().ok_or_else(|| QueryError::Refused {
            statement: name_of(sql),
            code: SqlState::NO_DATA_FOUND.code().to_owned(),
            message: "a row was expected".to_owned(),
            constraint: None,
        })
    }

    /// Makes a connection ahead of the first request, so that the request need not wait for it.
    pub async fn warm_up(&self) {
        if let Err(error) = self.opened().pool.get().await {
            tracing::warn!(reason = describe(&error), "no connection to PostgreSQL yet");
        }
    }

    /// A connection of one's own, outside the pool: for migrations.
    ///
    /// # Errors
    /// The server cannot be reached, or rejects us.
    pub async fn dedicated(&self) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
        Connection::parse(&self.secrets.current().database_url)?
            .connect()
            .await
    }

    async fn attempt(
        &self,
        pool: &Pool,
        sql: &str,
        parameters: &[Parameter<'_>],
        patience: Duration,
    ) -> Result<Vec<Row>, Failure> {
        let connection = pool
            .get()
            .await
            .map_err(|error| no_connection(sql, &error))?;
        match tokio::time::timeout(patience, connection.query_typed(sql, parameters)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => {
                let failure = failed(sql, &error);
                if matches!(failure, Failure::Retry(_)) {
                    drop(Object::take(connection));
                }
                Err(failure)
            }
            Err(_) => {
                // Its answer may still come: this connection must not serve anybody else.
                drop(Object::take(connection));
                Err(Failure::Final(QueryError::TimedOut {
                    statement: name_of(sql),
                }))
            }
        }
    }

    fn opened(&self) -> Opened {
        self.pool
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the secret again after `rejected` was refused; true if there is a new password to try.
    async fn reopen(&self, rejected: &Arc<Secret>) -> bool {
        let opened = match self.secrets.refresh(rejected).await {
            Ok(fresh) if fresh.database_url == rejected.database_url => return false,
            Ok(fresh) => open_pool(fresh, self.size),
            Err(error) => Err(error),
        };
        match opened {
            Ok(opened) => {
                *self.pool.write().unwrap_or_else(PoisonError::into_inner) = opened;
                true
            }
            Err(error) => {
                tracing::error!(%error, "the database's password was rejected and no other is to be had");
                false
            }
        }
    }
}

fn open_pool(
    secret: Arc<Secret>,
    size: usize,
) -> Result<Opened, Box<dyn std::error::Error + Send + Sync>> {
    let wait = Some(Duration::from_secs(5));
    let pool = Pool::builder(Connection::parse(&secret.database_url)?.manager()?)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts {
            wait,
            create: wait,
            recycle: wait,
        })
        .build()?;
    Ok(Opened { secret, pool })
}

/// The name that a statement opens with: `-- send_message`.
fn name_of(sql: &str) -> String {
    let first_line = sql.trim_start().lines().next().unwrap_or_default();
    first_line.trim_start_matches("--").trim().to_owned()
}

fn no_connection(sql: &str, error: &PoolError) -> Failure {
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
            _ => Failure::Retry(described),
        },
        _ => Failure::Final(described),
    }
}

fn failed(sql: &str, error: &tokio_postgres::Error) -> Failure {
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
            if is_passing(refusal.code()) {
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
fn describe(error: &PoolError) -> String {
    match error {
        PoolError::Timeout(kind) => format!("time-out ({kind:?})"),
        PoolError::Backend(cause) => match cause.code() {
            Some(code) => format!("SQLSTATE {}", code.code()),
            None => cause.to_string(),
        },
        other => other.to_string(),
    }
}
