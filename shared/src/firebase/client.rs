use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use super::access::Access;
use super::transport::Transport;
use super::{FirebaseError, tree};
use crate::config;
use crate::db::mirror::RoomState;
use crate::domain::{Timestamp, Viewer};
use crate::http_client::HttpClient;

/// The result of writing a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Stored,
    /// Firebase already has this revision or a newer one, and rejected the write.
    Superseded,
}

/// The chat's client of a Realtime Database.
pub struct Firebase {
    transport: Transport,
    database_url: String,
}

impl Firebase {
    /// The uid that the rules allow to write rooms. It is not a UUID, so that it cannot be a user's.
    pub const UID: &str = "chat-backend";
    /// The time limit of one request.
    pub const TIMEOUT: Duration = Transport::TIMEOUT;

    /// Creates a client for a database.
    ///
    /// # Errors
    /// The emulator's host is invalid.
    pub(super) fn new(
        url: &Url,
        emulator_host: Option<&str>,
        access: Arc<Access>,
        client: Arc<HttpClient>,
    ) -> Result<Self, url::ParseError> {
        Ok(Self {
            transport: Transport::new(url, emulator_host, access, client)?,
            database_url: config::database_url(url).to_owned(),
        })
    }

    /// Returns the database's URL for clients.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Returns the address of a path in this database.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.database_url)
    }

    /// Writes `state` to its room and both inboxes atomically. The rules reject a state that is not newer than the stored one.
    ///
    /// # Errors
    /// See [`FirebaseError`]. A rejection that a newer revision does not explain is one, too.
    pub async fn write_room(&self, state: &RoomState) -> Result<Written, FirebaseError> {
        let room_id = state.room.id;
        let rejected = match self
            .send_as_backend(Method::PATCH, "", Some(&tree::patch(state)))
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

    /// Shows whether the viewer is typing.
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

    /// Denies or grants a user all access through the rules.
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

    /// Sends one request and returns the response with any status, for `preflight`. With `uid`, the rules apply as for
    /// that user; otherwise the service account bypasses them.
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

    /// Reads a tree; null if Firebase does not have it.
    ///
    /// # Errors
    /// See [`FirebaseError`].
    pub async fn read_tree(&self, path: &str) -> Result<Value, FirebaseError> {
        self.read(path, &[]).await
    }

    /// Returns which of these trees exist.
    ///
    /// # Errors
    /// See [`FirebaseError`].
    pub async fn existing(
        &self,
        paths: impl IntoIterator<Item = String>,
    ) -> Result<Vec<String>, FirebaseError> {
        let mut existing = Vec::new();
        for path in paths {
            let tree: Value = self.read(&path, &[("shallow", "true")]).await?;
            if !tree.is_null() {
                existing.push(path);
            }
        }
        Ok(existing)
    }

    /// Reads the inboxes of `limit` users whose ids are at least `first`, ordered by id.
    ///
    /// # Errors
    /// See [`FirebaseError`].
    pub async fn read_inboxes(
        &self,
        first: &str,
        limit: usize,
    ) -> Result<BTreeMap<String, Map<String, Value>>, FirebaseError> {
        let first = json!(first).to_string();
        let limit = limit.to_string();
        let query = [
            ("orderBy", r#""$key""#),
            ("startAt", &first),
            ("limitToFirst", &limit),
        ];
        let inboxes: Option<_> = self.read("inboxes", &query).await?;
        Ok(inboxes.unwrap_or_default())
    }

    /// Removes these entries, given as user and room, from the inboxes.
    ///
    /// # Errors
    /// See [`FirebaseError`].
    pub async fn remove_inbox_entries(
        &self,
        entries: &[(String, String)],
    ) -> Result<(), FirebaseError> {
        let paths = entries
            .iter()
            .map(|(user_id, room_id)| (tree::inbox_path(user_id, room_id), Value::Null));
        let update = Value::Object(paths.collect());
        self.send_as_backend(Method::PATCH, "", Some(&update)).await
    }

    /// Removes trees, such as rooms and their inbox entries, in one write. The rules do not apply: they allow nobody to
    /// delete a room.
    ///
    /// # Errors
    /// See [`FirebaseError`].
    pub async fn remove_trees(
        &self,
        paths: impl IntoIterator<Item = String>,
    ) -> Result<(), FirebaseError> {
        let paths = paths.into_iter().map(|path| (path, Value::Null));
        let update = Value::Object(paths.collect());
        let query = [("print", "silent")];
        let response = self
            .transport
            .send(Method::PATCH, "", &query, Some(&update))
            .await;
        response.map(drop)
    }

    /// Reads a room's revision in Firebase.
    async fn revision(&self, room_id: Uuid) -> Result<Option<i64>, FirebaseError> {
        self.read(&format!("chats/{room_id}/metadata/revision"), &[])
            .await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, FirebaseError> {
        let response = self
            .transport
            .send(Method::GET, path, query, None::<&()>)
            .await?;
        response.json().await.map_err(FirebaseError::unreachable)
    }

    /// Writes as [`Firebase::UID`] with the rules applied, although the access token alone would bypass them.
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
