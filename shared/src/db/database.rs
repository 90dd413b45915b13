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

/// How long a connection that served somebody before has to respond. The other end of it may be gone without a sign, and
/// then a new one responds at once. A statement that takes longer for another reason is run again without this limit.
const REUSED_TIMEOUT: Duration = Duration::from_millis(1500);

/// A value and the type that the statement takes it for.
pub type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// PostgreSQL, by a pool that survives the server's restart and the rotation of its password.
pub struct Database {
    secrets: Arc<SecretStore>,
    size: usize,
    statement_cache: Option<bool>,
    pool: RwLock<Opened>,
}

/// A pool and the secret that it was opened with.
#[derive(Clone)]
struct Opened {
    secret: Arc<Secret>,
    pool: Arc<Pool>,
}

impl Database {
    /// Opens the pool; connections are made when they are needed. `statement_cache` says whether statements are
    /// prepared; by default they are where the secret names no second, direct URL, that is, where no pooler is known
    /// of.
    ///
    /// # Errors
    /// The database URL is not valid.
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
    /// [`QUERY_TIMEOUT`] has passed. This is safe because no statement loses or doubles anything if it runs twice: each
    /// finds what its first run has left. What such a second run no longer knows to be new is delivered by the sweep.
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
        match self.opened().pool.get().await {
            Ok(unused) => unused.finish(),
            Err(error) => {
                tracing::warn!(reason = describe(&error), "no connection to PostgreSQL yet");
            }
        }
    }

    /// A connection of one's own, outside the pool and past any pooler: for migrations.
    ///
    /// # Errors
    /// The server cannot be reached, or rejects us.
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
                // The others are as old. The statement is cancelled beside the next attempt.
                opened.pool.close_idle();
                drop(running);
                Err(Failure::Retry(timed_out()))
            }
            Err(_) => {
                // Lambda freezes the environment after the reply: what is not cancelled by then goes on.
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

    /// Reads the secret again after `rejected` was refused; true if there is a new password to try.
    async fn reopen(&self, rejected: &Arc<Secret>) -> bool {
        let mut fresh = self.secrets.refresh(rejected).await;
        if let Ok(known) = &fresh
            && !Arc::ptr_eq(known, rejected)
            && known.database_url == rejected.database_url
        {
            // Somebody has read it since for another reason, and before the rotation.
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
                tracing::error!(%error, "the database's password was rejected and no other is to be had");
                false
            }
        }
    }
}

/// The first time on a connection, a prepared statement takes a round trip more. To prepare it beside the response
/// instead would not save it: Lambda freezes the environment then, and the next request waits for the round trip.
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
