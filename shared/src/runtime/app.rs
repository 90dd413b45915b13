use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use lambda_http::http::HeaderValue;
use uuid::Uuid;

use super::{AfterReply, StartError};
use crate::auth::TokenRules;
use crate::cache::Cache;
use crate::cloudinary::SignedUpload;
use crate::config::Settings;
use crate::db::Database;
use crate::delivery::{Breaker, Channel, ChannelName, after_reply};
use crate::domain::{
    Disclosure, EditWindow, GracePeriod, ImageHosts, PersonLimits, ResponseTime, RetentionPeriod,
    RoomDetail, RoomResponse, RoomsWithoutDelivery, SendLimits, Viewer,
};
use crate::error::{Error, Result};
use crate::firebase::{CustomToken, Mirror, Shard, Shards, custom_token};
use crate::http_client::HttpClient;
use crate::push::{Fcm, Pushes};
use crate::secret::{Secret, SecretStore};
use crate::webhooks::{Endpoint, Webhooks};

/// The clients and settings of a function, for the lifetime of its environment.
pub struct App {
    pub database: Database,
    /// The mirror's databases; `None` without a mirror.
    pub firebase: Option<Shards>,
    /// The response cache; `None` without one.
    pub cache: Option<Cache>,
    /// Cloud Messaging; `None` without pushes.
    pub fcm: Option<Fcm>,
    /// The platform's endpoint for events; `None` without webhooks.
    pub webhook_endpoint: Option<Endpoint>,
    /// The hosts that photos may be stored on.
    pub image_hosts: ImageHosts,
    /// Rate limits per user and room.
    pub send_limits: SendLimits,
    /// Rate limits per user.
    pub person_limits: PersonLimits,
    /// The conversations that need no delivery.
    pub rooms_without_delivery: RoomsWithoutDelivery,
    /// When participants see each other's phone number.
    pub disclosure: Disclosure,
    /// How long a room stays open after its delivery has ended.
    pub room_grace: GracePeriod,
    /// How long a called customer has to respond.
    pub response_time: ResponseTime,
    /// How long a sender may edit or delete a message.
    pub edit_window: EditWindow,
    /// How long the messages of a closed room are kept; `None` keeps them.
    pub retention: Option<RetentionPeriod>,
    pub after_reply: AfterReply,
    /// The origin whose pages may read responses.
    pub cors_origin: Option<HeaderValue>,
    pub(super) token_rules: TokenRules,
    pub(super) secrets: Arc<SecretStore>,
    push_breaker: Breaker,
    webhook_breaker: Breaker,
}

impl App {
    /// Reads the settings and the secret. `connect_timeout` applies to connections to Google's services. The app lives
    /// as long as the process.
    ///
    /// # Errors
    /// A setting is missing or invalid, or the secret cannot be read; the error names it.
    pub async fn start(connect_timeout: Duration) -> Result<&'static Self, StartError> {
        let settings = Settings {
            connect_timeout,
            ..Settings::from_env()?
        };
        let secrets = Arc::new(
            SecretStore::open(
                settings.secret_source.clone(),
                settings.token_rules.algorithm,
            )
            .await?,
        );
        Ok(Box::leak(Box::new(Self::assemble(&settings, secrets)?)))
    }

    pub(crate) fn assemble(
        settings: &Settings,
        secrets: Arc<SecretStore>,
    ) -> Result<Self, StartError> {
        let client = Arc::new(HttpClient::new(settings.connect_timeout));
        let firebase = match &settings.firebase {
            None => None,
            Some(_) if secrets.current().service_account.is_none() => {
                return Err(
                    "FIREBASE_DATABASE_URL is set, and there is no service account: FIREBASE_CREDENTIALS_PATH, \
                            or firebase_service_account in the secret"
                        .into(),
                );
            }
            Some(settings) => Some(Shards::new(settings, secrets.clone(), &client)?),
        };
        let cache = match &secrets.current().redis_url {
            None => None,
            Some(url) => Some(Cache::open(url).map_err(|reason| {
                format!("REDIS_URL, or redis_url in the secret, is not valid: {reason}")
            })?),
        };
        // Pushes are sent for the service account's project.
        let fcm = settings
            .fcm_url
            .clone()
            .filter(|_| secrets.current().service_account.is_some())
            .map(|url| Fcm::new(url, secrets.clone(), client.clone()));
        let webhook_endpoint = match &settings.webhooks {
            None => None,
            Some(_) if secrets.current().webhook_keys.is_empty() => {
                return Err(
                    "WEBHOOK_URL is set, and there is no key: WEBHOOK_SECRET, or webhook_secret in the secret".into(),
                );
            }
            Some(settings) => Some(Endpoint::new(settings, secrets.clone(), client)),
        };
        Ok(Self {
            database: Database::open(
                secrets.clone(),
                settings.concurrency.get(),
                settings.statement_cache,
            )?,
            firebase,
            cache,
            fcm,
            webhook_endpoint,
            image_hosts: settings.image_hosts.clone(),
            send_limits: settings.send_limits,
            person_limits: settings.person_limits,
            rooms_without_delivery: settings.rooms_without_delivery,
            disclosure: settings.disclosure,
            room_grace: settings.room_grace,
            response_time: settings.response_time,
            edit_window: settings.edit_window,
            retention: settings.retention,
            after_reply: AfterReply::default(),
            cors_origin: settings.cors_origin.clone(),
            token_rules: settings.token_rules.clone(),
            secrets,
            push_breaker: Breaker::new(ChannelName::Push),
            webhook_breaker: Breaker::new(ChannelName::Webhooks),
        })
    }

    /// Returns the current secret.
    #[must_use]
    pub fn secret(&self) -> Arc<Secret> {
        self.secrets.current()
    }

    /// Returns the mirror's delivery channels, one per shard; none without a mirror.
    pub fn mirrors(&'static self) -> impl Iterator<Item = Mirror> {
        let shards = self.firebase.iter();
        shards.flat_map(|shards| {
            let all = shards.all().iter();
            all.map(|shard| self.mirror(shards, shard))
        })
    }

    /// Returns the delivery channel of a room to its shard; `None` without a mirror.
    #[must_use]
    pub fn mirror_of(&'static self, room_id: Uuid) -> Option<Mirror> {
        let shards = self.firebase.as_ref()?;
        Some(self.mirror(shards, shards.of(room_id)))
    }

    fn mirror(&'static self, shards: &'static Shards, shard: &'static Shard) -> Mirror {
        Mirror {
            database: &self.database,
            shards,
            shard,
        }
    }

    /// Returns the pushes' delivery channel; `None` without pushes.
    #[must_use]
    pub fn pushes(&'static self) -> Option<Pushes> {
        let fcm = self.fcm.as_ref()?;
        Some(Pushes {
            database: &self.database,
            fcm,
            breaker: &self.push_breaker,
        })
    }

    /// Returns the webhooks' delivery channel; `None` without webhooks.
    #[must_use]
    pub fn webhooks(&'static self) -> Option<Webhooks> {
        let endpoint = self.webhook_endpoint.as_ref()?;
        Some(Webhooks {
            database: &self.database,
            endpoint,
            breaker: &self.webhook_breaker,
        })
    }

    /// Returns the room as the viewer may see it, with the settings that apply to it.
    #[must_use]
    pub fn room_response(&self, room: RoomDetail, viewer: Viewer) -> RoomResponse {
        let shard = self.firebase.as_ref().map(|shards| shards.of(room.id));
        RoomResponse {
            firebase_database_url: shard.map(|it| it.firebase.database_url().to_owned()),
            room: room.disclose(self.disclosure, viewer),
            edit_window_seconds: self.edit_window,
        }
    }

    /// Mirrors these rooms after the response.
    pub fn mirror_after_reply(&'static self, mut rooms: Vec<Uuid>) {
        for mirror in self.mirrors() {
            let own_index = mirror.shard.rooms.index;
            let is_own = |room: &Uuid| mirror.shards.of(*room).rooms.index == own_index;
            let own;
            (own, rooms) = rooms.into_iter().partition(is_own);
            self.deliver_after_reply(Some(mirror), own);
        }
    }

    /// Sends the pending pushes of these rooms after the response.
    pub fn push_after_reply(&'static self, rooms: Vec<Uuid>) {
        self.deliver_after_reply(self.pushes(), rooms);
    }

    /// Delivers the pending events of these rooms, or of other keys, after the response.
    pub fn webhooks_after_reply(&'static self, keys: Vec<Uuid>) {
        self.deliver_after_reply(self.webhooks(), keys);
    }

    /// Delivers the new messages of these rooms to all channels after the response.
    pub fn messages_after_reply(&'static self, rooms: &[Uuid]) {
        self.mirror_after_reply(rooms.to_vec());
        self.webhooks_after_reply(rooms.to_vec());
        self.push_after_reply(rooms.to_vec());
    }

    fn deliver_after_reply<C: Channel>(&'static self, channel: Option<C>, keys: Vec<Uuid>) {
        if let Some(channel) = channel.filter(|_| !keys.is_empty()) {
            self.after_reply
                .spawn(after_reply::deliver_rooms(channel, keys));
        }
    }

    /// Shows in Firebase whether the viewer is typing, after the response.
    pub fn type_after_reply(&'static self, room_id: Uuid, viewer: Viewer, is_typing: bool) {
        if let Some(mirror) = self.mirror_of(room_id) {
            self.after_reply.spawn(async move {
                mirror.set_typing(room_id, viewer, is_typing).await;
            });
        }
    }

    /// Returns a Firebase custom token for the viewer.
    ///
    /// # Errors
    /// The service account's key is invalid.
    pub fn custom_token(&self, viewer: Viewer) -> Result<CustomToken> {
        let secret = self.secret();
        let account = secret.service_account.as_ref();
        let account =
            account.ok_or_else(|| Error::internal("there is no service account to sign with"))?;
        custom_token(account, viewer.0).map_err(Error::internal)
    }

    /// Signs the upload of a photo into a room's folder.
    ///
    /// # Errors
    /// 503 if the secret has no Cloudinary account.
    pub fn sign_upload(&self, room_id: Uuid) -> Result<SignedUpload> {
        let secret = self.secret();
        let cloudinary = secret.cloudinary.as_ref().ok_or(Error::NotOffered(
            "Le dépôt de photos n'est pas configuré sur ce serveur.",
        ))?;
        Ok(cloudinary.sign_upload(room_id, Uuid::new_v4(), Utc::now().timestamp()))
    }

    /// Returns the mirror, for endpoints that need it.
    ///
    /// # Errors
    /// 503 if the deployment has no mirror.
    pub fn require_firebase(&self) -> Result<&Shards> {
        self.firebase.as_ref().ok_or(Error::NotOffered(
            "Le temps réel n'est pas configuré sur ce serveur.",
        ))
    }
}
