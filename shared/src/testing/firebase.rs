use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A Realtime Database that accepts and records every write. It evaluates no rules; the tests against the stand-in do.
pub struct RecordingFirebase {
    server: MockServer,
    response: Arc<Mutex<ResponseTemplate>>,
}

impl RecordingFirebase {
    pub(super) async fn start() -> Self {
        let server = MockServer::start().await;
        let response = Arc::new(Mutex::new(ResponseTemplate::new(204)));
        for write in ["PATCH", "PUT", "DELETE"] {
            let response = response.clone();
            let respond = move |_: &Request| {
                let response = response.lock().unwrap_or_else(PoisonError::into_inner);
                response.clone()
            };
            Mock::given(method(write))
                .respond_with(respond)
                .mount(&server)
                .await;
        }
        Self { server, response }
    }

    /// Sends this response to every write from now on.
    pub fn responds(&self, response: ResponseTemplate) {
        *self.response.lock().unwrap_or_else(PoisonError::into_inner) = response;
    }

    /// Accepts writes again.
    pub fn recovers(&self) {
        self.responds(ResponseTemplate::new(204));
    }

    /// `host:port`.
    #[must_use]
    pub fn host(&self) -> String {
        self.server.address().to_string()
    }

    /// Returns the recorded writes: method, path and body (null without a body).
    ///
    /// # Panics
    /// A body is not JSON.
    pub async fn writes(&self) -> Vec<(String, String, Value)> {
        let requests = self.server.received_requests().await.unwrap_or_default();
        requests
            .iter()
            .map(|it| (it.method.to_string(), it.url.path().to_owned(), body(it)))
            .collect()
    }

    /// Returns the query strings of the recorded writes.
    pub async fn queries(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap_or_default();
        requests
            .iter()
            .filter_map(|it| it.url.query().map(str::to_owned))
            .collect()
    }
}

fn body(request: &Request) -> Value {
    if request.body.is_empty() {
        Value::Null
    } else {
        request.body_json().expect("JSON")
    }
}
