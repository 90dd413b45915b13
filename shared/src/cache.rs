//! Responses cached in Redis (`docs/cache.md`). Nothing is ever invalidated here: PostgreSQL decides whether a cached
//! response is current ([`Statement::run_unless_current`](crate::db::Statement::run_unless_current)).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, AsyncTypedCommands, Client, RedisError};
use ring::digest::{SHA256, digest};
use url::Url;
use uuid::Uuid;

use crate::domain::Viewer;

const RESPONSE_TIMEOUT: Duration = Duration::from_millis(20);

/// Longer than [`RESPONSE_TIMEOUT`], because TLS takes time and no request waits for the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long Redis is not used after a failure.
const COOLDOWN: Duration = Duration::from_secs(5);

/// In seconds. An entry expires because changes to the platform's names and addresses renew no version.
const TIME_TO_LIVE: u64 = 60;

#[derive(Debug)]
pub struct CachedResponse {
    /// The version of the viewer's room list.
    pub version: Uuid,
    pub body: String,
}

/// One viewer's response to one URL. The URL is hashed because it can contain names.
pub struct CacheKey(String);

impl CacheKey {
    #[must_use]
    pub fn new(viewer: Viewer, url: &Url) -> Self {
        let digest = digest(&SHA256, url.as_str().as_bytes());
        Self(format!("relais:response:{}:{digest:?}", viewer.0))
    }
}

pub struct Cache {
    client: Client,
    state: Arc<Mutex<State>>,
}

struct State {
    connection: Option<MultiplexedConnection>,
    /// The earliest time of the next attempt to connect.
    connect_after: Instant,
}

impl Cache {
    /// Creates a cache at a `redis://` or `rediss://` URL. The first request connects.
    ///
    /// # Errors
    /// The URL is not valid. The error does not repeat it, since it can contain a password.
    pub fn open(redis_url: &str) -> Result<Self, &'static str> {
        let client = Client::open(redis_url)
            .map_err(|_| "redis://…, or rediss://… for TLS, was expected")?;
        let state = State {
            connection: None,
            connect_after: Instant::now(),
        };
        Ok(Self {
            client,
            state: Arc::new(Mutex::new(state)),
        })
    }

    /// Connects anew and sends a PING.
    ///
    /// # Errors
    /// Redis cannot be reached, or rejects the credentials. The error is a category without host or password.
    pub async fn ping(&self) -> Result<(), String> {
        let category = |error: RedisError| error.category().to_owned();
        let mut connection = connect(&self.client).await.map_err(category)?;
        connection.ping().await.map(drop).map_err(category)
    }

    /// Returns the cached response, or `None` if there is none or Redis does not respond in time.
    pub async fn get(&self, key: &CacheKey) -> Option<CachedResponse> {
        let get = async |mut connection: MultiplexedConnection| connection.get(&key.0).await;
        let value = self.run(get).await??;
        let (version, body) = value.split_once('\n')?;
        Some(CachedResponse {
            version: version.parse().ok()?,
            body: body.to_owned(),
        })
    }

    /// Caches a response, if Redis responds in time.
    pub async fn put(&self, key: &CacheKey, response: &CachedResponse) {
        let value = format!("{}\n{}", response.version, response.body);
        self.run(async |mut connection| connection.set_ex(&key.0, value, TIME_TO_LIVE).await)
            .await;
    }

    async fn run<T>(
        &self,
        command: impl AsyncFnOnce(MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Option<T> {
        let connection = self.connection()?;
        let result = tokio::time::timeout(RESPONSE_TIMEOUT, command(connection)).await;
        let reason = match result {
            Ok(Ok(value)) => return Some(value),
            Ok(Err(error)) => error.category().to_owned(),
            Err(_) => "no response in time".to_owned(),
        };
        tracing::warn!(reason, "cache not used for {} s", COOLDOWN.as_secs());
        *lock(&self.state) = State {
            connection: None,
            connect_after: Instant::now() + COOLDOWN,
        };
        None
    }

    /// Returns the connection. If there is none, starts to connect for later requests.
    fn connection(&self) -> Option<MultiplexedConnection> {
        let mut state = lock(&self.state);
        if state.connection.is_none() && state.connect_after <= Instant::now() {
            state.connect_after = Instant::now() + COOLDOWN;
            let (client, state) = (self.client.clone(), self.state.clone());
            tokio::spawn(async move {
                match connect(&client).await {
                    Ok(connection) => lock(&state).connection = Some(connection),
                    Err(error) => tracing::warn!(reason = error.category(), "no cache connection"),
                }
            });
        }
        state.connection.clone()
    }
}

async fn connect(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_TIMEOUT));
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
