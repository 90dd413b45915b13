//! The settings of a function. They are read from the environment once, at the start. Secrets are not among them.

use std::num::NonZeroUsize;
use std::time::Duration;

use lambda_http::http::HeaderValue;
use url::Url;

use crate::auth::TokenRules;
use crate::domain::{
    Disclosure, EditWindow, GracePeriod, ImageHosts, Invalid, PersonLimits, PhoneDisclosure,
    RateLimit, ResponseTime, RetentionPeriod, RoomsWithoutDelivery, SendLimits,
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

/// Parses a variable; without a value, returns the default.
fn parse_or_default<T: Default>(
    name: &'static str,
    filled: impl Fn(&'static str) -> Option<String>,
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Result<T, ConfigError> {
    filled(name).map_or(Ok(T::default()), |value| {
        parse(&value).map_err(|reason| ConfigError::Invalid(name, reason.to_string()))
    })
}

/// Parses the policy for all rooms, and those that replace it for one type of room.
fn parse_disclosure(
    filled: impl Fn(&'static str) -> Option<String>,
) -> Result<Disclosure, ConfigError> {
    let policy = |name| parse_or_default(name, &filled, PhoneDisclosure::parse);
    let common = policy("PHONE_DISCLOSURE")?;
    let of = |name| match filled(name) {
        None => Ok(common),
        Some(_) => policy(name),
    };
    Ok(Disclosure {
        delivery: of("PHONE_DISCLOSURE_DELIVERY")?,
        support: of("PHONE_DISCLOSURE_SUPPORT")?,
    })
}

/// Parses comma-separated URLs. An error names the entry.
fn parse_database_urls(raw: &str) -> Result<Vec<Url>, ConfigError> {
    const NAME: &str = "FIREBASE_DATABASE_URL";
    let mut urls: Vec<Url> = Vec::new();
    for (index, entry) in raw.split(',').map(str::trim).enumerate() {
        let invalid = |reason: &str| {
            ConfigError::Invalid(NAME, format!("entry {}, {entry:?}: {reason}", index + 1))
        };
        let url = parse_url(NAME, entry).map_err(|error| match error {
            ConfigError::Invalid(_, reason) => invalid(&reason),
            ConfigError::Missing(..) => error,
        })?;
        // A trailing slash makes no other database.
        let is_repeated = urls.iter().any(|it| database_url(it) == database_url(&url));
        if is_repeated {
            return Err(invalid("the database is listed twice"));
        }
        urls.push(url);
    }
    Ok(urls)
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

fn parse_url(name: &'static str, raw: &str) -> Result<Url, ConfigError> {
    let invalid = |reason: &str| ConfigError::Invalid(name, reason.to_owned());
    let url = Url::parse(raw).map_err(|error| invalid(&error.to_string()))?;
    if matches!(url.scheme(), "https" | "http") && url.has_host() {
        Ok(url)
    } else {
        Err(invalid("an http or https URL was expected"))
    }
}

/// Parses an https URL, or an http URL of this machine, for the local stack.
fn parse_webhooks(raw: &str) -> Result<WebhookSettings, ConfigError> {
    let url = parse_url("WEBHOOK_URL", raw)?;
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "https" || is_local {
        Ok(WebhookSettings {
            url,
            prompt: Settings::WEBHOOK_PROMPT,
        })
    } else {
        Err(ConfigError::Invalid(
            "WEBHOOK_URL",
            "an https URL was expected".to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        Settings::from_lookup(|name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn a_missing_variable_names_itself() {
        assert!(
            settings(&[])
                .unwrap_err()
                .to_string()
                .contains("FIREBASE_DATABASE_URL")
        );
    }

    #[test]
    fn an_empty_database_url_means_no_mirror() {
        assert!(
            settings(&[("FIREBASE_DATABASE_URL", "")])
                .unwrap()
                .firebase
                .is_none()
        );
    }

    #[test]
    fn an_invalid_database_url_is_rejected() {
        for url in ["relais.firebaseio.com", "ftp://x", "https://"] {
            assert!(
                settings(&[("FIREBASE_DATABASE_URL", url)]).is_err(),
                "{url}"
            );
        }
    }

    #[test]
    fn database_urls_are_a_list_and_an_error_names_the_entry() {
        let of = |value| {
            settings(&[("FIREBASE_DATABASE_URL", value)])
                .map(|settings| settings.firebase.unwrap().database_urls)
        };
        let urls = of(" https://A.firebaseio.com/ ,\thttps://b.firebaseio.com?ns=c ").unwrap();
        let urls: Vec<_> = urls.iter().map(database_url).collect();
        assert_eq!(
            urls,
            ["https://a.firebaseio.com", "https://b.firebaseio.com/?ns=c"]
        );
        for (value, words) in [
            ("https://a.example,", r#"entry 2, "": relative URL"#),
            ("ftp://a.example", r#"entry 1, "ftp://a.example": an http"#),
            ("https://a.example, b", r#"entry 2, "b": relative URL"#),
            (
                "https://a.example,https://b.example,HTTPS://A.example/",
                r#"entry 3, "HTTPS://A.example/": the database is listed twice"#,
            ),
        ] {
            let error = of(value).unwrap_err().to_string();
            assert!(
                error.contains("FIREBASE_DATABASE_URL") && error.contains(words),
                "{error}"
            );
        }
    }

    #[test]
    fn pushes_go_to_google_unless_fcm_url_is_set() {
        let of = |value: Option<&str>| {
            let mut variables = vec![("FIREBASE_DATABASE_URL", "")];
            variables.extend(value.map(|value| ("FCM_URL", value)));
            settings(&variables).map(|settings| settings.fcm_url.map(String::from))
        };
        assert_eq!(of(None).unwrap().unwrap(), "https://fcm.googleapis.com/");
        assert_eq!(of(Some(" ")).unwrap(), None);
        assert_eq!(
            of(Some("http://127.0.0.1:1")).unwrap().unwrap(),
            "http://127.0.0.1:1/"
        );
        let error = of(Some("fcm")).unwrap_err().to_string();
        assert!(error.contains("FCM_URL"), "{error}");
    }

    #[test]
    fn sends_have_a_default_limit_that_can_be_changed_or_disabled() {
        let of = |value: Option<&str>| {
            let mut variables = vec![("FIREBASE_DATABASE_URL", "")];
            variables.extend(value.map(|value| ("SEND_LIMIT_SUPPORT", value)));
            settings(&variables).map(|settings| settings.send_limits.support)
        };
        assert_eq!(of(None).unwrap(), Some(RateLimit::MESSAGES));
        assert_eq!(of(Some("")).unwrap(), None);
        assert_eq!(of(Some("5/1")).unwrap(), RateLimit::parse("5/1").unwrap());
        let error = of(Some("many")).unwrap_err().to_string();
        assert!(error.contains("SEND_LIMIT_SUPPORT"), "{error}");
    }

    #[test]
    fn webhooks_go_to_an_https_url_or_to_this_machine() {
        let of = |value| {
            settings(&[("FIREBASE_DATABASE_URL", ""), ("WEBHOOK_URL", value)])
                .map(|settings| settings.webhooks.map(|it| it.url.to_string()))
        };
        for value in [
            "https://platform.example/chat/webhooks?from=relais",
            "http://127.0.0.1:9300/",
            "http://localhost/",
            "http://[::1]:80/x",
        ] {
            assert!(of(value).unwrap().is_some(), "{value}");
        }
        assert_eq!(of("").unwrap(), None);
        for value in [
            "http://platform.example/",
            "http://127.0.0.1.example/",
            "ftp://localhost/",
            "webhooks",
        ] {
            let error = of(value).unwrap_err().to_string();
            assert!(error.contains("WEBHOOK_URL"), "{error}");
        }
    }

    #[test]
    fn user_limits_have_defaults_that_can_be_changed_or_disabled() {
        let of = |variables: &[_]| {
            settings(&[&[("FIREBASE_DATABASE_URL", "")], variables].concat())
                .map(|settings| settings.person_limits)
        };
        let limits = of(&[("ROOM_LIMIT", "0"), ("UPLOAD_LIMIT", "3/1/min")]).unwrap();
        assert_eq!(limits.rooms, None);
        assert_eq!(limits.uploads, RateLimit::parse("3/1/min").unwrap());
        assert_eq!(limits.searches, Some(RateLimit::SEARCHES));
        assert_eq!(of(&[]).unwrap().rooms, Some(RateLimit::ROOMS));
        for name in ["ROOM_LIMIT", "UPLOAD_LIMIT", "SEARCH_LIMIT"] {
            let error = of(&[(name, "many")]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn rooms_without_a_delivery_are_allowed_unless_only_support_has_them() {
        let of = |value| {
            settings(&[
                ("FIREBASE_DATABASE_URL", ""),
                ("ROOMS_WITHOUT_DELIVERY", value),
            ])
            .map(|settings| settings.rooms_without_delivery)
        };
        assert_eq!(of("").unwrap(), RoomsWithoutDelivery::Allow);
        assert_eq!(of("allow").unwrap(), RoomsWithoutDelivery::Allow);
        assert_eq!(
            of("support_only").unwrap(),
            RoomsWithoutDelivery::SupportOnly
        );
        let error = of("never").unwrap_err().to_string();
        assert!(error.contains("ROOMS_WITHOUT_DELIVERY"), "{error}");
    }

    #[test]
    fn phones_are_disclosed_by_a_policy_that_each_room_type_may_override() {
        use PhoneDisclosure::{Always, Never, WhileOpen};
        let of = |variables: &[_]| {
            settings(&[&[("FIREBASE_DATABASE_URL", "")], variables].concat())
                .map(|settings| settings.disclosure)
        };
        let both = |delivery, support| Disclosure { delivery, support };
        let (common, delivery, support) = (
            "PHONE_DISCLOSURE",
            "PHONE_DISCLOSURE_DELIVERY",
            "PHONE_DISCLOSURE_SUPPORT",
        );
        assert_eq!(of(&[]).unwrap(), both(Always, Always));
        assert_eq!(of(&[(common, "never")]).unwrap(), both(Never, Never));
        assert_eq!(
            of(&[(common, "while_open"), (support, "never"), (delivery, "")]).unwrap(),
            both(WhileOpen, Never)
        );
        for name in [common, delivery, support] {
            let error = of(&[(name, "sometimes")]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn the_statement_cache_is_on_off_or_unset() {
        let of = |value| {
            settings(&[("FIREBASE_DATABASE_URL", ""), ("STATEMENT_CACHE", value)])
                .map(|settings| settings.statement_cache)
        };
        assert_eq!(of("on").unwrap(), Some(true));
        assert_eq!(of("off").unwrap(), Some(false));
        assert_eq!(of("").unwrap(), None);
        let error = of("yes").unwrap_err().to_string();
        assert!(error.contains("STATEMENT_CACHE"), "{error}");
    }

    #[test]
    fn times_have_defaults_that_can_be_changed() {
        let of = |variables: &[_]| {
            settings(&[&[("FIREBASE_DATABASE_URL", "")], variables].concat()).map(|settings| {
                [
                    settings.room_grace.number(),
                    settings.response_time.number(),
                    settings.edit_window.number(),
                ]
            })
        };
        let names = [
            "ROOM_GRACE_SECONDS",
            "UNREACHABLE_SECONDS",
            "EDIT_WINDOW_SECONDS",
        ];
        assert_eq!(of(&[]).unwrap(), [7_200, 300, 900]);
        assert_eq!(
            of(&names.map(|name| (name, ""))).unwrap(),
            [7_200, 300, 900]
        );
        let changed: Vec<_> = names.into_iter().zip(["0", "60", "1"]).collect();
        assert_eq!(of(&changed).unwrap(), [0, 60, 1]);
        for name in names {
            let error = of(&[(name, "2 h")]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn messages_are_kept_unless_a_number_of_days_is_set() {
        let of = |value: &str| {
            let variables = [("FIREBASE_DATABASE_URL", ""), ("RETENTION_DAYS", value)];
            settings(&variables).map(|settings| settings.retention)
        };
        assert_eq!(of("").unwrap(), None);
        assert_eq!(of("0").unwrap(), None);
        assert_eq!(of("365").unwrap(), RetentionPeriod::parse("365").unwrap());
        let error = of("a year").unwrap_err().to_string();
        assert!(error.contains("RETENTION_DAYS"), "{error}");
    }

    #[test]
    fn the_pool_has_one_connection_unless_lambda_serves_concurrent_requests() {
        let of = |variables: &[_]| settings(variables).unwrap().concurrency.get();
        assert_eq!(of(&[("FIREBASE_DATABASE_URL", "")]), 1);
        assert_eq!(
            of(&[
                ("FIREBASE_DATABASE_URL", ""),
                ("AWS_LAMBDA_MAX_CONCURRENCY", "8")
            ]),
            8
        );
    }
}
