//! The secrets, and reading them again after a rotation.
//!
//! Callers get a parsed [`Secret`] and do not know where it is stored.

mod document;
mod error;
mod secrets_manager;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::Algorithm;
use tokio::time::Instant;

use crate::auth::JwtKey;
use crate::cloudinary::Cloudinary;
use crate::config::SecretSource;
use crate::firebase::ServiceAccount;
use crate::webhooks::WebhookKey;
use document::Document;
use secrets_manager::SecretsManager;

pub use error::SecretError;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The parsed secret. It has no `Debug`, so that it cannot end up in a log.
pub struct Secret {
    /// `postgres://…`, with libpq's `sslmode` and `sslrootcert`.
    pub database_url: String,
    /// The same database without the transaction-mode pooler. Migrations use it, since they need a session.
    pub direct_database_url: Option<String>,
    /// The keys that verify tokens: the current key and, during a rotation, the previous one.
    pub jwt_keys: Vec<JwtKey>,
    /// Signs Firebase's tokens and names the project of the pushes; `None` without mirror and pushes.
    pub service_account: Option<ServiceAccount>,
    /// The response cache's `redis://…` or `rediss://…`; `None` without a cache.
    pub redis_url: Option<String>,
    /// Sign webhooks: the current key and, during a rotation, the previous one. Empty without webhooks.
    pub webhook_keys: Vec<WebhookKey>,
    /// Signs photo uploads; `None` if photos are stored elsewhere.
    pub cloudinary: Option<Cloudinary>,
}

/// The current secret. It is read at the start, and again when a server or a token shows that it may have changed.
pub struct SecretStore {
    source: Source,
    algorithm: Algorithm,
    current: RwLock<Arc<Secret>>,
    read_at: tokio::sync::Mutex<Instant>,
}

enum Source {
    SecretsManager(SecretsManager),
    Environment,
}

impl SecretStore {
    /// The shortest time between two reads. Without it, forged tokens could trigger any number of reads.
    const READ_INTERVAL: Duration = Duration::from_secs(30);

    /// Reads the secret for the first time. Its JWT keys are for `algorithm`.
    ///
    /// # Errors
    /// The secret cannot be read, or a field is missing or invalid; the error names the field.
    pub async fn open(source: SecretSource, algorithm: Algorithm) -> Result<Self, BoxError> {
        let source = match source {
            SecretSource::SecretsManager(id) => {
                Source::SecretsManager(SecretsManager::new(&id, |name| std::env::var(name).ok())?)
            }
            SecretSource::Environment => Source::Environment,
        };
        let secret = read(&source, algorithm).await?;
        Ok(Self::with(source, algorithm, secret))
    }

    fn with(source: Source, algorithm: Algorithm, secret: Secret) -> Self {
        Self {
            source,
            algorithm,
            current: RwLock::new(Arc::new(secret)),
            read_at: tokio::sync::Mutex::new(Instant::now()),
        }
    }

    /// Returns a store whose secret never changes.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn fixed(secret: Secret) -> Self {
        Self::with(Source::Environment, Algorithm::HS256, secret)
    }

    /// Reads the secret of a test's Secrets Manager.
    #[cfg(test)]
    pub(crate) async fn open_at(endpoint: &str) -> Result<Self, BoxError> {
        let source = Source::SecretsManager(SecretsManager::at(endpoint));
        let secret = read(&source, Algorithm::HS256).await?;
        Ok(Self::with(source, Algorithm::HS256, secret))
    }

    /// Returns the current secret.
    pub fn current(&self) -> Arc<Secret> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the secret again because a server or a token did not accept `rejected`, and returns the current secret.
    /// Reads nothing if another task has already done so, if the last read is less than [`Self::READ_INTERVAL`] ago, or
    /// if the secret comes from the environment, which cannot change.
    ///
    /// # Errors
    /// As [`Self::open`]. The current secret stays.
    pub async fn refresh(&self, rejected: &Arc<Secret>) -> Result<Arc<Secret>, BoxError> {
        let mut read_at = self.read_at.lock().await;
        let current = self.current();
        if matches!(self.source, Source::Environment)
            || !Arc::ptr_eq(&current, rejected)
            || read_at.elapsed() < Self::READ_INTERVAL
        {
            return Ok(current);
        }
        // A failed read counts too, so that the next attempt waits for the interval.
        *read_at = Instant::now();
        let fresh = Arc::new(read(&self.source, self.algorithm).await?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        Ok(fresh)
    }
}

async fn read(source: &Source, algorithm: Algorithm) -> Result<Secret, BoxError> {
    let document = match source {
        Source::SecretsManager(secret) => Document::from_json(&secret.read().await?)?,
        Source::Environment => Document::from_environment(|name| std::env::var(name).ok())?,
    };
    Ok(document.parse(algorithm)?)
}
