//! A pool of connections, and the statements running on them.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use deadpool_postgres::{
    ClientWrapper, ConfigConnectImpl, Connect, Manager, ManagerConfig, Object, PoolError,
    RecyclingMethod, Runtime,
};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::cancel::cancel;
use super::connection::Connection;

/// Connections that were idle for longer are replaced. The time is measured by the wall clock, since a monotonic clock
/// may stop while Lambda freezes the environment between requests.
const MAX_IDLE: Duration = Duration::from_mins(1);

/// How long a caller waits for a free connection, and for a new one to open.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);
const CREATE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a cancelled statement may take to end.
const CANCEL_TIMEOUT: Duration = Duration::from_millis(500);

/// PostgreSQL itself ends a statement whose function was killed or frozen and cannot cancel it. One second longer than
/// `QUERY_TIMEOUT`.
const STATEMENT_TIMEOUT: &str = "-c statement_timeout=9s";

/// A pool of connections with the same settings.
pub struct Pool {
    connections: deadpool_postgres::Pool,
    config: Config,
    tls: MakeRustlsConnect,
    last_used: Mutex<SystemTime>,
}

impl Pool {
    /// Creates a pool; connections are opened on demand.
    ///
    /// # Errors
    /// The file of root certificates cannot be read.
    pub fn open(
        connection: &Connection,
        size: usize,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let tls = connection.tls()?;
        let connector = BoundedConnect {
            connect: ConfigConnectImpl { tls: tls.clone() },
            options_rejected: AtomicBool::new(false),
        };
        // Testing the connection would add a round trip to every request.
        let settings = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_connect(connection.config().clone(), connector, settings);
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT_TIMEOUT))
            .create_timeout(Some(CREATE_TIMEOUT))
            .build()?;
        Ok(Self {
            connections,
            config: connection.config().clone(),
            tls,
            last_used: Mutex::new(SystemTime::now()),
        })
    }

    /// Returns an idle connection if it was used within [`MAX_IDLE`], else a new one.
    ///
    /// # Errors
    /// The server cannot be reached or rejects the connection, or all connections stay in use.
    pub async fn get(&self) -> Result<Running<'_>, PoolError> {
        let idle = self.last_used().elapsed();
        if idle.is_ok_and(|idle| idle > MAX_IDLE) {
            self.close_idle();
        }
        let connection = self.connections.get().await?;
        Ok(Running {
            pool: self,
            connection: Some(connection),
        })
    }

    /// Closes the idle connections.
    pub fn close_idle(&self) {
        self.connections.retain(|_, _| false);
    }

    fn last_used(&self) -> std::sync::MutexGuard<'_, SystemTime> {
        self.last_used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the time of the pool's last use, for tests.
    #[cfg(test)]
    pub fn set_last_used(&self, at: SystemTime) {
        *self.last_used() = at;
    }
}

/// A connection on which PostgreSQL may be executing a statement. If it is dropped before [`Running::finish`], the
/// statement is cancelled, so that none outlives its caller.
pub struct Running<'a> {
    pool: &'a Pool,
    connection: Option<Object>,
}

impl Running<'_> {
    pub fn client(&self) -> &ClientWrapper {
        let Some(connection) = &self.connection else {
            unreachable!("whatever takes the connection also takes `self`")
        };
        connection
    }

    /// Returns whether the connection was used before, and so may have died unnoticed.
    pub fn is_reused(&self) -> bool {
        let metrics = self.connection.as_ref().map(Object::metrics);
        metrics.is_some_and(|metrics| metrics.recycle_count > 0)
    }

    /// Returns the connection to the pool after PostgreSQL has responded.
    pub fn finish(mut self) {
        *self.pool.last_used() = SystemTime::now();
        self.connection = None;
    }

    /// Closes the connection instead of returning it to the pool.
    pub fn close(mut self) {
        drop(self.connection.take().map(Object::take));
    }

    /// Cancels the statement and waits until it has ended, for at most [`CANCEL_TIMEOUT`].
    pub async fn cancel(mut self) {
        if let Some(cancelling) = self.start_cancelling() {
            let _ = cancelling.await;
        }
    }

    fn start_cancelling(&mut self) -> Option<JoinHandle<()>> {
        let client = Object::take(self.connection.take()?);
        let (config, tls) = (self.pool.config.clone(), self.pool.tls.clone());
        Some(tokio::spawn(async move {
            match timeout(CANCEL_TIMEOUT, cancel(&client, &config, tls)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "statement not cancelled"),
                Err(_) => tracing::warn!("statement not cancelled in time"),
            }
        }))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.start_cancelling();
    }
}

/// Connects with [`STATEMENT_TIMEOUT`] as a startup option. RDS Proxy and `PgBouncer` reject such options. After the
/// first rejection, connections are opened without it.
struct BoundedConnect {
    connect: ConfigConnectImpl<MakeRustlsConnect>,
    options_rejected: AtomicBool,
}

type Connected = Result<(Client, JoinHandle<()>), Error>;

impl Connect for BoundedConnect {
    fn connect(&self, config: &Config) -> Pin<Box<dyn Future<Output = Connected> + Send + '_>> {
        let config = config.clone();
        Box::pin(async move {
            if config.get_options().is_none() && !self.options_rejected.load(Ordering::Relaxed) {
                let mut bounded = config.clone();
                bounded.options(STATEMENT_TIMEOUT);
                match self.connect.connect(&bounded).await {
                    Err(error) if is_about_options(&error) => {
                        self.options_rejected.store(true, Ordering::Relaxed);
                    }
                    connected => return connected,
                }
            }
            self.connect.connect(&config).await
        })
    }
}

fn is_about_options(error: &Error) -> bool {
    let rejections = [
        &SqlState::FEATURE_NOT_SUPPORTED,
        &SqlState::PROTOCOL_VIOLATION,
    ];
    error.code().is_some_and(|code| rejections.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn backend(pool: &Pool) -> i32 {
        let running = pool.get().await.unwrap();
        let row = running.client().query_one("SELECT pg_backend_pid()", &[]);
        let pid = row.await.unwrap().get(0);
        running.finish();
        pid
    }

    #[tokio::test]
    async fn a_connection_idle_for_over_a_minute_is_replaced() {
        let url = std::env::var("TEST_DATABASE_URL").unwrap();
        let pool = Pool::open(&Connection::parse(&url).unwrap(), 1).unwrap();
        let first = backend(&pool).await;
        pool.set_last_used(SystemTime::now() - Duration::from_secs(59));
        assert_eq!(backend(&pool).await, first);
        pool.set_last_used(SystemTime::now() - Duration::from_secs(61));
        assert_ne!(backend(&pool).await, first);
    }
}
