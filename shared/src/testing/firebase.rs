use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};
use uuid::Uuid;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::domain::Viewer;

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
        // It stores nothing.
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(200).set_body_json(Value::Null))
            .mount(&server)
            .await;
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
            .filter(|it| it.method != "GET")
            .map(|it| (it.method.to_string(), it.url.path().to_owned(), body(it)))
            .collect()
    }

    /// Returns the parts of the recorded mirror writes below `/chats/{room}`, by their paths there.
    ///
    /// # Panics
    /// A body is not JSON.
    pub async fn room_writes(&self, room: Uuid) -> Vec<Value> {
        self.mirrored(&format!("chats/{room}/")).await
    }

    /// Returns the user's inbox entries in the recorded mirror writes, by their rooms.
    ///
    /// # Panics
    /// A body is not JSON.
    pub async fn inbox_writes(&self, user: Viewer) -> Vec<Value> {
        self.mirrored(&format!("inboxes/{}/", user.0)).await
    }

    /// Returns the parts of the recorded updates of the root whose paths begin with `prefix`.
    async fn mirrored(&self, prefix: &str) -> Vec<Value> {
        let updates = self.writes().await.into_iter();
        let updates = updates.filter(|(method, path, _)| method == "PATCH" && path == "/.json");
        let parts = updates.map(|(_, _, body)| {
            let below = |(path, value): (&String, &Value)| {
                Some((path.strip_prefix(prefix)?.to_owned(), value.clone()))
            };
            let paths = body.as_object().into_iter().flatten().filter_map(below);
            paths.collect::<Map<_, _>>()
        });
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(Value::Object).collect()
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
