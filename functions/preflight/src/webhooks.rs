//! The webhooks: the endpoint accepts a signed event and rejects a forged one, and the events are being written.

use std::sync::Arc;

use serde_json::json;
use shared::config::Settings;
use shared::db::{self, Database};
use shared::domain::Timestamp;
use shared::secret::SecretStore;
use shared::webhooks::{Endpoint, WebhookError};
use uuid::Uuid;

use crate::report::Check;

const NAME: &str = "Webhooks";

pub async fn checks(settings: &Settings, secrets: &Arc<SecretStore>) -> Vec<Check> {
    let Some(webhooks) = &settings.webhooks else {
        return vec![Check::skipped(NAME, "WebhookUrl is empty: there are none")];
    };
    if secrets.current().webhook_keys.is_empty() {
        let fix = "add webhook_secret to the secret: whsec_ and 32 random bytes in Base64";
        let detail = "WEBHOOK_URL is set, and there is no key to sign with";
        return vec![Check::failed(NAME, detail, fix)];
    }
    let endpoint = Endpoint::new(webhooks, secrets.clone(), Arc::default());
    let mut checks = vec![signature(&endpoint).await];
    // An unreachable database is reported by its own check.
    if let Ok(database) = Database::open(secrets.clone(), 1, Some(false))
        && let Ok(state) = db::webhooks::state(&database).await
    {
        checks.push(events(state));
    }
    checks
}

async fn signature(endpoint: &Endpoint) -> Check {
    let ping = json!({ "type": "preflight.ping", "timestamp": Timestamp::now(), "data": {} });
    if let Err(error) = endpoint.post(Uuid::now_v7(), &ping).await {
        let fix = match error {
            WebhookError::Response {
                status: 401 | 403, ..
            } => "give the endpoint the key of webhook_secret, and have it verify the raw body",
            WebhookError::Response { .. } => {
                "respond with 2xx to a signed event, also to one of an unknown type"
            }
            _ => "check WebhookUrl; from a VPC, the functions need NAT to reach it",
        };
        return Check::failed(NAME, format!("the endpoint {error}"), fix);
    }
    match endpoint.post_forged(Uuid::now_v7(), &ping).await {
        Ok(200..300) => Check::failed(
            NAME,
            "the endpoint accepts an event with a wrong signature",
            "verify webhook-signature: anybody can send events to the endpoint",
        ),
        Ok(_) => Check::ok(
            NAME,
            "the endpoint accepts a signed event and rejects a forged one",
        ),
        Err(error) => Check::failed(
            NAME,
            format!("the endpoint gives {error} to a forged event"),
            "respond with 401 to a wrong signature",
        ),
    }
}

fn events(state: db::webhooks::State) -> Check {
    const NAME: &str = "webhook events";
    if !state.is_on {
        let fix = "invoke migrate-database with {}, or deploy again";
        return Check::failed(NAME, "they are not written, or not all of them", fix);
    }
    if state.is_stopped {
        let detail = "the endpoint has responded with 410, and the delivery is stopped";
        let fix = r#"invoke deliver-pending with {"channel":"webhooks","resume":true}"#;
        return Check::failed(NAME, detail, fix);
    }
    Check::ok(NAME, "they are written, and delivered")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::report::Status;
    use shared::config::WebhookSettings;
    use shared::testing::{RecordingWebhooks, TestApp};
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, Request, ResponseTemplate};

    async fn check(respond: impl Fn(bool) -> u16 + Send + Sync + 'static) -> Check {
        let server = MockServer::start().await;
        let respond = move |request: &Request| {
            let signature = request.headers["webhook-signature"].to_str().unwrap();
            ResponseTemplate::new(respond(!signature.contains("AAAAAAAA")))
        };
        Mock::given(any())
            .respond_with(respond)
            .mount(&server)
            .await;
        let test = TestApp::with(|settings, secret| {
            let (url, prompt) = (server.uri().parse().unwrap(), Duration::from_secs(1));
            settings.webhooks = Some(WebhookSettings { url, prompt });
            let key = shared::webhooks::WebhookKey::parse(RecordingWebhooks::SECRET);
            secret.webhook_keys.push(key.unwrap());
        })
        .await;
        signature(test.app.webhook_endpoint.as_ref().unwrap()).await
    }

    #[tokio::test]
    async fn an_endpoint_must_accept_a_signed_event_and_reject_a_forged_one() {
        let good = check(|is_signed| if is_signed { 204 } else { 401 }).await;
        assert_eq!(good.status, Status::Ok, "{good:?}");
        for (respond, words) in [
            ((|_| 204) as fn(bool) -> u16, "verify webhook-signature"),
            (|_| 401, "key of webhook_secret"),
            (|_| 404, "2xx"),
        ] {
            let check = check(respond).await;
            assert_eq!(check.status, Status::Failed);
            assert!(check.fix.as_ref().unwrap().contains(words), "{check:?}");
        }
    }

    #[tokio::test]
    async fn missing_triggers_and_a_stopped_delivery_are_failures() {
        let (test, _endpoint) = TestApp::with_webhooks().await;
        let database = &test.app.database;
        let status = async || events(db::webhooks::state(database).await.unwrap()).status;
        assert_eq!(status().await, Status::Ok);
        db::webhooks::stop(database).await.unwrap();
        assert_eq!(status().await, Status::Failed);
        db::webhooks::resume(database).await.unwrap();
        let drop = "DROP TRIGGER chat_webhook_message_created ON chat_messages";
        test.sql.batch_execute(drop).await.unwrap();
        assert_eq!(status().await, Status::Failed);
    }
}
