use super::App;
use crate::cache::{CacheKey, CachedResponse};
use crate::db::Statement;
use crate::domain::Viewer;
use crate::error::{Error, Result};
use crate::http::{ApiResponse, Request};

impl App {
    /// Responds with the cached response if it is current, else with the statement's result, which it caches after the
    /// reply. Either takes one round trip to PostgreSQL. Without a cache, runs the statement as it is.
    ///
    /// # Errors
    /// Those of the statement and of `respond`.
    pub async fn get_or_compute<T>(
        &'static self,
        viewer: Viewer,
        request: &Request,
        statement: Statement<T>,
        respond: impl FnOnce(T) -> Result<ApiResponse>,
    ) -> Result<ApiResponse> {
        let (Some(cache), Some(url)) = (&self.cache, request.url()) else {
            return respond(statement.run(&self.database).await?);
        };
        let key = CacheKey::new(viewer, &url);
        let cached = cache.get(&key).await;
        let known = cached.as_ref().map(|it| it.version);
        match statement.run_unless_current(&self.database, known).await? {
            None => {
                let cached = cached.ok_or_else(|| Error::internal("no rows, and none cached"))?;
                Ok(ApiResponse::cached(cached.body))
            }
            Some((value, version)) => {
                let response = respond(value)?;
                if let Some(version) = version {
                    let body = response.body().to_owned();
                    let fresh = CachedResponse { version, body };
                    self.after_reply
                        .spawn(async move { cache.put(&key, &fresh).await });
                }
                Ok(response)
            }
        }
    }
}
