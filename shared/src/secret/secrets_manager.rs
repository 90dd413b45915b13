//! Reads the secret from AWS Secrets Manager with the official SDK, which signs, retries, and finds region, endpoint
//! and credentials.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::SharedHttpClient;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use super::{BoxError, SecretError};

/// The roots of Amazon Trust Services, which issue the certificates of AWS's services
/// (<https://www.amazontrust.com/repository/>). Parsing the system's roots instead takes milliseconds of every cold
/// start.
const ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// One secret of AWS Secrets Manager.
pub struct SecretsManager {
    client: Client,
    id: String,
}

impl SecretsManager {
    /// Creates a client with the SDK's default region, endpoint and credentials; `id` is a name or an ARN.
    pub async fn new(id: &str) -> Result<Self, BoxError> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(2))
            .operation_timeout(Duration::from_secs(5))
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client()?)
            .timeout_config(timeouts)
            .load()
            .await;
        Ok(Self {
            client: Client::new(&config),
            id: id.to_owned(),
        })
    }

    /// Creates a client for a test's server.
    #[cfg(test)]
    pub fn at(endpoint: &str) -> Self {
        use aws_sdk_secretsmanager::config::{Config, Credentials, Region};

        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-3"))
            .endpoint_url(endpoint)
            .credentials_provider(Credentials::new("key", "secret", None, None, "tests"))
            .http_client(http_client().unwrap())
            .build();
        Self {
            client: Client::from_conf(config),
            id: "relais".to_owned(),
        }
    }

    /// Reads the value of the secret.
    ///
    /// # Errors
    /// See [`SecretError`].
    pub async fn read(&self) -> Result<String, SecretError> {
        let request = self.client.get_secret_value().secret_id(&self.id);
        let value = request.send().await.map_err(|error| describe(&error))?;
        value.secret_string.ok_or(SecretError::NoText)
    }
}

fn http_client() -> Result<SharedHttpClient, BoxError> {
    let roots = TrustStore::empty().with_pem_certificate(ROOTS);
    let tls = TlsContext::builder().with_trust_store(roots).build()?;
    Ok(aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https())
}

/// Reduces an error to AWS's code, or to the causes of a missing response. The `Debug` output of an SDK error contains
/// the whole response.
fn describe<E>(error: &SdkError<E>) -> SecretError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if let SdkError::ServiceError(rejection) = error {
        let code = rejection.err().code().map(str::to_owned);
        let status = || rejection.raw().status().to_string();
        return SecretError::Rejected(code.unwrap_or_else(status));
    }
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    SecretError::Unreachable(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wiremock::matchers::{body_json, header, method};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    #[tokio::test]
    async fn the_value_is_read_by_name() {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(header("x-amz-target", "secretsmanager.GetSecretValue"))
            .and(body_json(json!({ "SecretId": "relais" })))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "SecretString": "{}" })))
            .expect(1)
            .mount(&server)
            .await;
        let value = SecretsManager::at(&server.uri()).read().await.unwrap();
        assert_eq!(value, "{}");
    }

    #[tokio::test]
    async fn a_server_error_is_retried() {
        let server = MockServer::start().await;
        let failure = ResponseTemplate::new(500);
        let failing = Mock::given(method("POST")).respond_with(failure);
        failing.up_to_n_times(1).mount(&server).await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "SecretString": "{}" })))
            .mount(&server)
            .await;
        assert!(SecretsManager::at(&server.uri()).read().await.is_ok());
    }

    #[tokio::test]
    async fn an_error_has_awss_code_and_a_hint() {
        let server = MockServer::start().await;
        let body =
            json!({ "__type": "AccessDeniedException", "Message": "not authorized to perform" });
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(400).set_body_json(body))
            .mount(&server)
            .await;
        let error = SecretsManager::at(&server.uri()).read().await.unwrap_err();
        assert!(error.is_transient(), "a new role's policy arrives late");
        let error = error.to_string();
        assert!(
            error.contains("CHAT_SECRET_ID") && error.contains("AccessDeniedException. The"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_malformed_response_is_not_quoted() {
        let server = MockServer::start().await;
        for body in [
            r#"{"SecretString": hunter2}"#,
            r#"{"SecretString": ["hunter2"]}"#,
            "hunter2",
        ] {
            server.reset().await;
            Mock::given(method("POST"))
                .respond_with(ResponseTemplate::new(200).set_body_string(body))
                .mount(&server)
                .await;
            let error = SecretsManager::at(&server.uri()).read().await.unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_roots_are_public_ones() {
        use rustls::pki_types::{CertificateDer, pem::PemObject};

        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ROOTS) {
            roots.add(certificate.unwrap()).unwrap();
        }
        assert_eq!(roots.len(), 5);
        let public = webpki_roots::TLS_SERVER_ROOTS;
        for root in &roots.roots {
            let spki = &root.subject_public_key_info;
            assert!(public.iter().any(|it| it.subject_public_key_info == *spki));
        }
    }
}
