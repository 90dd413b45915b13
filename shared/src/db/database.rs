use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::connection::Connection;
use super::pool::{Pool, Running};
use super::query_error::{
    Failure, QUERY_TIMEOUT, QueryError, describe, failed, name_of, no_connection,
};
use crate::secret::{Secret, SecretStore};

/// How long a reused connection may take to respond. If the other end has silently gone, a new connection responds at
/// once. If the statement is slow for another reason, it runs again on a new connection without this limit.
const REUSED_TIMEOUT: Duration = Duration::from_millis(1500);

/// A value and its parameter type in the statement.
pub type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// A PostgreSQL client whose pool survives server restarts and password rotations.
pub struct Database {
    secrets: Arc<SecretStore>,
    size: usize,
    statement_cache: Option<bool>,
    pool: RwLock<Opened>,
}

/// A pool and the secret with whose password it was opened.
#[derive(Clone)]
struct Opened {
    secret: Arc<Secret>,
    pool: Arc<Pool>,
}

impl Database {
    /// Creates the pool; connections are opened on demand. `statement_cache` sets whether statements are prepared. By
    /// default they are if the secret has no direct URL, which means that no pooler is known.
    ///
    /// # Errors
    /// The database URL is invalid.
    pub fn open(
        secrets: Arc<SecretStore>,
        size: usize,
        statement_cache: Option<bool>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let opened = open_pool(secrets.current(), size)?;
        Ok(Self {
            secrets,
            size,
            statement_cache,
            pool: RwLock::new(opened),
        })
    }

    /// Runs a statement and returns its rows.
    ///
    /// If the connection is lost or silent, or the server restarts or fails over, the statement is run again until
    /// [`QUERY_TIMEOUT`] has passed. This is safe because every statement can run twice without losing or repeating a
    /// change. If the second run cannot tell that a change is new, the sweep delivers it.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn query(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, QueryError> {
        let deadline = Instant::now() + QUERY_TIMEOUT;
        let mut delay = Duration::from_millis(20);
        let mut password_rejected = false;
        loop {
            let opened = self.opened();
            let attempt = self.attempt(&opened, sql, parameters, deadline);
            let failure = match attempt.await {
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
                    if Instant::now() + delay >= deadline {
                        return Err(error);
                    }
                    tracing::warn!(%error, "retrying query");
                    tokio::time::sleep(delay).await;
                    delay = (delay * 2).min(Duration::from_secs(1));
                }
            }
        }
    }

    /// Runs a statement that always returns one row.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn query_one(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Row, QueryError> {
        let mut rows = self.query(sql, parameters).await?;
        rows.pop().ok_or_else(|| QueryError::Rejected {
            statement: name_of(sql),
            code: SqlState::NO_DATA_FOUND.code().to_owned(),
            message: "a row was expected".to_owned(),
            constraint: None,
        })
    }

    /// Opens a connection in advance, so that the first request does not wait for it.
    pub async fn warm_up(&self) {
        match self.opened().pool.get().await {
            Ok(unused) => unused.finish(),
            Err(error) => {
                tracing::warn!(reason = describe(&error), "warm-up connection failed");
            }
        }
    }

    /// Opens a connection outside the pool and past any pooler, for migrations.
    ///
    /// # Errors
    /// The server cannot be reached or rejects the connection.
    pub async fn dedicated(&self) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
        let secret = self.secrets.current();
        let url = secret.direct_database_url.as_ref();
        Connection::parse(url.unwrap_or(&secret.database_url))?
            .connect()
            .await
    }

    async fn attempt(
        &self,
        opened: &Opened,
        sql: &str,
        parameters: &[Parameter<'_>],
        deadline: Instant,
    ) -> Result<Vec<Row>, Failure> {
        let timed_out = || QueryError::TimedOut {
            statement: name_of(sql),
        };
        let running = match timeout_at(deadline, opened.pool.get()).await {
            Ok(running) => running.map_err(|error| no_connection(sql, &error))?,
            Err(_) => return Err(Failure::Final(timed_out())),
        };
        let mut until = deadline;
        if running.is_reused() {
            until = until.min(Instant::now() + REUSED_TIMEOUT);
        }
        let prepares = self.prepares(&opened.secret);
        match timeout_at(until, run(&running, sql, parameters, prepares)).await {
            Ok(Ok(rows)) => {
                running.finish();
                Ok(rows)
            }
            Ok(Err(error)) => {
                let failure = failed(sql, &error);
                if matches!(failure, Failure::Retry(_)) {
                    running.close();
                } else {
                    running.finish();
                }
                Err(failure)
            }
            Err(_) if until < deadline => {
                // The other idle connections may have died too. The statement is cancelled while the next attempt runs.
                opened.pool.close_idle();
                drop(running);
                Err(Failure::Retry(timed_out()))
            }
            Err(_) => {
                // Cancel before the reply: Lambda freezes the environment after it, and the statement would continue.
                running.cancel().await;
                Err(Failure::Final(timed_out()))
            }
        }
    }

    fn prepares(&self, secret: &Secret) -> bool {
        self.statement_cache
            .unwrap_or(secret.direct_database_url.is_none())
    }

    fn opened(&self) -> Opened {
        self.pool
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the secret again after PostgreSQL rejected the password in `rejected`. Returns whether there is a new one.
    async fn reopen(&self, rejected: &Arc<Secret>) -> bool {
        let mut fresh = self.secrets.refresh(rejected).await;
        if let Ok(known) = &fresh
            && !Arc::ptr_eq(known, rejected)
            && known.database_url == rejected.database_url
        {
            // Another task has already read the secret again, but before the rotation.
            fresh = self.secrets.refresh(&known.clone()).await;
        }
        let opened = match fresh {
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
                tracing::error!(%error, "secret not reloaded after a rejected password");
                false
            }
        }
    }
}

/// Runs a statement on a connection. If `prepares` is true, it is prepared first.
///
/// Preparing takes one more round trip the first time on a connection. Preparing it after the response would not save
/// it: Lambda freezes the environment then, and the next request would wait.
async fn run(
    running: &Running<'_>,
    sql: &str,
    parameters: &[Parameter<'_>],
    prepares: bool,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let client = running.client();
    if !prepares {
        return client.query_typed(sql, parameters).await;
    }
    let types: Vec<_> = parameters.iter().map(|(_, it)| it.clone()).collect();
    let values: Vec<_> = parameters.iter().map(|(value, _)| *value).collect();
    let statement = client.prepare_typed_cached(sql, &types).await?;
    client.query(&statement, &values).await
}

fn open_pool(
    secret: Arc<Secret>,
    size: usize,
) -> Result<Opened, Box<dyn std::error::Error + Send + Sync>> {
    let pool = Pool::open(&Connection::parse(&secret.database_url)?, size)?;
    Ok(Opened {
        secret,
        pool: Arc::new(pool),
    })
}
