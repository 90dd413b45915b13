//! Tests delivery to Firebase and FCM on a real PostgreSQL.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up is a failed test"
)]

use std::time::{Duration, Instant};

use shared::db::messages::{Unread, mark_read};
use shared::db::{mirror, pushes};
use shared::delivery::sweep::{Sweep, sweep, sweep_all};
use shared::delivery::{Breaker, after_reply};
use shared::domain::Viewer;
use shared::testing::TestApp;
use uuid::Uuid;
use wiremock::ResponseTemplate;

/// Returns the numbers of the messages that a device was notified of, in order.
async fn notified(test: &TestApp, token: &str) -> Vec<i64> {
    let messages = test.fcm.messages().await;
    messages
        .iter()
        .filter(|message| message["token"] == token)
        .map(|message| message["data"]["seq"].as_str().unwrap().parse().unwrap())
        .collect()
}

async fn pending(test: &TestApp) -> (i64, i64) {
    let database = &test.app.database;
    let rooms = mirror::backlog(database, &mirror::Shard::default())
        .await
        .unwrap()
        .items;
    (rooms, pushes::backlog(database).await.unwrap().items)
}

async fn is_open(test: &TestApp, channel: &str) -> bool {
    let sql = "SELECT open_since IS NOT NULL FROM chat_delivery_channels WHERE name = $1";
    let row = test.sql.query_one(sql, &[&channel]).await.unwrap();
    row.get(0)
}

/// Sends a message as `send-message` does, and waits for the work after the reply. Returns how long that took.
async fn send(test: &TestApp, sender: Viewer, room: Uuid) -> Duration {
    test.say(sender, room, "Bonjour").await;
    let began = Instant::now();
    test.app.mirror_after_reply(vec![room]);
    test.app.push_after_reply(vec![room]);
    test.app.after_reply.idle().await;
    began.elapsed()
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

async fn sweep_mirror(test: &TestApp, budget: Duration) -> Sweep {
    sweep_all(test.app.mirrors(), budget).await.unwrap()
}

#[tokio::test]
async fn a_burst_takes_few_deliveries_and_its_last_message_does_not_wait_for_the_sweep() {
    const WRITERS: i64 = 6;
    const EACH: i64 = 10;
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.device(client, "tablet").await;
    test.device(driver, "driver").await;
    let write = async || {
        for _ in 0..EACH {
            test.say(driver, room, "Bonjour").await;
            test.app.mirror_after_reply(vec![room]);
            test.app.push_after_reply(vec![room]);
        }
    };
    let began = Instant::now();
    tokio::join!(write(), write(), write(), write(), write(), write());
    test.app.after_reply.idle().await;
    let seconds = began.elapsed().as_secs_f64();

    assert_eq!(pending(&test).await, (0, 0));
    for token in ["phone", "tablet"] {
        let notified = notified(&test, token).await;
        assert!(notified.is_sorted_by(|a, b| a < b), "{notified:?}");
        assert_eq!(notified.last(), Some(&(WRITERS * EACH)));
        let most = seconds.ceil() + 1.0;
        assert!(
            number(notified.len()) <= most,
            "{notified:?} in {seconds} s"
        );
    }
    assert!(notified(&test, "driver").await.is_empty(), "the sender");
    let writes = test.firebase.room_writes(room).await;
    let revision = &writes.last().unwrap()["metadata"]["revision"];
    assert_eq!(*revision, 1 + WRITERS * EACH);
    assert!(
        number(writes.len()) <= seconds * 10.0 + 1.0,
        "{} writes",
        writes.len()
    );
}

#[tokio::test]
async fn only_one_of_several_environments_delivers() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    for n in 0..5 {
        test.device(client, &format!("device-{n}")).await;
    }
    test.say(driver, room, "Bonjour").await;
    for _ in 0..8 {
        test.app.mirror_after_reply(vec![room]);
        test.app.push_after_reply(vec![room]);
    }
    test.app.after_reply.idle().await;
    assert_eq!(test.fcm.messages().await.len(), 5);
    assert_eq!(test.firebase.writes().await.len(), 1);
}

#[tokio::test]
async fn a_recipient_who_has_read_the_message_is_not_notified() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "Bonjour").await;
    mark_read(&test.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    test.app.push_after_reply(vec![room]);
    test.app.after_reply.idle().await;
    assert!(test.fcm.messages().await.is_empty());
    assert_eq!(pending(&test).await.1, 0);
}

#[tokio::test]
async fn a_failing_device_does_not_delay_others_and_only_an_unregistered_one_is_removed() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    for token in ["phone", "gone", "slow", "mismatch"] {
        test.device(client, token).await;
    }
    test.fcm.rejects("gone", 404, "UNREGISTERED", 1).await;
    test.fcm.rejects("slow", 503, "UNAVAILABLE", 1).await;
    test.fcm
        .rejects("mismatch", 403, "SENDER_ID_MISMATCH", 1)
        .await;
    send(&test, driver, room).await;
    assert_eq!(notified(&test, "phone").await, [1]);
    assert_eq!(pending(&test).await.1, 2, "slow and mismatch wait");
    let devices = "SELECT token FROM chat_devices ORDER BY token";
    let devices = test.sql.query(devices, &[]).await.unwrap();
    let devices: Vec<String> = devices.iter().map(|row| row.get(0)).collect();
    assert_eq!(devices, ["mismatch", "phone", "slow"]);
}

#[tokio::test]
async fn an_unresponsive_service_costs_two_seconds_until_the_circuit_opens_and_then_nothing() {
    let test = TestApp::new().await;
    let (driver, _, _) = test.room().await;
    let slow = ResponseTemplate::new(204).set_delay(Duration::from_secs(5));
    test.firebase.responds(slow);
    let mut rooms = Vec::new();
    for _ in 0..5 {
        let client = test.user("client", "Jean Dupont").await;
        rooms.push(test.room_between(driver, client).await.id);
    }
    let began = Instant::now();
    for &room in &rooms {
        test.app.mirror_after_reply(vec![room]);
    }
    test.app.after_reply.idle().await;
    let took = began.elapsed();
    assert!(took <= after_reply::BUDGET, "{took:?}");
    assert!(is_open(&test, "mirror").await);

    for room in rooms {
        let took = send(&test, driver, room).await;
        assert!(took < Duration::from_millis(100), "{took:?}");
    }
    assert!(!is_open(&test, "push").await, "each channel has its own");
}

#[tokio::test]
async fn an_environment_learns_of_an_outage_from_postgresql() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let open = "UPDATE chat_delivery_channels SET failures = 5, open_since = now()";
    test.sql.execute(open, &[]).await.unwrap();
    send(&test, driver, room).await;
    assert!(test.firebase.writes().await.is_empty());
    assert_eq!(pending(&test).await, (1, 0));

    let close = "UPDATE chat_delivery_channels SET failures = 0, open_since = NULL";
    test.sql.execute(close, &[]).await.unwrap();
    tokio::time::sleep(Breaker::COOLDOWN).await;
    send(&test, driver, room).await;
    assert_eq!(pending(&test).await, (0, 0), "and of its end");
}

#[tokio::test]
async fn typing_is_not_shown_while_the_circuit_is_open() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.firebase.responds(ResponseTemplate::new(503));
    let type_once = async || {
        test.app.type_after_reply(room, driver, true);
        test.app.after_reply.idle().await;
    };
    for _ in 0..5 {
        type_once().await;
    }
    assert!(is_open(&test, "mirror").await);
    test.firebase.recovers();
    let before = test.firebase.writes().await.len();
    type_once().await;
    assert_eq!(test.firebase.writes().await.len(), before);
}

#[tokio::test]
async fn the_sweep_probes_an_open_circuit_and_closes_it_when_the_service_is_back() {
    let test = TestApp::new().await;
    for _ in 0..3 {
        test.room().await;
    }
    let open =
        "UPDATE chat_delivery_channels SET failures = 5, open_since = now(), probe_after = now()";
    test.sql.execute(open, &[]).await.unwrap();
    test.firebase.responds(ResponseTemplate::new(503));
    let swept = sweep_mirror(&test, Duration::ZERO).await;
    assert_eq!((swept.delivered, swept.failed, swept.backlog), (0, 1, 3));
    assert!(is_open(&test, "mirror").await);

    test.firebase.recovers();
    let swept = sweep_mirror(&test, Duration::from_secs(20)).await;
    assert_eq!((swept.delivered, swept.failed, swept.backlog), (3, 0, 0));
    assert!(!is_open(&test, "mirror").await);
}

#[tokio::test]
async fn the_sweep_delivers_to_a_slow_service_while_its_circuit_stays_open() {
    let test = TestApp::new().await;
    for _ in 0..3 {
        test.room().await;
    }
    let open =
        "UPDATE chat_delivery_channels SET failures = 5, open_since = now(), probe_after = now()";
    test.sql.execute(open, &[]).await.unwrap();
    let slow = ResponseTemplate::new(204).set_delay(Duration::from_secs(2));
    test.firebase.responds(slow);
    let swept = sweep_mirror(&test, Duration::from_secs(20)).await;
    assert_eq!((swept.delivered, swept.failed, swept.backlog), (3, 0, 0));
    assert!(is_open(&test, "mirror").await);
}

#[tokio::test]
async fn the_sweep_waits_for_items_that_become_due_within_its_budget() {
    let test = TestApp::new().await;
    test.room().await;
    let back_off = "UPDATE chat_rooms SET mirror_after = now() + interval '2 seconds'";
    test.sql.execute(back_off, &[]).await.unwrap();
    let swept = sweep_mirror(&test, Duration::from_secs(1)).await;
    assert_eq!(
        (swept.delivered, swept.backlog),
        (0, 1),
        "it is not worth it"
    );
    let swept = sweep_mirror(&test, Duration::from_secs(20)).await;
    assert_eq!((swept.delivered, swept.backlog), (1, 0));
}

#[tokio::test]
async fn a_push_is_dropped_after_an_hour() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "Bonjour").await;
    let sql = "UPDATE chat_pushes SET queued_at = queued_at - interval '1 hour'";
    test.sql.execute(sql, &[]).await.unwrap();
    let swept = sweep(test.app.pushes().unwrap(), Duration::ZERO).await;
    let swept = swept.unwrap();
    assert_eq!((swept.delivered, swept.failed, swept.backlog), (0, 1, 0));
    assert!(test.fcm.messages().await.is_empty());
}
