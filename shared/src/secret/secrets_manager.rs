use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde::Deserialize;

use super::{BoxError, SecretError};
use crate::config::ConfigError;
use crate::http_client::HttpClient;

/// Secrets Manager's `GetSecretValue`: one request, signed by AWS's own signer. The whole SDK for it would add
/// 5 ms to every cold start (`facts.md`), most of it for reading root certificates.
pub async fn get_secret_value(id: &str) -> Result<String, BoxError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "SecretString")]
        secret_string: String,
    }

    #[derive(Default, Deserialize)]
    struct Rejection {
        #[serde(rename = "__type")]
        code: String,
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
    let unreachable =
        |error: reqwest::Error| SecretError::Unreachable(error.without_url().to_string());
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    if !status.is_success() {
        let error: Rejection = response.json().await.unwrap_or_default();
        let code = error.code.rsplit('#').next().unwrap_or_default();
        let code = if code.is_empty() {
            status.as_str()
        } else {
            code
        };
        return Err(SecretError::Rejected(code.to_owned()).into());
    }
    let answer: Answer = response.json().await.map_err(unreachable)?;
    Ok(answer.secret_string)
}
