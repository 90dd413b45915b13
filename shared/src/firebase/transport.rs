use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Response};
use serde::Serialize;
use url::Url;

use super::FirebaseError;
use super::access::Access;
use crate::config::FirebaseSettings;
use crate::http_client::HttpClient;
use crate::secret::SecretStore;

/// Requests to the Realtime Database's REST interface, and what they are allowed by.
///
/// Source: firebase.google.com/docs/reference/rest/database.
pub struct Transport {
    client: Arc<HttpClient>,
    base: Url,
    namespace: Option<String>,
    /// None: the emulator, which takes whoever says `owner` for an administrator, as Google's SDKs do.
    access: Option<Access>,
}

impl Transport {
    /// The longest that one request may take.
    pub const TIMEOUT: Duration = Duration::from_secs(8);
    const SCOPE: &str = "https://www.googleapis.com/auth/firebase.database https://www.googleapis.com/auth/userinfo.email";

    /// To the database of these settings.
    pub fn new(
        settings: &FirebaseSettings,
        secrets: Arc<SecretStore>,
        client: Arc<HttpClient>,
    ) -> Result<Self, url::ParseError> {
        let database_url = &settings.database_url;
        let named = database_url
            .query_pairs()
            .find(|(name, _)| name == "ns")
            .map(|(_, value)| value.into_owned());
        let (mut base, namespace) = match &settings.emulator_host {
            None => (database_url.clone(), named),
            // As Google's SDKs do: the emulator serves many databases, told apart by `ns`.
            Some(host) => {
                let first_label = database_url
                    .host_str()
                    .and_then(|host| host.split('.').next())
                    .map(str::to_owned);
                (
                    Url::parse(&format!("http://{host}"))?,
                    named.or(first_label),
                )
            }
        };
        base.set_query(None);
        let access = match settings.emulator_host {
            None => Some(Access::new(client.clone(), secrets, Self::SCOPE)),
            Some(_) => None,
        };
        Ok(Self {
            client,
            base,
            namespace,
            access,
        })
    }

    /// Sends a request once and returns the response, whatever its status.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&impl Serialize>,
    ) -> Result<Response, FirebaseError> {
        let token = match &self.access {
            Some(access) => access.token().await?,
            None => "owner".to_owned(),
        };
        let url = self.url(path, query);
        self.send_once(&token, method, url, body).await
    }

    /// Sends a request for what stands at `path`; where the access token is rejected, once more with a new one.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&impl Serialize>,
    ) -> Result<Response, FirebaseError> {
        let url = self.url(path, query);
        let Some(access) = &self.access else {
            return self.send_with("owner", method, url, body).await;
        };
        let token = access.token().await?;
        match self
            .send_with(&token, method.clone(), url.clone(), body)
            .await
        {
            // The rules' rejection is a 401 as well, and a new token does not change their mind: it costs a request
            // then, on a path that is rare.
            Err(FirebaseError::Response { status: 401, .. }) => {
                access.reject(&token).await;
                let token = access.token().await?;
                self.send_with(&token, method, url, body).await
            }
            result => result,
        }
    }

    async fn send_with(
        &self,
        token: &str,
        method: Method,
        url: Url,
        body: Option<&impl Serialize>,
    ) -> Result<Response, FirebaseError> {
        let response = self.send_once(token, method, url, body).await?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(FirebaseError::of(&response))
        }
    }

    async fn send_once(
        &self,
        token: &str,
        method: Method,
        url: Url,
        body: Option<&impl Serialize>,
    ) -> Result<Response, FirebaseError> {
        let mut request = self
            .client
            .get()
            .request(method, url)
            .timeout(Self::TIMEOUT)
            .bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.map_err(FirebaseError::unreachable)
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!(
            "{}/{path}.json",
            self.base.path().trim_end_matches('/')
        ));
        let namespace = self.namespace.as_deref().map(|ns| ("ns", ns));
        if !query.is_empty() || namespace.is_some() {
            url.query_pairs_mut()
                .extend_pairs(query)
                .extend_pairs(namespace);
        }
        url
    }
}
