use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A Firebase that accepts everything and remembers it. What Firebase makes of it is for the tests against the stand-in.
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

    /// Responds to every write like this from now on.
    pub fn responds(&self, response: ResponseTemplate) {
        *self.response.lock().unwrap_or_else(PoisonError::into_inner) = response;
    }

    /// Accepts every write again.
    pub fn recovers(&self) {
        self.responds(ResponseTemplate::new(204));
    }

    /// `host:port`.
    #[must_use]
    pub fn host(&self) -> String {
        self.server.address().to_string()
    }

    /// What was written so far: method, path and body (null if there was none).
    ///
    /// # Panics
    /// A body that is no JSON.
    pub async fn writes(&self) -> Vec<(String, String, Value)> {
        let requests = self.server.received_requests().await.unwrap_or_default();
        requests
            .iter()
            .map(|it| (it.method.to_string(), it.url.path().to_owned(), body(it)))
            .collect()
    }

    /// The queries of what was written so far.
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
