use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use url::Url;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::config::WebhookSettings;

/// A webhook endpoint that accepts and records every event unless a test rejects it.
pub struct RecordingWebhooks {
    server: MockServer,
    response: Arc<Mutex<ResponseTemplate>>,
}

impl RecordingWebhooks {
    /// A key for tests.
    pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// Starts an endpoint.
    pub async fn start() -> Self {
        let server = MockServer::start().await;
        let response = Arc::new(Mutex::new(ResponseTemplate::new(204)));
        let current = response.clone();
        let respond = move |_: &Request| {
            let response = current.lock().unwrap_or_else(PoisonError::into_inner);
            response.clone()
        };
        Mock::given(method("POST"))
            .respond_with(respond)
            .mount(&server)
            .await;
        Self { server, response }
    }

    /// Sends this response to every event from now on.
    pub fn responds(&self, response: ResponseTemplate) {
        *self.response.lock().unwrap_or_else(PoisonError::into_inner) = response;
    }

    /// Accepts events again.
    pub fn recovers(&self) {
        self.responds(ResponseTemplate::new(204));
    }

    /// Its settings. The time limit is that of Firebase, because a machine that runs tests is busy.
    ///
    /// # Panics
    /// Its URL is invalid.
    #[must_use]
    pub fn settings(&self) -> WebhookSettings {
        let url = format!("{}/webhooks", self.server.uri());
        WebhookSettings {
            url: Url::parse(&url).expect("a URL"),
            prompt: Duration::from_millis(1500),
        }
    }

    /// Returns the recorded requests.
    pub async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap_or_default()
    }

    /// Returns the recorded events, including rejected ones: id and body.
    ///
    /// # Panics
    /// A request has no id, or its body is not JSON.
    pub async fn events(&self) -> Vec<(String, Value)> {
        let requests = self.requests().await;
        requests
            .iter()
            .map(|it| {
                let id = it.headers["webhook-id"].to_str().expect("a text");
                (id.to_owned(), it.body_json().expect("JSON"))
            })
            .collect()
    }

    /// Returns the types of the recorded events.
    pub async fn types(&self) -> Vec<String> {
        let events = self.events().await;
        let types = events.iter().map(|(_, body)| body["type"].as_str());
        types.map(|it| it.unwrap_or_default().to_owned()).collect()
    }
}
