//! Reads the secret from AWS Secrets Manager with the official SDK, which signs, retries, and finds the endpoint.
//!
//! Lambda sets the region and the role's credentials as environment variables. The SDK's whole chain (profiles, STS,
//! metadata services) and its own HTTP client with HTTP/2 make each zipped function almost 1 MB larger.

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_secretsmanager::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use lambda_http::http::Response;
use reqwest::Body;

use super::{BoxError, SecretError};
use crate::http_client::HttpClient;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(5);

/// One secret of AWS Secrets Manager.
pub struct SecretsManager {
    client: Client,
    id: String,
}

impl SecretsManager {
    /// Creates a client with the region, endpoint and credentials of the environment; `id` is a name or an ARN.
    ///
    /// # Errors
    /// The environment has no region or no credentials; the error names the variable.
    pub fn new(id: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, BoxError> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let required = |name: &str| {
            variable(name)
                .ok_or_else(|| BoxError::from(format!("{name} is required with CHAT_SECRET_ID")))
        };
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            variable("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let endpoint = variable("AWS_ENDPOINT_URL_SECRETS_MANAGER");
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(TIMEOUT);
        let connector = SharedHttpConnector::new(Reqwest(HttpClient::new(CONNECT_TIMEOUT)));
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(required("AWS_REGION")?))
            .credentials_provider(credentials)
            .timeout_config(timeouts.build())
            .http_client(http_client_fn(move |_, _| connector.clone()));
        config.set_endpoint_url(endpoint.or_else(|| variable("AWS_ENDPOINT_URL")));
        Ok(Self {
            client: Client::from_conf(config.build()),
            id: id.to_owned(),
        })
    }

    /// Creates a client for a test's server.
    #[cfg(test)]
    pub fn at(endpoint: &str) -> Self {
        let variable = |name: &str| {
            Some(match name {
                "AWS_REGION" => "eu-west-3".to_owned(),
                "AWS_ENDPOINT_URL" => endpoint.to_owned(),
                "AWS_ACCESS_KEY_ID" => "key".to_owned(),
                "AWS_SECRET_ACCESS_KEY" => "secret".to_owned(),
                _ => return None,
            })
        };
        Self::new("relais", variable).unwrap()
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

/// Sends the SDK's requests with reqwest.
struct Reqwest(HttpClient);

impl std::fmt::Debug for Reqwest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Reqwest")
    }
}

impl HttpConnector for Reqwest {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.get().clone();
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?;
            let request = request
                .map(Body::wrap)
                .try_into()
                .map_err(|error: reqwest::Error| ConnectorError::user(error.into()))?;
            let response = client.execute(request).await.map_err(|error| {
                if error.is_timeout() {
                    ConnectorError::timeout(error.into())
                } else {
                    ConnectorError::io(error.into())
                }
            })?;
            HttpResponse::try_from(Response::from(response).map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
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
    use wiremock::matchers::{body_json, header, header_regex, method};
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
    fn the_environment_must_have_region_and_credentials() {
        let names = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        for missing in names {
            for absent in [None, Some(" ".to_owned())] {
                let variable = |name: &str| {
                    if name == missing {
                        absent.clone()
                    } else {
                        Some("hunter2".to_owned())
                    }
                };
                let error = SecretsManager::new("relais", variable).err().unwrap();
                let error = error.to_string();
                assert!(
                    error.contains(missing) && !error.contains("hunter2"),
                    "{error}"
                );
            }
        }
    }

    #[tokio::test]
    async fn the_request_is_signed_with_the_credentials_of_the_environment() {
        let (server, other) = (MockServer::start().await, MockServer::start().await);
        Mock::given(header_regex(
            "authorization",
            "Credential=key/[0-9]{8}/eu-west-3/secretsmanager/",
        ))
        .and(header("x-amz-security-token", "session"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "SecretString": "{}" })))
        .expect(1)
        .mount(&server)
        .await;
        let variable = |name: &str| {
            Some(match name {
                "AWS_REGION" => "eu-west-3".to_owned(),
                "AWS_ENDPOINT_URL" => other.uri(),
                "AWS_ENDPOINT_URL_SECRETS_MANAGER" => server.uri(),
                "AWS_ACCESS_KEY_ID" => "key".to_owned(),
                "AWS_SECRET_ACCESS_KEY" => "secret".to_owned(),
                "AWS_SESSION_TOKEN" => "session".to_owned(),
                _ => return None,
            })
        };
        let secret = SecretsManager::new("relais", variable).unwrap();
        assert_eq!(secret.read().await.unwrap(), "{}");
    }

    #[tokio::test]
    async fn a_closed_port_and_a_silent_server_are_unreachable() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let silent = SecretsManager::at(&url).read().await.unwrap_err();
        drop(listener);
        let closed = SecretsManager::at(&url).read().await.unwrap_err();
        for error in [silent, closed] {
            assert!(matches!(error, SecretError::Unreachable(_)), "{error}");
        }
    }

    #[test]
    fn the_public_roots_have_amazons() {
        for name in [
            "Amazon Root CA 1",
            "Amazon Root CA 2",
            "Amazon Root CA 3",
            "Amazon Root CA 4",
        ] {
            let roots = webpki_roots::TLS_SERVER_ROOTS;
            let names =
                |subject: &[u8]| subject.windows(name.len()).any(|it| it == name.as_bytes());
            assert!(roots.iter().any(|root| names(&root.subject)), "{name}");
        }
    }
}
