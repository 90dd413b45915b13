use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Response, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::access::Access;
use super::tree;
use crate::config::FirebaseSettings;
use crate::db::mirror::RoomState;
use crate::domain::{Timestamp, Viewer};
use crate::http_client::HttpClient;
use crate::secret::SecretStore;

/// Why Firebase does not have what it was sent.
#[derive(Debug, thiserror::Error)]
pub enum FirebaseError {
    /// It cannot be reached, or its answer broke off: the write may have been done or not.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// It answered with an error.
    #[error("answered {status}")]
    Answer {
        /// The HTTP status.
        status: u16,
        /// What it asks for in `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The service account's key is rejected, or is none.
    #[error("the service account's key is rejected: {0}")]
    Key(String),
    /// The settings name a database, and the secrets no service account.
    #[error(
        "no service account: FIREBASE_CREDENTIALS_PATH, or firebase_service_account in the secret"
    )]
    NoServiceAccount,
}

impl FirebaseError {
    /// The cause without its URL, which has room and user ids in it.
    pub(super) fn unreachable(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            reason = format!("{reason}: {inner}");
            cause = inner.source();
        }
        Self::Unreachable(reason)
    }

    /// How long Firebase asks to be left alone, at most five minutes.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answer { retry_after, .. } => {
                retry_after.map(|asked| asked.min(Duration::from_mins(5)))
            }
            _ => None,
        }
    }

    /// Whether another attempt in a moment may well succeed.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Answer { status, .. } => *status == 429 || *status >= 500,
            Self::Key(_) | Self::NoServiceAccount => false,
        }
    }
}

/// What became of a room's write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is there.
    Stored,
    /// Firebase has this revision or a newer one already, and refused ours.
    Superseded,
}

/// The Realtime Database, over its REST interface.
///
/// Source: firebase.google.com/docs/reference/rest/database.
pub struct Firebase {
    client: Arc<HttpClient>,
    base: Url,
    namespace: Option<String>,
    database_url: Url,
    access: Access,
}

impl Firebase {
    /// The rules give this uid the write access to rooms that no phone has. A uid that is no UUID cannot be a user's.
    pub const UID: &str = "chat-backend";
    /// The longest that one request may take.
    pub const TIMEOUT: Duration = Duration::from_secs(8);

    /// For the database of these settings.
    ///
    /// # Errors
    /// The emulator's host is none.
    pub fn new(
        settings: &FirebaseSettings,
        secrets: Arc<SecretStore>,
    ) -> Result<Self, url::ParseError> {
        let database_url = settings.database_url.clone();
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
        let client = Arc::new(HttpClient::default());
        let access = Access::new(client.clone(), secrets, settings.emulator_host.is_some());
        Ok(Self {
            client,
            base,
            namespace,
            database_url,
            access,
        })
    }

    /// The database's URL, as phones use it.
    #[must_use]
    pub fn database_url(&self) -> &str {
        // As it stands in the settings: the parser adds a slash to a URL without a path.
        let url = self.database_url.as_str();
        if self.database_url.query().is_some() {
            url
        } else {
            url.trim_end_matches('/')
        }
    }

    /// Brings a room up to `state`, in one write that is done as a whole or not at all. A state that is not newer
    /// than what is there is refused by the rules.
    ///
    /// # Errors
    /// See [`FirebaseError`]; a refusal that is not explained by a newer revision is one too.
    pub async fn write_room(&self, state: &RoomState) -> Result<Written, FirebaseError> {
        let room_id = state.room.id;
        let refused = match self
            .send_as_backend(
                Method::PATCH,
                &format!("chats/{room_id}"),
                Some(&tree::patch(state)),
            )
            .await
        {
            Ok(()) => return Ok(Written::Stored),
            Err(refused @ FirebaseError::Answer { status: 401, .. }) => refused,
            Err(error) => return Err(error),
        };
        match self.revision(room_id).await? {
            Some(there) if there >= state.room.revision => Ok(Written::Superseded),
            _ => Err(refused),
        }
    }

    /// Shows that somebody is typing, or no longer is.
    ///
    /// # Errors
    /// See [`FirebaseError`].
    pub async fn set_typing(
        &self,
        room_id: Uuid,
        viewer: Viewer,
        is_typing: bool,
    ) -> Result<(), FirebaseError> {
        let path = format!("chats/{room_id}/typing/{}", viewer.0);
        if is_typing {
            self.send_as_backend(
                Method::PUT,
                &path,
                Some(&json!({ "timestamp": Timestamp::now() })),
            )
            .await
        } else {
            self.send_as_backend(Method::DELETE, &path, None::<&()>)
                .await
        }
    }

    /// What Firebase has of a room; null where it has nothing.
    ///
    /// # Errors
    /// See [`FirebaseError`].
    pub async fn read_room(&self, room_id: Uuid) -> Result<Value, FirebaseError> {
        self.read(&format!("chats/{room_id}")).await
    }

    /// The revision that Firebase has of a room.
    async fn revision(&self, room_id: Uuid) -> Result<Option<i64>, FirebaseError> {
        self.read(&format!("chats/{room_id}/metadata/revision"))
            .await
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, FirebaseError> {
        let response = self
            .send(Method::GET, self.url(path, &[]), None::<&()>)
            .await?;
        response.json().await.map_err(FirebaseError::unreachable)
    }

    /// Writes under the rules, as [`Firebase::UID`], although the access token alone would be above them.
    async fn send_as_backend(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<(), FirebaseError> {
        let uid = json!({ "uid": Self::UID }).to_string();
        let url = self.url(
            path,
            &[("print", "silent"), ("auth_variable_override", &uid)],
        );
        self.send(method, url, body).await.map(drop)
    }

    /// Sends a request; where the access token is rejected, once more with a new one.
    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<&impl Serialize>,
    ) -> Result<Response, FirebaseError> {
        let token = self.access.token().await?;
        match self
            .send_with(&token, method.clone(), url.clone(), body)
            .await
        {
            // The rules' refusal is a 401 as well, and a new token does not change their mind: it costs a request
            // then, on a path that is rare.
            Err(FirebaseError::Answer { status: 401, .. }) if token != "owner" => {
                self.access.reject(&token).await;
                let token = self.access.token().await?;
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
        let mut request = self
            .client
            .get()
            .request(method, url)
            .timeout(Self::TIMEOUT)
            .bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(FirebaseError::unreachable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        Err(FirebaseError::Answer {
            status: response.status().as_u16(),
            retry_after: retry_after.map(Duration::from_secs),
        })
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
