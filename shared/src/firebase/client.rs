use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::transport::Transport;
use super::{FirebaseError, tree};
use crate::config::FirebaseSettings;
use crate::db::mirror::RoomState;
use crate::domain::{Timestamp, Viewer};
use crate::http_client::HttpClient;
use crate::secret::SecretStore;

/// What became of a room's write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is there.
    Stored,
    /// Firebase has this revision or a newer one already, and rejected ours.
    Superseded,
}

/// What the chat does with the Realtime Database.
pub struct Firebase {
    transport: Transport,
    database_url: String,
}

impl Firebase {
    /// The rules give this uid the write access to rooms that no phone has. A uid that is no UUID cannot be a user's.
    pub const UID: &str = "chat-backend";
    /// The longest that one request may take.
    pub const TIMEOUT: Duration = Transport::TIMEOUT;

    /// For the database of these settings.
    ///
    /// # Errors
    /// The emulator's host is none.
    pub fn new(
        settings: &FirebaseSettings,
        secrets: Arc<SecretStore>,
        client: Arc<HttpClient>,
    ) -> Result<Self, url::ParseError> {
        // As it stands in the settings: the parser adds a slash to a URL without a path.
        let url = settings.database_url.as_str();
        let database_url = if settings.database_url.query().is_some() {
            url
        } else {
            url.trim_end_matches('/')
        };
        Ok(Self {
            transport: Transport::new(settings, secrets, client)?,
            database_url: database_url.to_owned(),
        })
    }

    /// The database's URL, as phones use it.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Brings a room up to `state`, in one write that is done as a whole or not at all. A state that is not newer
    /// than what is there is rejected by the rules.
    ///
    /// # Errors
    /// See [`FirebaseError`]; a rejection that is not explained by a newer revision is one too.
    pub async fn write_room(&self, state: &RoomState) -> Result<Written, FirebaseError> {
        let room_id = state.room.id;
        let rejected = match self
            .send_as_backend(
                Method::PATCH,
                &format!("chats/{room_id}"),
                Some(&tree::patch(state)),
            )
            .await
        {
            Ok(()) => return Ok(Written::Stored),
            Err(rejected @ FirebaseError::Response { status: 401, .. }) => rejected,
            Err(error) => return Err(error),
        };
        match self.revision(room_id).await? {
            Some(there) if there >= state.room.revision => Ok(Written::Superseded),
            _ => Err(rejected),
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

    /// Denies a user all access by the rules, or grants it again.
    ///
    /// # Errors
    /// See [`FirebaseError`].
    pub async fn set_revoked(&self, user_id: Uuid, is_revoked: bool) -> Result<(), FirebaseError> {
        let path = format!("revoked/{user_id}");
        if is_revoked {
            self.send_as_backend(Method::PUT, &path, Some(&true)).await
        } else {
            self.send_as_backend(Method::DELETE, &path, None::<&()>)
                .await
        }
    }

    /// Sends one request and returns the response, whatever its status: `preflight` reads what Firebase says. With
    /// `uid`, the rules judge the request as one of that user; without, the service account is above them.
    ///
    /// # Errors
    /// No response, or no access token.
    pub async fn probe(
        &self,
        method: Method,
        path: &str,
        uid: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Response, FirebaseError> {
        let auth = uid.map(|uid| json!({ "uid": uid }).to_string());
        let query = auth.as_deref().map(|auth| ("auth_variable_override", auth));
        self.transport
            .request(method, path, query.as_slice(), body)
            .await
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
            .transport
            .send(Method::GET, path, &[], None::<&()>)
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
        let query = [("print", "silent"), ("auth_variable_override", &uid)];
        let response = self.transport.send(method, path, &query, body).await;
        response.map(drop)
    }
}
