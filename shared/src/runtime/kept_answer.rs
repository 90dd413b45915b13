use super::App;
use crate::cache::{Kept, Name};
use crate::db::answer_versions::{self, Versioned};
use crate::domain::Viewer;
use crate::error::{Error, Result};
use crate::http::{ApiResponse, Request};

impl App {
    /// Answers from the cache where what it keeps for this viewer and URL still holds, and else what `make` makes; to it
    /// goes the version that is kept. Keeping is done once the answer is out.
    ///
    /// # Errors
    /// Those of `make`.
    pub async fn kept_or_made(
        &'static self,
        viewer: Viewer,
        request: &Request,
        make: impl AsyncFnOnce(Option<i64>) -> Result<Versioned<ApiResponse>>,
    ) -> Result<ApiResponse> {
        let place = self
            .cache
            .as_ref()
            .and_then(|cache| Some((cache, Name::new(viewer, &request.url()?))));
        let Some((cache, name)) = place else {
            // Nothing is kept, so nothing can hold.
            return make(None).await?.value.ok_or_else(not_made);
        };
        let kept = cache.get(&name).await;
        let outcome = make(kept.as_ref().map(|kept| kept.version)).await?;
        let Some(answer) = outcome.value else {
            return Ok(ApiResponse::kept(kept.ok_or_else(not_made)?.body));
        };
        if let Some(version) = outcome.version {
            let body = answer.body().to_owned();
            self.after_reply
                .spawn(async move { cache.put(&name, &Kept { version, body }).await });
        } else if outcome.is_worth_keeping && !outcome.is_counted {
            self.after_reply.spawn(async move {
                if let Err(error) = answer_versions::count(&self.database, viewer).await {
                    tracing::warn!(%error, "nothing is kept for this viewer yet");
                }
            });
        }
        Ok(answer)
    }
}

fn not_made() -> Error {
    Error::internal("an answer was taken for kept that is not")
}
