use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Object, Pool, Timeouts};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::connection::Connection;
use super::query_error::{Failure, PATIENCE, QueryError, describe, failed, name_of, no_connection};
use super::session::Sessions;
use crate::secret::{Secret, SecretStore};

/// How long a connection may be held to prepare a statement: less than whoever needs it next waits for one. The
/// environment may freeze meanwhile, and wake to a connection that is no more.
const PATIENCE_TO_PREPARE: Duration = Duration::from_secs(2);

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
    pool: Pool<Sessions>,
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

    /// Runs a statement and answers its rows.
    ///
    /// A lost connection, or a server that restarts, is met with further attempts while patience lasts. This is safe
    /// because every statement of ours may be run twice without losing or doubling anything: each finds what its first
    /// run has left. What such a second run no longer knows to be new is mirrored by `mirror-rooms`.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn query(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, QueryError> {
        let deadline = Instant::now() + PATIENCE;
        let mut pause = Duration::from_millis(20);
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
                    if Instant::now() + pause >= deadline {
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
        let timed_out = || {
            let statement = name_of(sql);
            Failure::Final(QueryError::TimedOut { statement })
        };
        let connection = match timeout_at(deadline, opened.pool.get()).await {
            Ok(connection) => connection.map_err(|error| no_connection(sql, &error))?,
            Err(_) => return Err(timed_out()),
        };
        let prepared = connection.prepared(sql);
        let answer = async {
            let Some(statement) = &prepared else {
                return connection.query_typed(sql, parameters).await;
            };
            let values: Vec<_> = parameters.iter().map(|(value, _)| *value).collect();
            connection.query(statement, &values).await
        };
        match timeout_at(deadline, answer).await {
            Ok(Ok(rows)) => {
                if prepared.is_none() && self.prepares(&opened.secret) {
                    // The caller does not wait for it; whoever needs this connection next does.
                    let sql = sql.to_owned();
                    let types: Vec<_> = parameters.iter().map(|(_, it)| it.clone()).collect();
                    tokio::spawn(async move {
                        let prepared =
                            timeout(PATIENCE_TO_PREPARE, connection.prepare(sql, &types));
                        if prepared.await.is_err() {
                            drop(Object::take(connection));
                        }
                    });
                }
                Ok(rows)
            }
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
                Err(timed_out())
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

fn open_pool(
    secret: Arc<Secret>,
    size: usize,
) -> Result<Opened, Box<dyn std::error::Error + Send + Sync>> {
    let wait = Some(Duration::from_secs(5));
    let pool = Pool::builder(Sessions(
        Connection::parse(&secret.database_url)?.manager()?,
    ))
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
