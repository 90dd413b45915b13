use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::crypto;

/// A service account's key, from the JSON file of Google's console.
#[derive(Clone)]
pub struct ServiceAccount {
    /// The project of the pushes.
    pub project_id: String,
    /// The issuer of signed tokens.
    pub client_email: String,
    /// The URL that exchanges a signed assertion for an access token.
    pub token_uri: String,
    key: EncodingKey,
}

/// The missing or invalid field of a service account. It quotes no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceAccount {
    /// Neither an object nor a string with one.
    #[error("the JSON of a service account was expected")]
    NotAnObject,
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is not valid: {1} was expected")]
    Invalid(&'static str, &'static str),
}

impl ServiceAccount {
    const GOOGLE: &str = "https://oauth2.googleapis.com/token";

    /// Parses a service account: an object, or a string with one, which the key/value editor of Secrets Manager's
    /// console produces. `private_key` may have line feeds or `\n`.
    ///
    /// # Errors
    /// See [`InvalidServiceAccount`].
    pub fn parse(value: &Value) -> Result<Self, InvalidServiceAccount> {
        let parsed;
        let fields = match value {
            Value::String(text) => {
                parsed = serde_json::from_str::<Value>(text).ok();
                parsed.as_ref()
            }
            value => Some(value),
        };
        let fields = fields
            .and_then(Value::as_object)
            .ok_or(InvalidServiceAccount::NotAnObject)?;
        let text = |name| match fields.get(name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.trim()),
            None | Some(Value::Null | Value::String(_)) => {
                Err(InvalidServiceAccount::Missing(name))
            }
            Some(_) => Err(InvalidServiceAccount::Invalid(name, "a text")),
        };
        let token_uri = match text("token_uri") {
            Err(InvalidServiceAccount::Missing(_)) => Self::GOOGLE,
            uri => uri?,
        };
        if !Url::parse(token_uri).is_ok_and(|url| matches!(url.scheme(), "https" | "http")) {
            return Err(InvalidServiceAccount::Invalid("token_uri", "a URL"));
        }
        let account = Self {
            project_id: text("project_id")?.to_owned(),
            client_email: text("client_email")?.to_owned(),
            token_uri: token_uri.to_owned(),
            key: private_key(text("private_key")?)?,
        };
        Ok(account)
    }

    /// Signs claims with RS256.
    ///
    /// # Errors
    /// The claims cannot be serialized as JSON.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        crypto::install();
        encode(&Header::new(Algorithm::RS256), claims, &self.key)
    }
}

fn private_key(text: &str) -> Result<EncodingKey, InvalidServiceAccount> {
    let pem = crypto::pem_lines(text);
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).ok();
    key.filter(crypto::is_rsa_private)
        .ok_or(InvalidServiceAccount::Invalid(
            "private_key",
            "an RSA key in PEM",
        ))
}

/// Returns the seconds since 1970.
pub(super) fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn account() -> Value {
        let path = std::env::var("FIREBASE_CREDENTIALS_PATH");
        let path = path.expect("`make test` makes a service account");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn signs(account: &Value) -> bool {
        let account = ServiceAccount::parse(account).unwrap();
        account.sign(&json!({ "iss": "tests" })).is_ok()
    }

    #[test]
    fn the_file_from_googles_console_is_read() {
        assert!(signs(&account()));
    }

    #[test]
    fn an_account_in_a_json_string_is_read() {
        assert!(signs(&json!(account().to_string())));
    }

    #[test]
    fn a_private_key_may_have_escaped_line_feeds() {
        let mut account = account();
        let pem = account["private_key"].as_str().unwrap();
        for written in [pem.replace('\n', "\\n"), pem.replace('\n', "\\r\\n")] {
            account["private_key"] = json!(written);
            assert!(signs(&account));
            assert!(signs(&json!(account.to_string())));
        }
    }

    #[test]
    fn a_missing_or_invalid_field_is_named() {
        use InvalidServiceAccount::{Invalid, Missing, NotAnObject};
        let error = |value: &Value| ServiceAccount::parse(value).err().unwrap();
        for value in [json!("{}}"), json!("hunter2"), json!([]), json!(7)] {
            assert_eq!(error(&value), NotAnObject, "{value}");
        }
        for field in ["project_id", "client_email", "private_key"] {
            for blank in [json!(null), json!(""), json!(" ")] {
                let mut account = account();
                account[field] = blank;
                assert_eq!(error(&account), Missing(field));
            }
            let mut account = account();
            account[field] = json!({ "hunter2": true });
            assert!(matches!(error(&account), Invalid(named, _) if named == field));
        }
        let pem = "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----";
        for (field, value) in [
            ("private_key", "hunter2"),
            ("private_key", pem),
            ("token_uri", "hunter2"),
        ] {
            let mut account = account();
            account[field] = json!(value);
            let error = error(&account);
            assert!(matches!(error, Invalid(named, _) if named == field));
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
