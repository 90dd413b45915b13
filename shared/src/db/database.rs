use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool, Runtime, Timeouts};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::connection::Connection;
use super::query_error::{Failure, PATIENCE, QueryError, describe, failed, name_of, no_connection};
use crate::secret::{Secret, SecretStore};

/// A value and the type that the statement takes it for.
pub type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

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

impl Database {
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
                    PATIENCE.saturating_sub(started.elapsed()),
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
                    if started.elapsed() + pause >= PATIENCE {
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
