use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Response};
use serde::Serialize;
use url::Url;

use super::FirebaseError;
use super::access::Access;
use crate::http_client::HttpClient;

/// Authorized requests to the Realtime Database's REST interface.
///
/// Source: firebase.google.com/docs/reference/rest/database.
pub struct Transport {
    client: Arc<HttpClient>,
    base: Url,
    namespace: Option<String>,
    /// `None` for the emulator, where the token `owner` is an administrator, as in Google's SDKs.
    access: Option<Arc<Access>>,
}

impl Transport {
    /// The time limit of one request.
    pub const TIMEOUT: Duration = Duration::from_secs(8);
    /// The scope of an access token for all databases of the project.
    pub const SCOPE: &str = "https://www.googleapis.com/auth/firebase.database https://www.googleapis.com/auth/userinfo.email";

    /// Creates a transport to a database, or to its namespace in the emulator at `emulator_host`.
    pub fn new(
        database_url: &Url,
        emulator_host: Option<&str>,
        access: Arc<Access>,
        client: Arc<HttpClient>,
    ) -> Result<Self, url::ParseError> {
        let named = database_url
            .query_pairs()
            .find(|(name, _)| name == "ns")
            .map(|(_, value)| value.into_owned());
        let (mut base, namespace) = match emulator_host {
            None => (database_url.clone(), named),
            // As in Google's SDKs: `ns` selects one of the emulator's databases.
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
        let access = emulator_host.is_none().then_some(access);
        Ok(Self {
            client,
            base,
            namespace,
            access,
        })
    }

    /// Sends one request and returns the response with any status.
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

    /// Sends a request for `path`. If the access token is rejected, retries once with a new one.
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
            // A rejection by the rules is a 401 as well, and a new token does not change it. The extra request is
            // acceptable, since this is rare.
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
