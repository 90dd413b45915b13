use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::service_account::unix_seconds;
use super::{FirebaseError, ServiceAccount};
use crate::http_client::HttpClient;
use crate::secret::{Secret, SecretStore};

/// The authorization for Google's services: an OAuth 2 access token of the service account, cached until shortly before
/// it expires.
pub struct Access {
    client: Arc<HttpClient>,
    secrets: Arc<SecretStore>,
    scope: &'static str,
    cached: Mutex<Option<Token>>,
}

#[derive(Clone)]
struct Token {
    value: String,
    renew_at: Instant,
}

impl Access {
    /// A token is renewed this long before it expires.
    const MARGIN: Duration = Duration::from_mins(1);

    /// Creates an authorization for `scope`, a space-separated list of Google's scopes.
    pub fn new(client: Arc<HttpClient>, secrets: Arc<SecretStore>, scope: &'static str) -> Self {
        Self {
            client,
            secrets,
            scope,
            cached: Mutex::new(None),
        }
    }

    /// Returns a token for `Authorization: Bearer`. Of several concurrent callers, one fetches it.
    pub async fn token(&self) -> Result<String, FirebaseError> {
        let mut cached = self.cached.lock().await;
        if let Some(token) = cached
            .as_ref()
            .filter(|token| Instant::now() < token.renew_at)
        {
            return Ok(token.value.clone());
        }
        let token = self.fetch().await?;
        *cached = Some(token.clone());
        Ok(token.value)
    }

    /// Discards a token that the service has rejected, so that the next one is fetched.
    pub async fn reject(&self, rejected: &str) {
        let mut cached = self.cached.lock().await;
        if cached.as_ref().is_some_and(|token| token.value == rejected) {
            *cached = None;
        }
    }

    async fn fetch(&self) -> Result<Token, FirebaseError> {
        let secret = self.secrets.current();
        match exchange(&self.client, &secret, self.scope).await {
            // The key may have been rotated.
            Err(FirebaseError::Key(reason)) => {
                let fresh = self
                    .secrets
                    .refresh(&secret)
                    .await
                    .map_err(|error| FirebaseError::Key(error.to_string()))?;
                if Arc::ptr_eq(&fresh, &secret) {
                    Err(FirebaseError::Key(reason))
                } else {
                    exchange(&self.client, &fresh, self.scope).await
                }
            }
            token => token,
        }
    }
}

/// Exchanges a signed assertion for an access token.
///
/// Source: developers.google.com/identity/protocols/oauth2/service-account, "HTTP/REST".
async fn exchange(
    client: &HttpClient,
    secret: &Secret,
    scope: &str,
) -> Result<Token, FirebaseError> {
    #[derive(Serialize)]
    struct Assertion<'a> {
        iss: &'a str,
        scope: &'a str,
        aud: &'a str,
        iat: u64,
        exp: u64,
    }

    #[derive(Deserialize)]
    struct TokenResponse {
        access_token: String,
        expires_in: u64,
    }

    let account = secret
        .service_account
        .as_ref()
        .ok_or(FirebaseError::NoServiceAccount)?;
    let ServiceAccount {
        client_email,
        token_uri,
        ..
    } = account;
    let now = unix_seconds();
    let assertion = Assertion {
        iss: client_email,
        scope,
        aud: token_uri,
        iat: now,
        exp: now + 3600,
    };
    let signed = account
        .sign(&assertion)
        .map_err(|error| FirebaseError::Key(error.to_string()))?;

    let asked_at = Instant::now();
    let response = client
        .get()
        .post(token_uri)
        .timeout(Duration::from_secs(5))
        .form(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", signed.as_str()),
        ])
        .send()
        .await
        .map_err(FirebaseError::unreachable)?;
    match response.status().as_u16() {
        200 => {
            let token: TokenResponse = response.json().await.map_err(FirebaseError::unreachable)?;
            let life = Duration::from_secs(token.expires_in).saturating_sub(Access::MARGIN);
            Ok(Token {
                value: token.access_token,
                renew_at: asked_at + life,
            })
        }
        // invalid_grant: the key was deleted, or the account.
        status @ (400 | 401) => Err(FirebaseError::Key(format!(
            "Google's token endpoint responded {status}"
        ))),
        _ => Err(FirebaseError::of(&response)),
    }
}
