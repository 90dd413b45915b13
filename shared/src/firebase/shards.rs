use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;
use uuid::Uuid;

use super::access::Access;
use super::transport::Transport;
use super::{Firebase, FirebaseError};
use crate::config::FirebaseSettings;
use crate::db::mirror::{self, Placement};
use crate::delivery::{Breaker, ChannelName};
use crate::http_client::HttpClient;
use crate::secret::SecretStore;

/// The mirror's Realtime Databases. Each room has its tree and its inbox entries in one of them.
pub struct Shards {
    /// At least one.
    all: Vec<Shard>,
    placement: Arc<Placement>,
}

/// A Realtime Database with its share of the rooms. It may fail alone.
pub struct Shard {
    pub firebase: Firebase,
    pub breaker: Breaker,
    /// Its rooms, for PostgreSQL.
    pub rooms: mirror::Shard,
}

impl Shards {
    /// Creates clients for the configured databases, which share an access token.
    ///
    /// # Errors
    /// The emulator's host is invalid.
    pub fn new(
        settings: &FirebaseSettings,
        secrets: Arc<SecretStore>,
        client: &Arc<HttpClient>,
    ) -> Result<Self, url::ParseError> {
        let access = Arc::new(Access::new(client.clone(), secrets, Transport::SCOPE));
        let host = settings.emulator_host.as_deref();
        let firebases = settings
            .database_urls
            .iter()
            .map(|url| Firebase::new(url, host, access.clone(), client.clone()));
        let firebases: Vec<_> = firebases.collect::<Result<_, _>>()?;
        let urls = firebases.iter().map(|it| it.database_url().to_owned());
        let placement = Arc::new(Placement::new(urls.collect()));
        let shard = |(index, firebase): (usize, Firebase)| {
            let rooms = mirror::Shard {
                circuit: circuit(index),
                index,
                placement: placement.clone(),
            };
            let breaker = Breaker::of_circuit(ChannelName::Mirror, rooms.circuit.clone());
            Shard {
                firebase,
                breaker,
                rooms,
            }
        };
        Ok(Self {
            all: firebases.into_iter().enumerate().map(shard).collect(),
            placement,
        })
    }

    /// Returns all shards, in the order of the setting.
    #[must_use]
    pub fn all(&self) -> &[Shard] {
        &self.all
    }

    /// Returns the databases' URLs for clients.
    #[must_use]
    pub fn urls(&self) -> Vec<&str> {
        self.databases().map(Firebase::database_url).collect()
    }

    /// Returns all databases.
    pub fn databases(&self) -> impl Iterator<Item = &Firebase> {
        self.all.iter().map(|it| &it.firebase)
    }

    /// Returns the clients of all databases.
    #[must_use]
    pub fn into_databases(self) -> Vec<Firebase> {
        self.all.into_iter().map(|it| it.firebase).collect()
    }

    /// Returns a room's shard: see [`Placement`].
    #[must_use]
    pub fn of(&self, room_id: Uuid) -> &Shard {
        &self.all[self.placement.of(room_id)]
    }

    /// Returns the databases to which a room does not belong. A room that has moved may still be in one of them.
    pub fn not_of(&self, room_id: Uuid) -> impl Iterator<Item = &Firebase> {
        let own = self.placement.of(room_id);
        let others = self.all.iter().filter(move |it| it.rooms.index != own);
        others.map(|it| &it.firebase)
    }
}

/// Sends a request to each of these databases concurrently. Returns the first error after all requests have ended.
pub async fn each<F>(
    databases: impl Iterator<Item = &'static Firebase>,
    request: impl Fn(&'static Firebase) -> F,
) -> Result<(), FirebaseError>
where
    F: Future<Output = Result<(), FirebaseError>> + Send + 'static,
{
    let mut requests = JoinSet::new();
    for firebase in databases {
        requests.spawn(request(firebase));
    }
    requests.join_all().await.into_iter().collect()
}

/// Returns the name of a shard's circuit. The first one has the channel's, as a single database has.
fn circuit(index: usize) -> String {
    let channel = ChannelName::Mirror.name();
    match index {
        0 => channel.to_owned(),
        _ => format!("{channel}-{}", index + 1),
    }
}
