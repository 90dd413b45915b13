use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A server for FCM and Google's token endpoint that records every message, and accepts it unless a test rejects it.
pub struct RecordingFcm(MockServer);

impl RecordingFcm {
    const SEND: &str = "^/v1/projects/[^/]+/messages:send$";

    pub(super) async fn start() -> Self {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/token"))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!({ "access_token": "of-the-test", "expires_in": 3600 })),
            )
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .and(path_regex(Self::SEND))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!({ "name": "projects/p/messages/1" })),
            )
            .mount(&server)
            .await;
        Self(server)
    }

    /// `http://host:port`.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.uri()
    }

    /// Rejects the next `times` pushes to this device with an error.
    pub async fn rejects(&self, token: &str, status: u16, code: &str, times: u64) {
        let error = json!({ "error": {
            "code": status, "message": "Rejected.", "status": code,
            "details": [{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code }],
        }});
        Mock::given(path_regex(Self::SEND))
            .and(body_partial_json(json!({ "message": { "token": token } })))
            .respond_with(ResponseTemplate::new(status).set_body_json(error))
            .up_to_n_times(times)
            .with_priority(1)
            .mount(&self.0)
            .await;
    }

    /// Returns the recorded messages, including rejected ones.
    ///
    /// # Panics
    /// A body is not JSON.
    pub async fn messages(&self) -> Vec<Value> {
        let requests = self.0.received_requests().await.unwrap_or_default();
        requests
            .iter()
            .filter(|request| request.url.path() != "/token")
            .map(|request| request.body_json::<Value>().expect("JSON")["message"].clone())
            .collect()
    }
}
