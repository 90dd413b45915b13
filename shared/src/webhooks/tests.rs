use std::time::Duration;

use serde_json::json;
use standardwebhooks::Webhook;
use wiremock::ResponseTemplate;

use super::*;
use crate::config::WebhookSettings;
use crate::db::delivery::circuit;
use crate::delivery::sweep::{Sweep, sweep};
use crate::delivery::{ChannelName, DeliveryOutcome, RetryCause, after_reply};
use crate::testing::{RecordingWebhooks, TestApp};

const NEW: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

async fn run(test: &TestApp) -> Sweep {
    sweep(test.app.webhooks().unwrap(), Duration::ZERO)
        .await
        .unwrap()
}

async fn make_due(test: &TestApp) {
    let sql = "UPDATE chat_webhook_queues SET deliver_after = NULL";
    test.sql.execute(sql, &[]).await.unwrap();
}

#[tokio::test]
async fn events_of_a_room_are_delivered_in_order_after_the_reply() {
    let (test, endpoint) = TestApp::with_webhooks().await;
    let (driver, _, room) = test.room().await;
    for text in ["1", "2"] {
        test.say(driver, room, text).await;
    }
    after_reply::deliver_rooms(test.app.webhooks().unwrap(), vec![room]).await;
    let events = endpoint.events().await;
    let texts: Vec<_> = events
        .iter()
        .map(|(_, it)| &it["data"]["message"]["text"])
        .collect();
    assert_eq!(texts, [&json!(null), &json!("1"), &json!("2")]);
    assert!(events.is_sorted_by_key(|(id, _)| id.clone()));
    after_reply::deliver_rooms(test.app.webhooks().unwrap(), vec![room]).await;
    assert_eq!(endpoint.events().await.len(), 3);
}

#[tokio::test]
async fn a_request_is_signed_and_its_id_is_the_same_for_every_attempt() {
    let (test, endpoint) = TestApp::with_webhooks().await;
    test.room().await;
    endpoint.responds(ResponseTemplate::new(422));
    assert_eq!(run(&test).await.failed, 1);
    make_due(&test).await;
    endpoint.recovers();
    assert_eq!(run(&test).await.delivered, 1);

    let requests = endpoint.requests().await;
    let webhook = Webhook::new(RecordingWebhooks::SECRET).unwrap();
    for request in &requests {
        webhook.verify(&request.body, &request.headers).unwrap();
        assert_eq!(request.headers["content-type"], "application/json");
    }
    let ids: Vec<_> = requests
        .iter()
        .map(|it| &it.headers["webhook-id"])
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn both_keys_sign_during_a_rotation() {
    let endpoint = RecordingWebhooks::start().await;
    let test = TestApp::with(|settings, secret| {
        settings.webhooks = Some(endpoint.settings());
        for key in [NEW, RecordingWebhooks::SECRET] {
            secret.webhook_keys.push(WebhookKey::parse(key).unwrap());
        }
    })
    .await;
    let event = json!({ "type": "room.created" });
    let id = uuid::Uuid::now_v7();
    let target = test.app.webhook_endpoint.as_ref().unwrap();
    target.post(id, &event).await.unwrap();
    target.post_forged(id, &event).await.unwrap();
    let requests = endpoint.requests().await;
    for key in [NEW, RecordingWebhooks::SECRET] {
        let webhook = Webhook::new(key).unwrap();
        let verify = |n: usize| webhook.verify(&requests[n].body, &requests[n].headers);
        verify(0).unwrap();
        assert!(verify(1).is_err());
    }
}

#[tokio::test]
async fn a_key_that_the_endpoint_rejects_is_read_again() {
    use crate::secret::SecretStore;
    use wiremock::matchers::{header_exists, method};
    use wiremock::{Mock, MockServer, Request};

    let secrets = MockServer::start().await;
    let publish = async |key: &str| {
        secrets.reset().await;
        let document = json!({
            "database_url": "d", "jwt_secret": "a key of the tests, which is long enough", "webhook_secret": key,
        });
        let body = json!({ "SecretString": document.to_string() });
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&secrets)
            .await;
    };
    publish(RecordingWebhooks::SECRET).await;
    let store = SecretStore::open_at(&secrets.uri()).await.unwrap();
    publish(NEW).await;

    let server = MockServer::start().await;
    let accepts_new = |request: &Request| {
        let verified = Webhook::new(NEW)
            .unwrap()
            .verify(&request.body, &request.headers);
        ResponseTemplate::new(if verified.is_ok() { 204 } else { 401 })
    };
    Mock::given(header_exists("webhook-signature"))
        .respond_with(accepts_new)
        .mount(&server)
        .await;
    let client = std::sync::Arc::default();
    let url = server.uri().parse().unwrap();
    let prompt = Duration::from_secs(1);
    let settings = WebhookSettings { url, prompt };
    let endpoint = Endpoint::new(&settings, std::sync::Arc::new(store), client);
    let post = async || endpoint.post(uuid::Uuid::now_v7(), &json!({})).await;
    assert!(post().await.is_err(), "the secret was read a moment ago");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    post().await.unwrap();
}

#[tokio::test]
async fn a_rejected_event_is_no_outage_and_blocks_only_its_room() {
    let (test, endpoint) = TestApp::with_webhooks().await;
    let (driver, ..) = test.room().await;
    for _ in 0..7 {
        let merchant = test.user("merchant", "Chez Awa").await;
        test.room_between(driver, merchant).await;
    }
    endpoint.responds(ResponseTemplate::new(400));
    assert_eq!(
        run(&test).await,
        Sweep {
            delivered: 0,
            failed: 8,
            backlog: 8
        }
    );
    let state = circuit(&test.app.database, ChannelName::Webhooks.name())
        .await
        .unwrap();
    assert!(!state.is_open && state.failures == 0);
}

#[tokio::test]
async fn an_endpoint_that_fails_opens_the_circuit_and_one_that_recovers_gets_everything() {
    let (test, endpoint) = TestApp::with_webhooks().await;
    let (driver, _, room) = test.room().await;
    for _ in 0..7 {
        let merchant = test.user("merchant", "Chez Awa").await;
        test.room_between(driver, merchant).await;
    }
    endpoint.responds(ResponseTemplate::new(503).insert_header("retry-after", "0"));
    assert_eq!(run(&test).await.failed, 8);
    let before = endpoint.events().await.len();
    after_reply::deliver_rooms(test.app.webhooks().unwrap(), vec![room]).await;
    assert_eq!(endpoint.events().await.len(), before, "the circuit is open");

    endpoint.recovers();
    make_due(&test).await;
    let probe = "UPDATE chat_delivery_channels SET probe_after = now()";
    test.sql.execute(probe, &[]).await.unwrap();
    let channel = test.app.webhooks().unwrap();
    let swept = sweep(channel, Duration::from_secs(3)).await.unwrap();
    assert_eq!((swept.delivered, swept.backlog), (8, 0));
}

#[tokio::test]
async fn a_slow_endpoint_costs_no_time_after_a_reply_and_gets_its_events_from_the_sweep() {
    let endpoint = RecordingWebhooks::start().await;
    let test = TestApp::with(|settings, secret| {
        let prompt = Duration::from_millis(200);
        settings.webhooks = Some(WebhookSettings {
            prompt,
            ..endpoint.settings()
        });
        let key = WebhookKey::parse(RecordingWebhooks::SECRET);
        secret.webhook_keys.push(key.unwrap());
    })
    .await;
    crate::db::webhooks::switch(&test.sql, true).await.unwrap();
    let driver = test.user("driver", "Awa Koné").await;
    let mut rooms = Vec::new();
    for _ in 0..6 {
        let merchant = test.user("merchant", "Chez Awa").await;
        rooms.push(test.room_between(driver, merchant).await.id);
    }
    endpoint.responds(ResponseTemplate::new(200).set_delay(Duration::from_millis(600)));
    let channel = test.app.webhooks().unwrap();
    let state = async || {
        circuit(&test.app.database, ChannelName::Webhooks.name())
            .await
            .unwrap()
    };
    for room in rooms {
        let began = std::time::Instant::now();
        after_reply::deliver_rooms(channel, vec![room]).await;
        assert!(began.elapsed() < Duration::from_millis(550));
    }
    assert!(state().await.is_open);

    make_due(&test).await;
    let probe = "UPDATE chat_delivery_channels SET probe_after = now()";
    test.sql.execute(probe, &[]).await.unwrap();
    let sweeping = tokio::spawn(sweep(channel, Duration::from_secs(6)));
    tokio::time::sleep(Duration::from_secs(3)).await;
    // Nothing is pending, and the sweep waits for what comes next.
    let merchant = test.user("merchant", "Chez Awa").await;
    test.room_between(driver, merchant).await;
    let swept = sweeping.await.unwrap().unwrap();
    assert_eq!((swept.delivered, swept.backlog), (7, 0));
    assert!(state().await.is_open, "it is still too slow");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_stopped() {
    let (test, endpoint) = TestApp::with_webhooks().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "1").await;
    endpoint.responds(ResponseTemplate::new(410));
    run(&test).await;
    assert!(
        crate::db::webhooks::state(&test.app.database)
            .await
            .unwrap()
            .is_stopped
    );
    endpoint.recovers();
    make_due(&test).await;
    assert_eq!(
        run(&test).await,
        Sweep {
            delivered: 0,
            failed: 0,
            backlog: 1
        }
    );
    assert_eq!(endpoint.events().await.len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_long_response_is_not_read() {
    let (test, endpoint) = TestApp::with_webhooks().await;
    let (driver, _, room) = test.room().await;
    let target = format!("{}/elsewhere", endpoint.settings().url);
    endpoint.responds(ResponseTemplate::new(307).insert_header("location", target.as_str()));
    assert_eq!(run(&test).await.failed, 1);
    let requests = endpoint.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].url.path(), "/webhooks");

    make_due(&test).await;
    test.say(driver, room, "1").await;
    endpoint.responds(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 30_000_000]));
    assert_eq!(run(&test).await.delivered, 1);
    assert_eq!(endpoint.requests().await.len(), 3);
}

#[test]
fn only_what_concerns_every_event_is_an_outage() {
    let cause = |status| {
        let error = WebhookError::Response {
            status,
            retry_after: None,
        };
        match error.outcome() {
            DeliveryOutcome::Retry { cause, .. } => cause,
            outcome => unreachable!("{outcome:?}"),
        }
    };
    for status in [408, 425, 429, 500, 502, 503, 504] {
        assert_eq!(cause(status), RetryCause::Outage, "{status}");
    }
    for status in [301, 302, 307, 400, 404, 405, 409, 410, 413, 422] {
        assert_eq!(cause(status), RetryCause::Item, "{status}");
    }
    for status in [401, 403] {
        assert_eq!(cause(status), RetryCause::Credentials, "{status}");
    }
    let error = WebhookError::Response {
        status: 503,
        retry_after: Some(Duration::from_hours(1)),
    };
    assert_eq!(
        error.outcome(),
        DeliveryOutcome::outage(Some(Duration::from_mins(5)))
    );
}

#[tokio::test]
async fn webhooks_without_a_key_prevent_the_start() {
    let test = TestApp::new().await;
    assert!(test.app.webhooks().is_none());
    let error = WebhookError::NoKey;
    assert_eq!(
        error.outcome(),
        DeliveryOutcome::Retry {
            after: None,
            cause: RetryCause::Credentials
        }
    );
}
