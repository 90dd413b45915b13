//! The settings of a function. They are read from the environment once, at the start. Secrets are not among them.

mod parse;

use std::num::NonZeroUsize;
use std::time::Duration;

use lambda_http::http::HeaderValue;
use url::Url;

use self::parse::{
    parse_database_urls, parse_disclosure, parse_or_default, parse_url, parse_webhooks,
};
use crate::auth::TokenRules;
use crate::domain::{
    Disclosure, EditWindow, GracePeriod, ImageHosts, PersonLimits, RateLimit, ResponseTime,
    RetentionPeriod, RoomsWithoutDelivery, SendLimits,
};

/// A missing or invalid environment variable, which prevents the function's start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A required variable is not set.
    #[error("the environment variable {0} is not set: {1}")]
    Missing(&'static str, &'static str),
    /// A variable has an invalid value.
    #[error("the environment variable {0} is not valid: {1}")]
    Invalid(&'static str, String),
}

/// The source of the secrets.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// A secret in AWS Secrets Manager, by name or ARN: `CHAT_SECRET_ID`.
    SecretsManager(String),
    /// The environment variables of the same names, and `FIREBASE_CREDENTIALS_PATH`: the local stack.
    Environment,
}

/// The mirror's Realtime Databases.
#[derive(Debug, Clone)]
pub struct FirebaseSettings {
    /// `FIREBASE_DATABASE_URL`, the URLs that clients use: at least one, all different.
    pub database_urls: Vec<Url>,
    /// `FIREBASE_DATABASE_EMULATOR_HOST`, `host:port`. If set, requests go there, as in Google's SDKs.
    pub emulator_host: Option<String>,
}

/// The platform's endpoint for events.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// `WEBHOOK_URL`.
    pub url: Url,
    /// The time limit of one request after a reply. It is no longer than a write to Firebase takes, so that webhooks
    /// cost no capacity. A slower endpoint gets its events from the sweep.
    pub prompt: Duration,
}

/// All settings of a function.
#[derive(Debug, Clone)]
pub struct Settings {
    pub secret_source: SecretSource,
    /// `JWT_…`: the requirements on tokens.
    pub token_rules: TokenRules,
    /// `None` without a mirror.
    pub firebase: Option<FirebaseSettings>,
    /// `FCM_URL`, by default Google's address. `None` (an empty variable) sends no pushes.
    pub fcm_url: Option<Url>,
    /// `None` without webhooks: no events are written or sent.
    pub webhooks: Option<WebhookSettings>,
    /// `CORS_ALLOW_ORIGIN`: the origin whose pages may read responses, or `*`. `None` allows no other origin.
    pub cors_origin: Option<HeaderValue>,
    /// `IMAGE_HOSTS`: the hosts that photos may be stored on.
    pub image_hosts: ImageHosts,
    /// `SEND_LIMIT_DELIVERY`, `SEND_LIMIT_SUPPORT`: rate limits per user and room.
    pub send_limits: SendLimits,
    /// `ROOM_LIMIT`, `UPLOAD_LIMIT`, `SEARCH_LIMIT`: rate limits per user.
    pub person_limits: PersonLimits,
    /// `ROOMS_WITHOUT_DELIVERY`: the conversations that need no delivery.
    pub rooms_without_delivery: RoomsWithoutDelivery,
    /// `PHONE_DISCLOSURE`, `PHONE_DISCLOSURE_DELIVERY`, `PHONE_DISCLOSURE_SUPPORT`: when participants see each other's phone
    /// number.
    pub disclosure: Disclosure,
    /// `STATEMENT_CACHE`: whether statements are prepared. By default they are unless a pooler is known.
    pub statement_cache: Option<bool>,
    /// `ROOM_GRACE_SECONDS`: how long a room stays open after its delivery has ended.
    pub room_grace: GracePeriod,
    /// `UNREACHABLE_SECONDS`: how long a called customer has to respond.
    pub response_time: ResponseTime,
    /// `EDIT_WINDOW_SECONDS`: how long a sender may edit or delete a message.
    pub edit_window: EditWindow,
    /// `RETENTION_DAYS`: how long the messages of a closed room are kept. `None` keeps them.
    pub retention: Option<RetentionPeriod>,
    /// The connect time-out for Google's services. It depends on the function, not on the environment.
    pub connect_timeout: Duration,
    /// `AWS_LAMBDA_MAX_CONCURRENCY`: concurrent requests per environment, and the size of the connection pool. 1 on
    /// classic Lambda.
    pub concurrency: NonZeroUsize,
}

impl Settings {
    /// For endpoints, whose environments serve no request while they wait.
    pub const ENDPOINT_CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
    /// For webhooks after a reply.
    pub const WEBHOOK_PROMPT: Duration = Duration::from_millis(200);
    /// For scheduled functions.
    pub const SCHEDULE_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

    /// Reads the settings from the environment.
    ///
    /// # Errors
    /// A variable is missing or invalid; the error names it.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    fn from_lookup(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let filled = |name| lookup(name).filter(|value| !value.trim().is_empty());

        let secret_source = match filled("CHAT_SECRET_ID") {
            Some(id) => SecretSource::SecretsManager(id),
            None => SecretSource::Environment,
        };

        let token_rules = TokenRules::from_lookup(&lookup)
            .map_err(|(name, expected)| ConfigError::Invalid(name, expected.to_owned()))?;

        let database_url = lookup("FIREBASE_DATABASE_URL").ok_or(ConfigError::Missing(
            "FIREBASE_DATABASE_URL",
            "the Realtime Database's URL, or empty for no mirror",
        ))?;
        let firebase = match database_url.trim() {
            "" => None,
            urls => Some(FirebaseSettings {
                database_urls: parse_database_urls(urls)?,
                emulator_host: filled("FIREBASE_DATABASE_EMULATOR_HOST"),
            }),
        };

        let fcm_url = lookup("FCM_URL").unwrap_or_else(|| "https://fcm.googleapis.com".to_owned());
        let fcm_url = match fcm_url.trim() {
            "" => None,
            url => Some(parse_url("FCM_URL", url)?),
        };

        let webhooks = filled("WEBHOOK_URL").map(|url| parse_webhooks(url.trim()));
        let webhooks = webhooks.transpose()?;

        let image_hosts = ImageHosts::parse(&lookup("IMAGE_HOSTS").unwrap_or_default())
            .map_err(|reason| ConfigError::Invalid("IMAGE_HOSTS", reason.to_string()))?;

        let rate_limit = |name, default| match lookup(name) {
            None => Ok(Some(default)),
            Some(value) => RateLimit::parse(&value)
                .map_err(|reason| ConfigError::Invalid(name, reason.to_string())),
        };
        let send_limits = SendLimits {
            delivery: rate_limit("SEND_LIMIT_DELIVERY", RateLimit::MESSAGES)?,
            support: rate_limit("SEND_LIMIT_SUPPORT", RateLimit::MESSAGES)?,
        };
        let person_limits = PersonLimits {
            rooms: rate_limit("ROOM_LIMIT", RateLimit::ROOMS)?,
            uploads: rate_limit("UPLOAD_LIMIT", RateLimit::UPLOADS)?,
            searches: rate_limit("SEARCH_LIMIT", RateLimit::SEARCHES)?,
        };

        let statement_cache = match filled("STATEMENT_CACHE").as_deref() {
            None => None,
            Some("on") => Some(true),
            Some("off") => Some(false),
            Some(_) => {
                return Err(ConfigError::Invalid(
                    "STATEMENT_CACHE",
                    "on or off".to_owned(),
                ));
            }
        };

        let rooms_without_delivery = parse_or_default(
            "ROOMS_WITHOUT_DELIVERY",
            filled,
            RoomsWithoutDelivery::parse,
        )?;
        let disclosure = parse_disclosure(filled)?;
        let room_grace = parse_or_default("ROOM_GRACE_SECONDS", filled, GracePeriod::parse)?;
        let response_time = parse_or_default("UNREACHABLE_SECONDS", filled, ResponseTime::parse)?;
        let edit_window = parse_or_default("EDIT_WINDOW_SECONDS", filled, EditWindow::parse)?;

        let retention = parse_or_default("RETENTION_DAYS", filled, RetentionPeriod::parse)?;

        let concurrency = match filled("AWS_LAMBDA_MAX_CONCURRENCY") {
            None => NonZeroUsize::MIN,
            Some(value) => value.parse().map_err(|_| {
                ConfigError::Invalid(
                    "AWS_LAMBDA_MAX_CONCURRENCY",
                    "a whole number from 1".to_owned(),
                )
            })?,
        };

        let cors_origin = filled("CORS_ALLOW_ORIGIN")
            .map(|origin| {
                HeaderValue::try_from(origin).map_err(|_| {
                    ConfigError::Invalid("CORS_ALLOW_ORIGIN", "an origin, or *".to_owned())
                })
            })
            .transpose()?;

        Ok(Self {
            secret_source,
            token_rules,
            firebase,
            fcm_url,
            webhooks,
            cors_origin,
            image_hosts,
            send_limits,
            person_limits,
            rooms_without_delivery,
            disclosure,
            statement_cache,
            room_grace,
            response_time,
            edit_window,
            retention,
            connect_timeout: Self::ENDPOINT_CONNECT_TIMEOUT,
            concurrency,
        })
    }
}

/// Returns a database's URL as clients get it, and as rooms are distributed by it: without a trailing slash.
#[must_use]
pub fn database_url(url: &Url) -> &str {
    if url.query().is_some() {
        url.as_str()
    } else {
        url.as_str().trim_end_matches('/')
    }
}

#[cfg(test)]
mod tests;
