//! The secrets, and how they are read again after a rotation.

mod document;
mod error;
mod secrets_manager;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::Algorithm;

use crate::auth::JwtKey;
use crate::cloudinary::Cloudinary;
use crate::config::SecretSource;
use crate::firebase::ServiceAccount;
use document::Document;

pub use error::SecretError;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Everything confidential. It has no `Debug`, so that it cannot end up in a log.
pub struct Secret {
    /// `postgres://…`, with libpq's `sslmode` and `sslrootcert`.
    pub database_url: String,
    /// The same database without the pooler in transaction mode, for migrations: they need a session.
    pub direct_database_url: Option<String>,
    /// The keys that verify tokens: the current one and, during a rotation, the previous one.
    pub jwt_keys: Vec<JwtKey>,
    /// Signs Firebase's tokens, and names the project that pushes are sent for; none without mirror and pushes.
    pub service_account: Option<ServiceAccount>,
    /// `redis://…` or `rediss://…`, the cache of responses; none without a cache.
    pub redis_url: Option<String>,
    /// Signs the uploads of photos; none if photos are stored elsewhere.
    pub cloudinary: Option<Cloudinary>,
}

/// The secret in force. Read at the start; read again when a server rejects what it says.
pub struct SecretStore {
    source: SecretSource,
    algorithm: Algorithm,
    current: RwLock<Arc<Secret>>,
    read_at: tokio::sync::Mutex<Instant>,
}

impl SecretStore {
    /// A rejected key is no reason to ask more often: anybody can send forged tokens.
    const SHORTEST_LIFE: Duration = Duration::from_secs(30);

    /// Reads the secret for the first time; its keys are for tokens of `algorithm`.
    ///
    /// # Errors
    /// It cannot be read, or a field is missing or invalid; the error names the field.
    pub async fn open(source: SecretSource, algorithm: Algorithm) -> Result<Self, BoxError> {
        let current = RwLock::new(Arc::new(read(&source, algorithm).await?));
        Ok(Self {
            source,
            algorithm,
            current,
            read_at: tokio::sync::Mutex::new(Instant::now()),
        })
    }

    /// A secret that is given.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn fixed(secret: Secret) -> Self {
        let current = RwLock::new(Arc::new(secret));
        Self {
            source: SecretSource::Environment,
            algorithm: Algorithm::HS256,
            current,
            read_at: tokio::sync::Mutex::new(Instant::now()),
        }
    }

    /// The secret in force.
    pub fn current(&self) -> Arc<Secret> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the secret again, because `rejected` was, and answers what is in force then. Nothing is read where
    /// another task has just done so, and nothing where the secret is the environment's, which cannot change.
    ///
    /// # Errors
    /// As [`SecretStore::open`].
    pub async fn refresh(&self, rejected: &Arc<Secret>) -> Result<Arc<Secret>, BoxError> {
        let mut read_at = self.read_at.lock().await;
        let current = self.current();
        let from_environment = matches!(self.source, SecretSource::Environment);
        if from_environment
            || !Arc::ptr_eq(&current, rejected)
            || read_at.elapsed() < Self::SHORTEST_LIFE
        {
            return Ok(current);
        }
        // Also when this fails: the next attempt waits its turn.
        *read_at = Instant::now();
        let fresh = Arc::new(read(&self.source, self.algorithm).await?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        Ok(fresh)
    }
}

async fn read(source: &SecretSource, algorithm: Algorithm) -> Result<Secret, BoxError> {
    let document = match source {
        SecretSource::Environment => Document::from_environment(|name| std::env::var(name).ok())?,
        SecretSource::SecretsManager(id) => {
            Document::from_json(&secrets_manager::get_secret_value(id).await?)?
        }
    };
    Ok(document.parse(algorithm)?)
}
