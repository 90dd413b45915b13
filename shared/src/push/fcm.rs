use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Response;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::fcm_error::FcmError;
use super::message::message;
use crate::db::pushes::Notice;
use crate::firebase::{Access, FirebaseError};
use crate::http_client::{HttpClient, retry_after};
use crate::secret::SecretStore;

/// Why a device was not notified.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// FCM or Google's token endpoint does not respond, or rejects the service account. The push may have been sent.
    #[error(transparent)]
    Unavailable(#[from] FirebaseError),
    /// FCM responded with an error.
    #[error("responded with {} {}", .0.status, .0.code)]
    Rejected(FcmError),
}

/// A client of Firebase Cloud Messaging's HTTP v1 interface.
///
/// Source: firebase.google.com/docs/cloud-messaging/send/v1-api.
pub struct Fcm {
    client: Arc<HttpClient>,
    access: Access,
    secrets: Arc<SecretStore>,
    base: Url,
}

impl Fcm {
    /// The time limit of one push, including a new access token and a second attempt.
    pub const TIMEOUT: Duration = Duration::from_secs(20);
    /// The time limit of one request, which Google recommends as the minimum.
    const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
    const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

    /// Creates a client for FCM at `base`.
    pub fn new(base: Url, secrets: Arc<SecretStore>, client: Arc<HttpClient>) -> Self {
        let access = Access::new(client.clone(), secrets.clone(), Self::SCOPE);
        Self {
            client,
            access,
            secrets,
            base,
        }
    }

    /// Notifies a device of a message. FCM keeps the notification for an offline device until `expires_at`. If the
    /// access token is rejected, retries once with a new one.
    ///
    /// # Errors
    /// See [`PushError`].
    pub async fn push(
        &self,
        token: &str,
        room_id: Uuid,
        notice: &Notice,
        expires_at: DateTime<Utc>,
    ) -> Result<(), PushError> {
        let body = message(token, room_id, notice, expires_at, Utc::now());
        let attempts = async {
            let access_token = self.access.token().await?;
            match self.post(&access_token, &body).await {
                Err(PushError::Rejected(error)) if error.is_unauthenticated() => {
                    self.access.reject(&access_token).await;
                    self.post(&self.access.token().await?, &body).await
                }
                result => result,
            }
        };
        tokio::time::timeout(Self::TIMEOUT, attempts)
            .await
            .unwrap_or_else(|_| {
                Err(FirebaseError::Unreachable("it took too long".to_owned()).into())
            })
    }

    /// Has FCM validate a message to a device that does not exist, without sending it. Returns the response with any
    /// status.
    ///
    /// # Errors
    /// No response, or no access token.
    pub async fn dry_run(&self) -> Result<Response, FirebaseError> {
        let message =
            json!({ "token": "preflight: not a device", "data": { "type": "preflight" } });
        let body = json!({ "validate_only": true, "message": message });
        self.send(&self.access.token().await?, &body).await
    }

    async fn send(&self, access_token: &str, body: &Value) -> Result<Response, FirebaseError> {
        self.client
            .get()
            .post(self.url()?)
            .timeout(Self::REQUEST_TIMEOUT)
            .bearer_auth(access_token)
            .json(body)
            .send()
            .await
            .map_err(FirebaseError::unreachable)
    }

    async fn post(&self, access_token: &str, body: &Value) -> Result<(), PushError> {
        let response = self.send(access_token, body).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let retry_after = retry_after(&response);
        // If the body is incomplete, the status is sufficient.
        let body = response.bytes().await.unwrap_or_default();
        let error = FcmError::read(status.as_u16(), retry_after, &body);
        Err(PushError::Rejected(error))
    }

    /// The project is the service account's and may change with a rotation.
    fn url(&self) -> Result<Url, FirebaseError> {
        let secret = self.secrets.current();
        let account = secret.service_account.as_ref();
        let project_id = &account.ok_or(FirebaseError::NoServiceAccount)?.project_id;
        let mut url = self.base.clone();
        url.set_path(&format!("v1/projects/{project_id}/messages:send"));
        Ok(url)
    }
}
