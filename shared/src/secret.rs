//! The secrets, and how they are read again after a rotation.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde::Deserialize;

use crate::cloudinary::Cloudinary;
use crate::config::{ConfigError, SecretSource};
use crate::firebase::ServiceAccount;
use crate::http_client::HttpClient;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What nobody else may know. It has no `Debug`, so that it cannot end up in a log.
pub struct Secret {
    /// `postgres://…`, with libpq's `sslmode` and `sslrootcert`.
    pub database_url: String,
    /// The same database past a pooler in transaction mode, for migrations: they need a session.
    pub direct_database_url: Option<String>,
    /// simplejwt's `SECRET_KEY`: HS256.
    pub jwt_secret: String,
    /// The key before it, for as long as its tokens live.
    pub previous_jwt_secret: Option<String>,
    /// What signs Firebase's tokens, and for whose project pushes are sent; none where there is neither mirror nor push.
    pub service_account: Option<ServiceAccount>,
    /// `redis://…`, where answers are kept; none for nowhere.
    pub redis_url: Option<String>,
    /// What signs the uploads of photos; none where photos lie elsewhere.
    pub cloudinary: Option<Cloudinary>,
}

impl Secret {
    /// The keys that an access token may be signed with, the likeliest first.
    pub fn jwt_secrets(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.jwt_secret.as_str()).chain(self.previous_jwt_secret.as_deref())
    }
}

/// The secret in force. Read at the start; read again when a server rejects what it says.
pub struct SecretStore {
    source: SecretSource,
    current: RwLock<Arc<Secret>>,
    read_at: tokio::sync::Mutex<Instant>,
}

impl SecretStore {
    /// A rejected key is no reason to ask more often: anybody can send forged tokens.
    const SHORTEST_LIFE: Duration = Duration::from_secs(30);

    /// Reads the secret for the first time.
    pub async fn open(source: SecretSource) -> Result<Self, BoxError> {
        let current = RwLock::new(Arc::new(read(&source).await?));
        Ok(Self {
            source,
            current,
            read_at: tokio::sync::Mutex::new(Instant::now()),
        })
    }

    /// A secret that is given.
    #[cfg(feature = "testing")]
    pub fn fixed(secret: Secret) -> Self {
        let current = RwLock::new(Arc::new(secret));
        Self {
            source: SecretSource::Environment,
            current,
            read_at: tokio::sync::Mutex::new(Instant::now()),
        }
    }

    /// The secret in force.
    pub fn current(&self) -> Arc<Secret> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the secret again, because `rejected` was, and answers what is in force then. Nothing is read where
    /// another task has just done so, and nothing where the secret is the environment's, which cannot change.
    pub async fn refresh(&self, rejected: &Arc<Secret>) -> Result<Arc<Secret>, BoxError> {
        let mut read_at = self.read_at.lock().await;
        let current = self.current();
        let from_environment = matches!(self.source, SecretSource::Environment);
        if from_environment
            || !Arc::ptr_eq(&current, rejected)
            || read_at.elapsed() < Self::SHORTEST_LIFE
        {
            return Ok(current);
        }
        // Also when this fails: the next attempt waits its turn.
        *read_at = Instant::now();
        let fresh = Arc::new(read(&self.source).await?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        Ok(fresh)
    }
}

async fn read(source: &SecretSource) -> Result<Secret, BoxError> {
    match source {
        SecretSource::Environment => read_environment(),
        SecretSource::SecretsManager(id) => parse(&get_secret_value(id).await?),
    }
}

fn read_environment() -> Result<Secret, BoxError> {
    let optional = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let variable = |name, what| optional(name).ok_or(ConfigError::Missing(name, what));
    let service_account = match std::env::var("FIREBASE_CREDENTIALS_PATH") {
        Ok(path) if !path.is_empty() => {
            let invalid = |error: &dyn std::fmt::Display| {
                ConfigError::Invalid("FIREBASE_CREDENTIALS_PATH", format!("{path}: {error}"))
            };
            let json = std::fs::read_to_string(&path).map_err(|error| invalid(&error))?;
            let account = serde_json::from_str(&json);
            Some(account.map_err(|error| invalid(&without_values(&error)))?)
        }
        _ => None,
    };
    Ok(Secret {
        database_url: variable("DATABASE_URL", "postgres://user:password@host/database")?,
        direct_database_url: optional("DIRECT_DATABASE_URL"),
        jwt_secret: variable("JWT_SECRET", "the SECRET_KEY that signs simplejwt's tokens")?,
        previous_jwt_secret: optional("PREVIOUS_JWT_SECRET"),
        service_account,
        redis_url: optional("REDIS_URL"),
        cloudinary: cloudinary("CLOUDINARY_URL", std::env::var("CLOUDINARY_URL").ok())?,
    })
}

fn cloudinary(name: &str, url: Option<String>) -> Result<Option<Cloudinary>, BoxError> {
    let url = url.filter(|url| !url.trim().is_empty());
    let account = url.map(|url| Cloudinary::parse(&url)).transpose();
    account.map_err(|reason| format!("{name} is not valid: {reason}").into())
}

fn parse(json: &str) -> Result<Secret, BoxError> {
    #[derive(Deserialize)]
    struct Document {
        database_url: String,
        direct_database_url: Option<String>,
        jwt_secret: String,
        previous_jwt_secret: Option<String>,
        firebase_service_account: Option<ServiceAccount>,
        redis_url: Option<String>,
        cloudinary_url: Option<String>,
    }
    let document: Document = serde_json::from_str(json).map_err(|error| {
        format!(
            "the secret named by CHAT_SECRET_ID: {}",
            without_values(&error)
        )
    })?;
    Ok(Secret {
        database_url: document.database_url,
        direct_database_url: document.direct_database_url,
        jwt_secret: document.jwt_secret,
        previous_jwt_secret: document.previous_jwt_secret,
        service_account: document.firebase_service_account,
        redis_url: document.redis_url.filter(|url| !url.is_empty()),
        cloudinary: cloudinary(
            "cloudinary_url in the secret named by CHAT_SECRET_ID",
            document.cloudinary_url,
        )?,
    })
}

/// Where and how a secret document is wrong. What stands there is not told: the library's own words may quote it.
fn without_values(error: &serde_json::Error) -> String {
    let words = error.to_string();
    // Of its messages this one names a field, and nothing else.
    let missing = words
        .strip_prefix("missing field ")
        .and_then(|rest| rest.split(' ').next());
    match missing {
        Some(field) => format!("the field {field} is missing"),
        None => format!(
            "not the JSON that was expected ({:?} error at line {}, column {})",
            error.classify(),
            error.line(),
            error.column()
        ),
    }
}

/// Secrets Manager's `GetSecretValue`: one request, signed by AWS's own signer. The whole SDK for it would add
/// 5 ms to every cold start (`facts.md`), most of it for reading root certificates.
async fn get_secret_value(id: &str) -> Result<String, BoxError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "SecretString")]
        secret_string: String,
    }

    let variable =
        |name| std::env::var(name).map_err(|_| ConfigError::Missing(name, "Lambda sets it"));
    let region = variable("AWS_REGION")?;
    let credentials = Credentials::from_keys(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        std::env::var("AWS_SESSION_TOKEN").ok(),
    );
    let endpoint = std::env::var("AWS_ENDPOINT_URL_SECRETS_MANAGER")
        .or_else(|_| std::env::var("AWS_ENDPOINT_URL"))
        .unwrap_or_else(|_| format!("https://secretsmanager.{region}.amazonaws.com"));
    let url = format!("{}/", endpoint.trim_end_matches('/'));
    let body = serde_json::json!({ "SecretId": id }).to_string();
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "secretsmanager.GetSecretValue"),
    ];

    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&region)
        .name("secretsmanager")
        .time(std::time::SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let signable = SignableRequest::new(
        "POST",
        &url,
        headers.into_iter(),
        SignableBody::Bytes(body.as_bytes()),
    )?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();

    let client = HttpClient::default();
    let mut request = client
        .get()
        .post(&url)
        .timeout(Duration::from_secs(5))
        .body(body);
    for (name, value) in headers.into_iter().chain(instructions.headers()) {
        request = request.header(name, value);
    }
    let response = request.send().await?;
    let status = response.status();
    if !status.is_success() {
        return Err(format!(
            "Secrets Manager answered {status} for the secret named by CHAT_SECRET_ID"
        )
        .into());
    }
    Ok(response.json::<Answer>().await?.secret_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_without_a_field_names_it() {
        let error = parse(r#"{"database_url": "postgres://u:hunter2@h/d"}"#)
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains("jwt_secret") && error.contains("CHAT_SECRET_ID"),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_a_secret_says_is_not_told_where_it_is_wrong() {
        for document in [
            r#""{\"database_url\": \"hunter2\"}""#,
            r#"{"database_url": "d", "jwt_secret": "j", "firebase_service_account": "hunter2"}"#,
            r#"{"database_url": "d", "jwt_secret": hunter2}"#,
        ] {
            let error = parse(document).err().unwrap().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_secret_need_not_have_a_service_account() {
        assert!(
            parse(r#"{"database_url": "d", "jwt_secret": "j"}"#)
                .unwrap()
                .service_account
                .is_none()
        );
    }

    #[test]
    fn a_cloudinary_url_that_is_none_is_named_and_not_quoted() {
        let json =
            r#"{"database_url": "d", "jwt_secret": "j", "cloudinary_url": "https://k:hunter2@c"}"#;
        let error = parse(json).err().unwrap().to_string();
        assert!(error.contains("cloudinary_url"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
