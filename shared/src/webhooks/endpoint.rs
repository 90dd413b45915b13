use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use url::Url;
use uuid::Uuid;

use super::WebhookError;
use crate::config::WebhookSettings;
use crate::domain::Timestamp;
use crate::http_client::{HttpClient, retry_after};
use crate::secret::{Secret, SecretStore};

/// The platform's endpoint for events.
///
/// Source: the specification of Standard Webhooks, standardwebhooks.com.
pub struct Endpoint {
    client: Arc<HttpClient>,
    url: Url,
    secrets: Arc<SecretStore>,
    /// The time limit of one request after a reply. A slower endpoint counts as unavailable there.
    pub(super) prompt: Duration,
}

impl Endpoint {
    /// The time limit of one request.
    pub const TIMEOUT: Duration = Duration::from_secs(10);
    /// A response's body is read so that the connection can be used again, but not for longer than this.
    const DRAIN_TIMEOUT: Duration = Duration::from_millis(50);
    const DRAIN_BYTES: usize = 16 * 1024;

    /// Creates a client of the endpoint.
    pub fn new(
        settings: &WebhookSettings,
        secrets: Arc<SecretStore>,
        client: Arc<HttpClient>,
    ) -> Self {
        Self {
            client,
            url: settings.url.clone(),
            secrets,
            prompt: settings.prompt,
        }
    }

    /// Sends an event with a signature by each key. If the endpoint rejects the signature, the secret is read again,
    /// since it may have been rotated; with a new one the event is sent once more.
    ///
    /// # Errors
    /// The endpoint does not respond with 2xx. Redirects are not followed.
    pub async fn post(&self, id: Uuid, event: &impl Serialize) -> Result<(), WebhookError> {
        let body = serde_json::to_string(event)
            .map_err(|error| WebhookError::Unreachable(error.to_string()))?;
        let secret = self.secrets.current();
        match self.post_signed(id, &body, &secret).await {
            Err(error) if error.is_unauthorized() => match self.secrets.refresh(&secret).await {
                Ok(fresh) if !Arc::ptr_eq(&fresh, &secret) => {
                    self.post_signed(id, &body, &fresh).await
                }
                _ => Err(error),
            },
            result => result,
        }
    }

    /// Sends an event with a signature that is not valid, and returns the status of the response: 2xx shows that the
    /// endpoint does not verify signatures.
    ///
    /// # Errors
    /// The endpoint does not respond.
    pub async fn post_forged(&self, id: Uuid, event: &impl Serialize) -> Result<u16, WebhookError> {
        let body = serde_json::to_string(event)
            .map_err(|error| WebhookError::Unreachable(error.to_string()))?;
        let signature = format!("v1,{}=", "A".repeat(43));
        let response = self.send(id, body, Timestamp::now().0.timestamp(), signature);
        Ok(response.await?.status().as_u16())
    }

    async fn post_signed(&self, id: Uuid, body: &str, secret: &Secret) -> Result<(), WebhookError> {
        if secret.webhook_keys.is_empty() {
            return Err(WebhookError::NoKey);
        }
        let timestamp = Timestamp::now().0.timestamp();
        let (text, keys) = (id.to_string(), secret.webhook_keys.iter());
        let signatures: Vec<_> = keys.map(|key| key.sign(&text, timestamp, body)).collect();
        let response = self
            .send(id, body.to_owned(), timestamp, signatures.join(" "))
            .await?;
        let status = response.status();
        if status.is_success() {
            drain(response).await;
            return Ok(());
        }
        Err(WebhookError::Response {
            status: status.as_u16(),
            retry_after: retry_after(&response),
        })
    }

    async fn send(
        &self,
        id: Uuid,
        body: String,
        timestamp: i64,
        signature: String,
    ) -> Result<Response, WebhookError> {
        let request = self
            .client
            .get()
            .post(self.url.clone())
            .timeout(Self::TIMEOUT)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id.to_string())
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body);
        request.send().await.map_err(unreachable)
    }
}

/// Returns the cause without the URL, which may contain a token.
fn unreachable(error: reqwest::Error) -> WebhookError {
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    WebhookError::Unreachable(reason)
}

/// Reads the body if it is short and there at once. Otherwise the connection is closed.
async fn drain(mut response: Response) {
    let read = async {
        let mut left = Endpoint::DRAIN_BYTES;
        while let Ok(Some(chunk)) = response.chunk().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Endpoint::DRAIN_TIMEOUT, read).await;
}
