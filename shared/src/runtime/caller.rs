use std::future::Future;

use lambda_http::http::HeaderMap;

use crate::auth::{authenticate, authenticate_platform};
use crate::db::{Database, viewer};
use crate::domain::{Platform, Viewer};
use crate::error::{Result, Unauthorized};

/// Whom an endpoint is for: a handler names it by the type of its second parameter.
pub trait Caller: Copy + Send + Sync + 'static {
    /// Who sends these headers, by a token signed with one of `secrets`.
    ///
    /// # Errors
    /// See [`Unauthorized`].
    fn authenticate<'a>(
        headers: &HeaderMap,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Unauthorized>;

    /// Asks the database for the caller alone, for requests that need no other statement.
    ///
    /// # Errors
    /// An unknown or inactive caller, or no answer from PostgreSQL.
    fn require(self, database: &Database) -> impl Future<Output = Result<()>> + Send;
}

impl Caller for Viewer {
    fn authenticate<'a>(
        headers: &HeaderMap,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Unauthorized> {
        authenticate(headers, secrets)
    }

    async fn require(self, database: &Database) -> Result<()> {
        viewer::require(database, self).await
    }
}

/// It is no user: its token is all that there is to know.
impl Caller for Platform {
    fn authenticate<'a>(
        headers: &HeaderMap,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Unauthorized> {
        authenticate_platform(headers, secrets)
    }

    async fn require(self, _: &Database) -> Result<()> {
        Ok(())
    }
}
