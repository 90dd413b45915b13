use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::Secret;
use crate::auth::JwtKey;
use crate::cloudinary::Cloudinary;
use crate::firebase::ServiceAccount;
use crate::webhooks::WebhookKey;

/// Why a secret is not usable: the field or variable, and the problem. It quotes no value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} {problem}")]
pub struct InvalidSecret {
    name: String,
    problem: String,
}

/// The values of a secret before parsing. A blank value counts as missing.
pub struct Document {
    fields: Map<String, Value>,
    origin: Origin,
}

#[derive(Clone, Copy)]
enum Origin {
    SecretsManager,
    Environment,
}

const SECRET: &str = "the secret named by CHAT_SECRET_ID";
const SERVICE_ACCOUNT: &str = "firebase_service_account";
const FIELDS: [&str; 10] = [
    "database_url",
    "direct_database_url",
    "jwt_secret",
    "previous_jwt_secret",
    "jwt_verifying_key",
    "previous_jwt_verifying_key",
    "redis_url",
    "cloudinary_url",
    "webhook_secret",
    "previous_webhook_secret",
];

impl Document {
    /// Reads the secret's value in AWS Secrets Manager.
    ///
    /// # Errors
    /// The value is not a JSON object.
    pub fn from_json(json: &str) -> Result<Self, InvalidSecret> {
        let fields = serde_json::from_str(json).map_err(|error| InvalidSecret {
            name: SECRET.to_owned(),
            // The library's own message may quote the text.
            problem: format!(
                "is not a JSON object ({:?} error at line {}, column {})",
                error.classify(),
                error.line(),
                error.column()
            ),
        })?;
        let origin = Origin::SecretsManager;
        Ok(Self { fields, origin })
    }

    /// Reads the environment variables of the same names in upper case, and the file at `FIREBASE_CREDENTIALS_PATH`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn from_environment(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, InvalidSecret> {
        let variable = |field: &str| lookup(&field.to_ascii_uppercase());
        let mut fields: Map<_, _> = FIELDS
            .into_iter()
            .filter_map(|field| Some((field.to_owned(), variable(field)?.into())))
            .collect();
        let path = lookup("FIREBASE_CREDENTIALS_PATH").filter(|path| !path.trim().is_empty());
        if let Some(path) = path {
            let json = std::fs::read_to_string(&path).map_err(|error| InvalidSecret {
                name: "FIREBASE_CREDENTIALS_PATH".to_owned(),
                problem: format!("names {path}: {error}"),
            })?;
            fields.insert(SERVICE_ACCOUNT.to_owned(), json.into());
        }
        let origin = Origin::Environment;
        Ok(Self { fields, origin })
    }

    /// Parses every field. `algorithm` determines the type of the JWT keys.
    ///
    /// # Errors
    /// The first missing or invalid field.
    pub fn parse(&self, algorithm: Algorithm) -> Result<Secret, InvalidSecret> {
        Ok(Secret {
            database_url: self.required("database_url")?,
            direct_database_url: self.text("direct_database_url")?,
            jwt_keys: self.jwt_keys(algorithm)?,
            service_account: self.service_account()?,
            redis_url: self.text("redis_url")?,
            cloudinary: self.cloudinary()?,
            webhook_keys: self.webhook_keys()?,
        })
    }

    fn jwt_keys(&self, algorithm: Algorithm) -> Result<Vec<JwtKey>, InvalidSecret> {
        let (current, previous) = match algorithm {
            Algorithm::RS256 => ("jwt_verifying_key", "previous_jwt_verifying_key"),
            _ => ("jwt_secret", "previous_jwt_secret"),
        };
        let parse = |field, text: String| {
            JwtKey::parse(algorithm, &text)
                .map_err(|reason| self.invalid(field, format!("is not valid: {reason}")))
        };
        let mut keys = vec![parse(current, self.required(current)?)?];
        if let Some(text) = self.text(previous)? {
            keys.push(parse(previous, text)?);
        }
        Ok(keys)
    }

    fn webhook_keys(&self) -> Result<Vec<WebhookKey>, InvalidSecret> {
        let mut keys = Vec::new();
        for field in ["webhook_secret", "previous_webhook_secret"] {
            if let Some(text) = self.text(field)? {
                let key = WebhookKey::parse(&text)
                    .map_err(|reason| self.invalid(field, format!("is not valid: {reason}")))?;
                keys.push(key);
            }
        }
        Ok(keys)
    }

    fn service_account(&self) -> Result<Option<ServiceAccount>, InvalidSecret> {
        match self.filled(SERVICE_ACCOUNT) {
            None => Ok(None),
            Some(value) => ServiceAccount::parse(value)
                .map(Some)
                .map_err(|reason| self.invalid(SERVICE_ACCOUNT, format!("is not valid: {reason}"))),
        }
    }

    fn cloudinary(&self) -> Result<Option<Cloudinary>, InvalidSecret> {
        const FIELD: &str = "cloudinary_url";
        match self.text(FIELD)? {
            None => Ok(None),
            Some(url) => Cloudinary::parse(&url)
                .map(Some)
                .map_err(|reason| self.invalid(FIELD, format!("is not valid: {reason}"))),
        }
    }

    fn required(&self, field: &str) -> Result<String, InvalidSecret> {
        self.text(field)?
            .ok_or_else(|| self.invalid(field, "is missing or blank"))
    }

    fn text(&self, field: &str) -> Result<Option<String>, InvalidSecret> {
        match self.filled(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.invalid(field, "is not a text")),
        }
    }

    fn filled(&self, field: &str) -> Option<&Value> {
        self.fields.get(field).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        })
    }

    fn invalid(&self, field: &str, problem: impl Into<String>) -> InvalidSecret {
        let name = match (self.origin, field) {
            (Origin::SecretsManager, field) => format!("{field} in {SECRET}"),
            (Origin::Environment, SERVICE_ACCOUNT) => {
                "the file named by FIREBASE_CREDENTIALS_PATH".to_owned()
            }
            (Origin::Environment, field) => {
                format!("the environment variable {}", field.to_ascii_uppercase())
            }
        };
        let problem = problem.into();
        InvalidSecret { name, problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KEY: &str = "a key of the tests, which is long enough";
    const PEM: &str = include_str!("../auth/testing/rsa-2048-public.pem");

    fn parse(document: &Value) -> Result<Secret, String> {
        parse_for(Algorithm::HS256, document)
    }

    fn parse_for(algorithm: Algorithm, document: &Value) -> Result<Secret, String> {
        Document::from_json(&document.to_string())
            .and_then(|document| document.parse(algorithm))
            .map_err(|error| error.to_string())
    }

    /// Returns the smallest valid document, with one more field.
    fn with(field: &str, value: impl Into<Value>) -> Value {
        let mut document = json!({ "database_url": "postgres://u:hunter2@h/d", "jwt_secret": KEY });
        document[field] = value.into();
        document
    }

    #[test]
    fn a_blank_value_counts_as_missing() {
        for blank in [json!(""), json!(" "), json!("\n\t"), json!(null)] {
            let mut document = with("jwt_secret", KEY);
            for field in FIELDS.into_iter().chain([SERVICE_ACCOUNT]) {
                if !["database_url", "jwt_secret"].contains(&field) {
                    document[field] = blank.clone();
                }
            }
            let secret = parse(&document).unwrap();
            assert!(secret.direct_database_url.is_none() && secret.redis_url.is_none());
            assert!(secret.service_account.is_none() && secret.cloudinary.is_none());
            assert_eq!(secret.jwt_keys.len(), 1, "{blank}");

            for required in ["database_url", "jwt_secret"] {
                let error = parse(&with(required, blank.clone())).err().unwrap();
                assert!(error.starts_with(required), "{error}");
                assert!(error.contains("CHAT_SECRET_ID"), "{error}");
            }
        }
    }

    #[test]
    fn the_environment_has_the_same_fields_as_the_secret() {
        let of = |variables: &[(&str, &str)]| {
            let lookup = |name: &str| {
                let variable = variables.iter().find(|(known, _)| *known == name);
                variable.map(|(_, value)| (*value).to_owned())
            };
            Document::from_environment(lookup)
                .and_then(|document| document.parse(Algorithm::HS256))
                .map_err(|error| error.to_string())
        };
        let mut variables = vec![("DATABASE_URL", "d"), ("JWT_SECRET", KEY)];
        variables.extend(["REDIS_URL", "PREVIOUS_JWT_SECRET"].map(|name| (name, " ")));
        variables.push(("FIREBASE_CREDENTIALS_PATH", ""));
        let secret = of(&variables).unwrap();
        assert!(secret.redis_url.is_none() && secret.service_account.is_none());
        assert_eq!(secret.jwt_keys.len(), 1);

        variables[1].1 = "hunter2";
        let error = of(&variables).err().unwrap();
        assert!(error.contains("JWT_SECRET"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        assert!(of(&[]).err().unwrap().contains("DATABASE_URL"));
        let no_file = [("FIREBASE_CREDENTIALS_PATH", "/no/such/file")];
        let error = of(&no_file).err().unwrap();
        assert!(error.contains("FIREBASE_CREDENTIALS_PATH"), "{error}");
    }

    #[test]
    fn a_weak_key_is_rejected_by_the_name_of_its_field() {
        for (field, value) in [
            ("jwt_secret", json!("x")),
            ("jwt_secret", json!("hunter2")),
            ("jwt_secret", json!(7)),
            ("previous_jwt_secret", json!("x")),
            ("previous_jwt_secret", json!(["hunter2"])),
        ] {
            let error = parse(&with(field, value)).err().unwrap();
            assert!(error.starts_with(field), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn rs256_needs_only_the_public_key() {
        let document = json!({ "database_url": "d", "jwt_verifying_key": PEM, "previous_jwt_verifying_key": PEM });
        let secret = parse_for(Algorithm::RS256, &document).unwrap();
        assert_eq!(secret.jwt_keys.len(), 2);
        let document = json!({ "database_url": "d", "jwt_secret": KEY });
        let error = parse_for(Algorithm::RS256, &document).err().unwrap();
        assert!(error.starts_with("jwt_verifying_key"), "{error}");
    }

    #[test]
    fn an_invalid_field_is_named_and_not_quoted() {
        for (field, value) in [
            ("database_url", json!(["hunter2"])),
            ("redis_url", json!({ "url": "hunter2" })),
            ("cloudinary_url", json!("https://k:hunter2@c")),
            ("webhook_secret", json!("whsec_hunter2")),
            ("previous_webhook_secret", json!("hunter2")),
            (SERVICE_ACCOUNT, json!("hunter2")),
            (SERVICE_ACCOUNT, json!(["hunter2"])),
            (SERVICE_ACCOUNT, json!({ "project_id": "hunter2" })),
        ] {
            let error = parse(&with(field, value)).err().unwrap();
            assert!(error.starts_with(field), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        for text in [
            r#""{\"database_url\": \"hunter2\"}""#,
            r#"{"database_url": "d", "jwt_secret": hunter2}"#,
            "hunter2",
            "",
        ] {
            let error = Document::from_json(text).err().unwrap().to_string();
            assert!(error.contains("CHAT_SECRET_ID"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
