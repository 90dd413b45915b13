use serde_json::Value;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A Firebase that takes everything and remembers it. What Firebase makes of it is for the tests against the stand-in.
pub struct RecordingFirebase(MockServer);

impl RecordingFirebase {
    pub(super) async fn start() -> Self {
        let server = MockServer::start().await;
        for write in ["PATCH", "PUT", "DELETE"] {
            Mock::given(method(write))
                .respond_with(ResponseTemplate::new(204))
                .mount(&server)
                .await;
        }
        Self(server)
    }

    /// `host:port`.
    #[must_use]
    pub fn host(&self) -> String {
        self.0.address().to_string()
    }

    /// What was written so far: method, path and body (null if there was none).
    ///
    /// # Panics
    /// A body that is no JSON.
    pub async fn writes(&self) -> Vec<(String, String, Value)> {
        let requests = self.0.received_requests().await.unwrap_or_default();
        requests
            .iter()
            .map(|it| (it.method.to_string(), it.url.path().to_owned(), body(it)))
            .collect()
    }

    /// The queries of what was written so far.
    pub async fn queries(&self) -> Vec<String> {
        let requests = self.0.received_requests().await.unwrap_or_default();
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
