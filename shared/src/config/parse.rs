//! The values of the environment variables.

use url::Url;

use super::{ConfigError, Settings, WebhookSettings, database_url};
use crate::domain::{Disclosure, Invalid, PhoneDisclosure};

/// Parses a variable; without a value, returns the default.
pub(super) fn parse_or_default<T: Default>(
    name: &'static str,
    filled: impl Fn(&'static str) -> Option<String>,
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Result<T, ConfigError> {
    filled(name).map_or(Ok(T::default()), |value| {
        parse(&value).map_err(|reason| ConfigError::Invalid(name, reason.to_string()))
    })
}

/// Parses the policy for all rooms, and those that replace it for one type of room.
pub(super) fn parse_disclosure(
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
pub(super) fn parse_database_urls(raw: &str) -> Result<Vec<Url>, ConfigError> {
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

pub(super) fn parse_url(name: &'static str, raw: &str) -> Result<Url, ConfigError> {
    let invalid = |reason: &str| ConfigError::Invalid(name, reason.to_owned());
    let url = Url::parse(raw).map_err(|error| invalid(&error.to_string()))?;
    if matches!(url.scheme(), "https" | "http") && url.has_host() {
        Ok(url)
    } else {
        Err(invalid("an http or https URL was expected"))
    }
}

/// Parses an https URL, or an http URL of this machine, for the local stack.
pub(super) fn parse_webhooks(raw: &str) -> Result<WebhookSettings, ConfigError> {
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
