//! Answers kept in Redis, for people whose list of conversations is long.
//!
//! An answer is kept with a version that PostgreSQL counts up whenever one of the person's rooms changes
//! (`V0010__answer_versions.sql`). Whoever wants to use it asks PostgreSQL, in the same round trip that checks the
//! viewer and would otherwise make the answer, whether that version still holds. So nothing has to be removed from
//! Redis, and whatever Redis does, a kept answer is never older than the rooms.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, AsyncTypedCommands, Client, RedisError, SetExpiry, SetOptions};
use ring::digest::{SHA256, digest};
use url::{Position, Url};

use crate::domain::Viewer;

/// How long Redis has to answer: after that it is as if there were none.
const PATIENCE: Duration = Duration::from_millis(20);

/// How long a connection may take to be made: TLS needs more than that, and nobody waits for it.
const PATIENCE_TO_CONNECT: Duration = Duration::from_secs(2);

/// How long Redis is left alone after it has failed.
const REST: Duration = Duration::from_secs(5);

/// How long an answer is kept, in seconds. The names and addresses in it are the platform's, and no version counts
/// their changes.
const LIFE: u64 = 60;

/// An answer and the version of the person's rooms that it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// As PostgreSQL counts it.
    pub version: i64,
    /// The answer's body.
    pub body: String,
}

/// Redis.
pub struct Cache {
    client: Client,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
enum State {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    Connecting,
    Connected(MultiplexedConnection),
    /// It has failed.
    LeftAlone {
        until: Instant,
    },
}

impl Cache {
    /// Connects anew and has Redis respond.
    ///
    /// # Errors
    /// Redis cannot be reached, or rejects us; a category without host or password.
    pub async fn ping(&self) -> Result<(), String> {
        let category = |error: RedisError| error.category().to_owned();
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE_TO_CONNECT));
        let connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let mut connection = connection.await.map_err(category)?;
        connection.ping().await.map(drop).map_err(category)
    }

    /// A cache at a `redis://` or `rediss://` URL; it connects when it is first asked.
    ///
    /// # Errors
    /// No such URL. The error does not repeat it, since it may hold a password.
    pub fn open(redis_url: &str) -> Result<Self, &'static str> {
        let client = Client::open(redis_url)
            .map_err(|_| "redis://…, or rediss://… for TLS, was expected")?;
        Ok(Self {
            client,
            state: Arc::default(),
        })
    }

    /// What is kept under a name; nothing where Redis does not answer in time.
    pub async fn get(&self, name: &Name) -> Option<Kept> {
        let value: Option<String> = self
            .ask(async |mut connection| connection.get(&name.0).await)
            .await?;
        let value = value?;
        let (version, body) = value.split_once('\n')?;
        Some(Kept {
            version: version.parse().ok()?,
            body: body.to_owned(),
        })
    }

    /// Keeps an answer for a minute.
    pub async fn put(&self, name: &Name, kept: &Kept) {
        let value = format!("{}\n{}", kept.version, kept.body);
        let life = SetOptions::default().with_expiration(SetExpiry::EX(LIFE));
        self.ask(async |mut connection| connection.set_options(&name.0, value, life).await)
            .await;
    }

    /// Asks Redis, within the time it has, and not before there is a connection.
    async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Option<T> {
        let connection = self.connection()?;
        let reason = match tokio::time::timeout(PATIENCE, question(connection)).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => format!("{:?}", error.kind()),
            Err(_) => format!("no answer within {} ms", PATIENCE.as_millis()),
        };
        leave_alone(&self.state, &reason);
        None
    }

    /// The connection; where there is none yet, one is made for the next who asks.
    fn connection(&self) -> Option<MultiplexedConnection> {
        let mut state = lock(&self.state);
        match &*state {
            State::Connected(connection) => return Some(connection.clone()),
            State::Connecting => return None,
            State::LeftAlone { until } if *until > Instant::now() => return None,
            State::LeftAlone { .. } | State::Unknown => {}
        }
        *state = State::Connecting;
        let (client, state) = (self.client.clone(), self.state.clone());
        tokio::spawn(async move {
            // The time-out around it is the only one that counts.
            let settings = AsyncConnectionConfig::new()
                .set_connection_timeout(None)
                .set_response_timeout(None);
            let connecting = client.get_multiplexed_async_connection_with_config(&settings);
            match tokio::time::timeout(PATIENCE_TO_CONNECT, connecting).await {
                Ok(Ok(connection)) => *lock(&state) = State::Connected(connection),
                Ok(Err(error)) => leave_alone(&state, &format!("{:?}", error.kind())),
                Err(_) => leave_alone(&state, "no connection in time"),
            }
        });
        None
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn leave_alone(state: &Mutex<State>, reason: &str) {
    tracing::warn!(reason, "Redis is left alone for {} s", REST.as_secs());
    let until = Instant::now() + REST;
    *lock(state) = State::LeftAlone { until };
}

/// Under what an answer is kept.
#[derive(Debug)]
pub struct Name(String);

impl Name {
    /// One person's answer to one URL, which stands in it as a digest: it may be long, and hold names.
    #[must_use]
    pub fn new(viewer: Viewer, url: &Url) -> Self {
        let mut query: Vec<_> = url.query_pairs().collect();
        // Of several values of one name the last counts, so their order stays.
        query.sort_by(|one, other| one.0.cmp(&other.0));
        let path = &url[..Position::AfterPath];
        let digest = digest(&SHA256, format!("{path}{query:?}").as_bytes());
        let digest = digest
            .as_ref()
            .first_chunk()
            .map_or(0, |bytes| u128::from_be_bytes(*bytes));
        Self(format!("relais:answer:{}:{digest:032x}", viewer.0))
    }
}
