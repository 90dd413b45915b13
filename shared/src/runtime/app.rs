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
use crate::delivery::{Breaker, ChannelName, after_reply};
use crate::domain::{
    GracePeriod, ImageHosts, PersonLimits, RoomsWithoutDelivery, SendLimits, Viewer,
};
use crate::error::{Error, Result};
use crate::firebase::{CustomToken, Firebase, Mirror, custom_token};
use crate::http_client::HttpClient;
use crate::push::{Fcm, Pushes};
use crate::secret::{Secret, SecretStore};

/// What a function has at hand for as long as its environment lives.
pub struct App {
    /// PostgreSQL.
    pub database: Database,
    /// The mirror, if there is one.
    pub firebase: Option<Firebase>,
    /// Where answers are kept, if anywhere.
    pub cache: Option<Cache>,
    /// The pushes, if there are any.
    pub fcm: Option<Fcm>,
    /// Where photos may lie.
    pub image_hosts: ImageHosts,
    /// How fast one person may send into one room.
    pub send_limits: SendLimits,
    /// How fast one person may do what is not bound to a room.
    pub person_limits: PersonLimits,
    /// Which conversations may be opened without a delivery.
    pub rooms_without_delivery: RoomsWithoutDelivery,
    /// How long one may still write once a delivery is over.
    pub room_grace: GracePeriod,
    /// What is done once the answer is out.
    pub after_reply: AfterReply,
    /// Whose pages may read the answers.
    pub cors_origin: Option<HeaderValue>,
    pub(super) token_rules: TokenRules,
    pub(super) secrets: Arc<SecretStore>,
    mirror_breaker: Breaker,
    push_breaker: Breaker,
}

impl App {
    /// Reads the settings and the secret. It lives as long as the process. Google's services get `connect_timeout` for a
    /// connection.
    ///
    /// # Errors
    /// A setting is missing or not valid, or the secret cannot be read; the error names which.
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

    /// Puts the parts together.
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
            Some(settings) => Some(Firebase::new(settings, secrets.clone(), client.clone())?),
        };
        let cache = match &secrets.current().redis_url {
            None => None,
            Some(url) => Some(Cache::open(url).map_err(|reason| {
                format!("REDIS_URL, or redis_url in the secret, is not valid: {reason}")
            })?),
        };
        // Without a service account there is nobody to send them for.
        let fcm = settings
            .fcm_url
            .clone()
            .filter(|_| secrets.current().service_account.is_some())
            .map(|url| Fcm::new(url, secrets.clone(), client));
        Ok(Self {
            database: Database::open(
                secrets.clone(),
                settings.concurrency.get(),
                settings.statement_cache,
            )?,
            firebase,
            cache,
            fcm,
            image_hosts: settings.image_hosts.clone(),
            send_limits: settings.send_limits,
            person_limits: settings.person_limits,
            rooms_without_delivery: settings.rooms_without_delivery,
            room_grace: settings.room_grace,
            after_reply: AfterReply::default(),
            cors_origin: settings.cors_origin.clone(),
            token_rules: settings.token_rules.clone(),
            secrets,
            mirror_breaker: Breaker::new(ChannelName::Mirror),
            push_breaker: Breaker::new(ChannelName::Push),
        })
    }

    /// The secret in force.
    #[must_use]
    pub fn secret(&self) -> Arc<Secret> {
        self.secrets.current()
    }

    /// The mirror, if there is one.
    #[must_use]
    pub fn mirror(&'static self) -> Option<Mirror> {
        let firebase = self.firebase.as_ref()?;
        Some(Mirror {
            database: &self.database,
            firebase,
            breaker: &self.mirror_breaker,
        })
    }

    /// The pushes, if there are any.
    #[must_use]
    pub fn pushes(&'static self) -> Option<Pushes> {
        let fcm = self.fcm.as_ref()?;
        Some(Pushes {
            database: &self.database,
            fcm,
            breaker: &self.push_breaker,
        })
    }

    /// Mirrors these rooms once the response is out.
    pub fn mirror_after_reply(&'static self, rooms: Vec<Uuid>) {
        if let Some(mirror) = self.mirror().filter(|_| !rooms.is_empty()) {
            self.after_reply
                .spawn(after_reply::deliver_rooms(mirror, rooms));
        }
    }

    /// Sends the pending pushes of these rooms once the response is out.
    pub fn push_after_reply(&'static self, rooms: Vec<Uuid>) {
        if let Some(pushes) = self.pushes().filter(|_| !rooms.is_empty()) {
            self.after_reply
                .spawn(after_reply::deliver_rooms(pushes, rooms));
        }
    }

    /// Shows in Firebase whether the viewer is typing, once the response is out.
    pub fn type_after_reply(&'static self, room_id: Uuid, viewer: Viewer, is_typing: bool) {
        if let Some(mirror) = self.mirror() {
            self.after_reply.spawn(async move {
                mirror.set_typing(room_id, viewer, is_typing).await;
            });
        }
    }

    /// A Firebase custom token for the viewer.
    ///
    /// # Errors
    /// The service account's key is not valid.
    pub fn custom_token(&self, viewer: Viewer) -> Result<CustomToken> {
        let secret = self.secret();
        let account = secret.service_account.as_ref();
        let account =
            account.ok_or_else(|| Error::internal("there is no service account to sign with"))?;
        custom_token(account, viewer.0).map_err(Error::internal)
    }

    /// An upload of a photo into a room's folder, signed.
    ///
    /// # Errors
    /// 503 where the secret names no account.
    pub fn sign_upload(&self, room_id: Uuid) -> Result<SignedUpload> {
        let secret = self.secret();
        let cloudinary = secret.cloudinary.as_ref().ok_or(Error::NotOffered(
            "Le dépôt de photos n'est pas configuré sur ce serveur.",
        ))?;
        Ok(cloudinary.sign_upload(room_id, Uuid::new_v4(), Utc::now().timestamp()))
    }

    /// The mirror, for what cannot do without.
    ///
    /// # Errors
    /// 503 where the settings name none.
    pub fn require_firebase(&self) -> Result<&Firebase> {
        self.firebase
            .as_ref()
            .ok_or_else(|| Error::unavailable("FIREBASE_DATABASE_URL is empty: there is no mirror"))
    }
}
