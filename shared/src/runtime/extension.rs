//! An internal extension of Lambda, on the runtime's own HTTP client
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>). The crate `lambda-extension` also has a
//! server for logs and telemetry, which makes each zipped function 0.18 MB larger.

use lambda_http::http::HeaderValue;
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{PooledClient, build_request};
use serde::Deserialize;
use serde_json::json;

use super::StartError;

const ID: &str = "lambda-extension-identifier";

/// A registered extension. Lambda waits for it before it freezes the environment.
pub(super) struct Extension {
    client: PooledClient,
    id: HeaderValue,
}

/// A request of the function.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invoke {
    /// The request's deadline, in milliseconds since 1970.
    pub deadline_ms: u64,
}

impl Extension {
    /// Registers an extension for these events; an internal one may only have `INVOKE`.
    ///
    /// # Errors
    /// The Extensions API does not respond, or rejects the extension.
    pub async fn register(name: &str, events: &[&str]) -> Result<Self, StartError> {
        let client = PooledClient::builder().build();
        let request = build_request()
            .method("POST")
            .uri("/2020-01-01/extension/register")
            .header("lambda-extension-name", name)
            .header("content-type", "application/json");
        let body = json!({ "events": events }).to_string();
        let response = client.call(request.body(Body::from(body))?).await?;
        let status = response.status();
        let id = response.headers().get(ID).filter(|_| status.is_success());
        let id = id.cloned();
        // The connection is used again once its response has been read.
        Body::new(response.into_body()).collect().await?;
        match id {
            Some(id) => Ok(Self { client, id }),
            None => {
                Err(format!("the Extensions API does not register the extension: {status}").into())
            }
        }
    }

    /// Reports that the extension is idle, and returns the next event.
    ///
    /// # Errors
    /// The Extensions API does not respond with an event.
    pub async fn next(&self) -> Result<Invoke, StartError> {
        let request = build_request()
            .uri("/2020-01-01/extension/event/next")
            .header(ID, &self.id);
        let response = self.client.call(request.body(Body::empty())?).await?;
        let event = Body::new(response.into_body()).collect().await?;
        Ok(serde_json::from_slice(&event.to_bytes())?)
    }
}
