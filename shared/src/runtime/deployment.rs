//! A custom resource's side of a deployment: CloudFormation's request, and the response that it waits for until the
//! resource's `ServiceTimeout`.
//!
//! Source: "Custom resource request types" and "Custom resource response objects", CloudFormation user guide.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::StartError;
use crate::domain::cut;
use crate::http_client::HttpClient;

/// A request from CloudFormation. It has no `Debug`: anyone who knows the URL may respond.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeploymentStep {
    #[serde(rename = "ResponseURL")]
    response_url: String,
    #[serde(default)]
    request_type: String,
    #[serde(default)]
    stack_id: String,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    logical_resource_id: String,
    physical_resource_id: Option<String>,
}

impl DeploymentStep {
    /// CloudFormation's limit on a response, in bytes.
    const MAX_RESPONSE: usize = 4096;
    /// The last attempt ends at most 25 s after the first began.
    const ATTEMPTS: u32 = 4;
    const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
    const FIRST_DELAY: Duration = Duration::from_millis(500);

    /// Reads an event; `None` if CloudFormation did not send it. Only the URL is required, so that a malformed event
    /// still gets a response.
    #[must_use]
    pub fn read(event: &Value) -> Option<Self> {
        Self::deserialize(event).ok()
    }

    /// Returns whether the resource or the whole stack is being deleted.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        self.request_type == "Delete"
    }

    /// Sends the outcome to CloudFormation. An `Err` is the reason shown in the stack's events, and fails the
    /// deployment.
    ///
    /// # Errors
    /// Every attempt failed.
    pub async fn respond(&self, outcome: Result<(), &str>) -> Result<(), StartError> {
        let body = self.response(outcome);
        let client = HttpClient::default();
        let mut delay = Self::FIRST_DELAY;
        for attempt in 1.. {
            // The URL is signed for a request without a content type.
            let request = client.get().put(&self.response_url);
            let request = request.timeout(Self::ATTEMPT_TIMEOUT).body(body.clone());
            let response = request.send().await;
            match response.and_then(reqwest::Response::error_for_status) {
                Ok(_) => break,
                Err(error) if attempt == Self::ATTEMPTS => return Err(error.without_url().into()),
                Err(error) => {
                    tracing::warn!(error = %error.without_url(), attempt, "CloudFormation response failed");
                    tokio::time::sleep(delay).await;
                    delay *= 2;
                }
            }
        }
        Ok(())
    }

    fn response(&self, outcome: Result<(), &str>) -> String {
        let (status, reason) = match outcome {
            Ok(()) => ("SUCCESS", ""),
            Err(reason) => ("FAILED", reason),
        };
        let with = |reason: &str| {
            json!({
                "Status": status,
                "Reason": reason,
                // CloudFormation deletes the old resource if this id changes.
                "PhysicalResourceId": self.physical_resource_id.as_deref().unwrap_or("schema"),
                "StackId": self.stack_id,
                "RequestId": self.request_id,
                "LogicalResourceId": self.logical_resource_id,
            })
            .to_string()
        };
        let mut reason = reason.to_owned();
        let mut body = with(&reason);
        while body.len() > Self::MAX_RESPONSE && !reason.is_empty() {
            // The encoded length of a character varies, but is at least one byte.
            let excess = (body.len() - Self::MAX_RESPONSE).div_ceil(6);
            let kept = reason.chars().count().saturating_sub(excess);
            reason.truncate(cut(&reason, kept).len());
            body = with(&reason);
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wiremock::matchers::method;
    use wiremock::{Mock, MockServer, Request, ResponseTemplate};

    fn step(changes: &Value) -> DeploymentStep {
        let mut event = json!({
            "RequestType": "Create",
            "ResponseURL": "http://127.0.0.1:1/response?signature=x",
            "StackId": "arn:aws:cloudformation:eu-west-3:123456789012:stack/relais/1",
            "RequestId": "request-1",
            "LogicalResourceId": "Schema",
            "ResourceProperties": { "CodeVersion": "3" },
        });
        for (name, value) in changes.as_object().unwrap() {
            event[name] = value.clone();
        }
        DeploymentStep::read(&event).unwrap()
    }

    /// Responds through an S3 that first fails `failures` times. Returns the requests that it received.
    async fn respond(failures: u64) -> (Result<(), StartError>, Vec<Request>) {
        let s3 = MockServer::start().await;
        if failures > 0 {
            Mock::given(method("PUT"))
                .respond_with(ResponseTemplate::new(503))
                .up_to_n_times(failures)
                .mount(&s3)
                .await;
        }
        Mock::given(method("PUT"))
            .respond_with(ResponseTemplate::new(200))
            .mount(&s3)
            .await;
        let url = format!("{}/response?signature=x", s3.uri());
        let outcome = step(&json!({ "ResponseURL": url })).respond(Ok(())).await;
        (outcome, s3.received_requests().await.unwrap())
    }

    #[tokio::test]
    async fn the_response_is_put_without_a_content_type() {
        let (outcome, requests) = respond(0).await;
        outcome.unwrap();
        let [request] = &requests[..] else {
            panic!("{requests:?}")
        };
        assert!(!request.headers.contains_key("content-type"));
        let body: Value = request.body_json().unwrap();
        assert_eq!(
            body,
            json!({
                "Status": "SUCCESS", "Reason": "", "PhysicalResourceId": "schema",
                "StackId": "arn:aws:cloudformation:eu-west-3:123456789012:stack/relais/1",
                "RequestId": "request-1", "LogicalResourceId": "Schema",
            })
        );
    }

    #[tokio::test]
    async fn a_failed_response_is_retried() {
        let (outcome, requests) = respond(2).await;
        outcome.unwrap();
        assert_eq!(requests.len(), 3);
    }

    #[tokio::test]
    async fn a_response_that_is_never_accepted_is_an_error_without_the_url() {
        let (outcome, requests) = respond(100).await;
        let error = outcome.unwrap_err().to_string();
        assert!(
            error.contains("503") && !error.contains("signature"),
            "{error}"
        );
        assert_eq!(requests.len(), DeploymentStep::ATTEMPTS as usize);
    }

    #[test]
    fn a_response_never_exceeds_the_size_limit() {
        for reason in ["x", "é", "\u{1}", "\"", "🚚"] {
            let body = step(&json!({})).response(Err(&reason.repeat(10_000)));
            assert!(body.len() <= DeploymentStep::MAX_RESPONSE, "{}", body.len());
            assert!(
                body.len() > DeploymentStep::MAX_RESPONSE - 8,
                "{}",
                body.len()
            );
            assert!(serde_json::from_str::<Value>(&body).is_ok());
        }
    }

    #[test]
    fn a_reason_is_not_cut_within_a_grapheme_cluster() {
        let accented = "e\u{301}";
        for shift in ["", "x", "xx", "xxx"] {
            let reason = shift.to_owned() + &accented.repeat(10_000);
            let body = step(&json!({})).response(Err(&reason));
            let body: Value = serde_json::from_str(&body).unwrap();
            let cut = body["Reason"].as_str().unwrap();
            assert!(cut.ends_with(accented), "{shift:?}");
        }
    }

    #[test]
    fn the_physical_resource_keeps_its_id() {
        let step = step(&json!({ "RequestType": "Update", "PhysicalResourceId": "as before" }));
        let body: Value = serde_json::from_str(&step.response(Err("why"))).unwrap();
        assert_eq!(
            (
                &body["Status"],
                &body["Reason"],
                &body["PhysicalResourceId"]
            ),
            (&json!("FAILED"), &json!("why"), &json!("as before"))
        );
    }

    #[test]
    fn an_event_is_a_deployments_if_it_has_a_response_url() {
        assert!(DeploymentStep::read(&json!({ "ResponseURL": "http://h/" })).is_some());
        for event in [json!({}), json!(null), json!({ "source": "make dev" })] {
            assert!(DeploymentStep::read(&event).is_none(), "{event}");
        }
    }
}
