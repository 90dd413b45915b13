use std::future::Future;

use lambda_http::http::HeaderMap;

use crate::auth::{JwtKey, Rejection, TokenRules, authenticate, authenticate_platform};
use crate::db::{Database, viewer};
use crate::domain::{Platform, Viewer};
use crate::error::{Result, Unauthorized};
use crate::secret::SecretStore;

/// Whom an endpoint is for: a handler names it by the type of its second parameter.
pub trait Caller: Copy + Send + Sync + 'static {
    /// Authenticates the caller by a token that one of `keys` has signed.
    ///
    /// # Errors
    /// See [`Rejection`].
    fn authenticate(
        headers: &HeaderMap,
        rules: &TokenRules,
        keys: &[JwtKey],
    ) -> Result<Self, Rejection>;

    /// Asks the database for the caller alone, for requests that need no other statement.
    ///
    /// # Errors
    /// An unknown or inactive caller, or no answer from PostgreSQL.
    fn require(self, database: &Database) -> impl Future<Output = Result<()>> + Send;
}

/// Authenticates the caller. If none of the known keys has signed the token, reads the secret again, which may have been
/// rotated; an expired token is no reason to.
pub(super) async fn authenticate_request<C: Caller>(
    headers: &HeaderMap,
    rules: &TokenRules,
    secrets: &SecretStore,
) -> Result<C, Unauthorized> {
    let secret = secrets.current();
    match C::authenticate(headers, rules, &secret.jwt_keys) {
        Err(Rejection::UnknownKey) => {
            let fresh = secrets.refresh(&secret).await.unwrap_or_else(|error| {
                tracing::error!(%error, "secret cannot be read again, the old one stays in force");
                secrets.current()
            });
            Ok(C::authenticate(headers, rules, &fresh.jwt_keys)?)
        }
        result => Ok(result?),
    }
}

impl Caller for Viewer {
    fn authenticate(
        headers: &HeaderMap,
        rules: &TokenRules,
        keys: &[JwtKey],
    ) -> Result<Self, Rejection> {
        authenticate(headers, rules, keys)
    }

    async fn require(self, database: &Database) -> Result<()> {
        viewer::require(database, self).await
    }
}

/// It is no user: its token is all that there is to know.
impl Caller for Platform {
    fn authenticate(
        headers: &HeaderMap,
        rules: &TokenRules,
        keys: &[JwtKey],
    ) -> Result<Self, Rejection> {
        authenticate_platform(headers, rules, keys)
    }

    async fn require(self, _: &Database) -> Result<()> {
        Ok(())
    }
}
