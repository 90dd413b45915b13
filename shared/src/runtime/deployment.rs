//! A step of a deployment: what CloudFormation asks of a function that stands behind a custom resource, and how it
//! hears of the outcome. Without an answer it waits for the resource's `ServiceTimeout`.
//!
//! Source: "Custom resource request types" and "Custom resource response objects", CloudFormation user guide.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::StartError;
use crate::http_client::HttpClient;

/// What CloudFormation sends. It has no `Debug`: whoever knows the address may answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeploymentStep {
    request_type: RequestType,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
}

#[derive(Deserialize, PartialEq)]
enum RequestType {
    Create,
    Update,
    Delete,
}

impl DeploymentStep {
    /// The whole answer may have 4,096 bytes.
    const LONGEST_REASON: usize = 1_000;

    /// Whether the stack, or this resource of it, goes.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        self.request_type == RequestType::Delete
    }

    /// Tells CloudFormation how the step ended: an error ends the deployment, which is then rolled back.
    ///
    /// # Errors
    /// The answer is not taken.
    pub async fn answer(&self, outcome: Result<(), &StartError>) -> Result<(), StartError> {
        let (status, reason) = match outcome {
            Ok(()) => ("SUCCESS", String::new()),
            Err(error) => ("FAILED", chain(error.as_ref())),
        };
        let body = json!({
            "Status": status,
            "Reason": reason.chars().take(Self::LONGEST_REASON).collect::<String>(),
            // It must stay what it was: another one has CloudFormation delete the old.
            "PhysicalResourceId": self.physical_resource_id.as_deref().unwrap_or("schema"),
            "StackId": self.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.logical_resource_id,
        });
        // No content type: the address is signed for a request without one.
        let response = HttpClient::default()
            .get()
            .put(&self.response_url)
            .timeout(Duration::from_secs(10))
            .body(body.to_string())
            .send()
            .await
            .map_err(reqwest::Error::without_url)?;
        response
            .error_for_status()
            .map_err(reqwest::Error::without_url)?;
        Ok(())
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
