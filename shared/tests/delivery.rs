//! Delivery from the message to Firebase and FCM, on a real PostgreSQL.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up is a failed test"
)]

use std::time::{Duration, Instant};

use shared::db::messages::{Unread, mark_read};
use shared::db::{mirror, pushes};
use shared::delivery::sweep::{Sweep, sweep};
use shared::delivery::{Breaker, after_reply};
use shared::domain::Viewer;
use shared::testing::World;
use uuid::Uuid;
use wiremock::ResponseTemplate;

/// The numbers of the messages that a device was notified of, in order.
async fn notified(world: &World, token: &str) -> Vec<i64> {
    let messages = world.fcm.messages().await;
    messages
        .iter()
        .filter(|message| message["token"] == token)
        .map(|message| message["data"]["seq"].as_str().unwrap().parse().unwrap())
        .collect()
}

async fn pending(world: &World) -> (i64, i64) {
    let database = &world.app.database;
    let rooms = mirror::backlog(database).await.unwrap().items;
    (rooms, pushes::backlog(database).await.unwrap().items)
}

async fn is_open(world: &World, channel: &str) -> bool {
    let sql = "SELECT open_since IS NOT NULL FROM chat_delivery_channels WHERE name = $1";
    let row = world.sql.query_one(sql, &[&channel]).await.unwrap();
    row.get(0)
}

/// Sends a message as `send-message` does, and waits for what follows the reply; returns how long that took.
async fn send(world: &World, sender: Viewer, room: Uuid) -> Duration {
    world.say(sender, room, "Bonjour").await;
    let began = Instant::now();
    world.app.mirror_after_reply(vec![room]);
    world.app.push_after_reply(vec![room]);
    world.app.after_reply.idle().await;
    began.elapsed()
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

async fn sweep_mirror(world: &World, budget: Duration) -> Sweep {
    sweep(world.app.mirror().unwrap(), budget).await.unwrap()
}

#[tokio::test]
async fn a_burst_takes_few_deliveries_and_its_last_message_waits_for_no_sweep() {
    const WRITERS: i64 = 6;
    const EACH: i64 = 10;
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.device(client, "tablet").await;
    world.device(driver, "driver").await;
    let write = async || {
        for _ in 0..EACH {
            world.say(driver, room, "Bonjour").await;
            world.app.mirror_after_reply(vec![room]);
            world.app.push_after_reply(vec![room]);
        }
    };
    let began = Instant::now();
    tokio::join!(write(), write(), write(), write(), write(), write());
    world.app.after_reply.idle().await;
    let seconds = began.elapsed().as_secs_f64();

    assert_eq!(pending(&world).await, (0, 0));
    for token in ["phone", "tablet"] {
        let notified = notified(&world, token).await;
        assert!(notified.is_sorted_by(|a, b| a < b), "{notified:?}");
        assert_eq!(notified.last(), Some(&(WRITERS * EACH)));
        let most = seconds.ceil() + 1.0;
        assert!(
            number(notified.len()) <= most,
            "{notified:?} in {seconds} s"
        );
    }
    assert!(notified(&world, "driver").await.is_empty(), "the sender");
    let writes = world.firebase.writes().await;
    let revision = &writes.last().unwrap().2["metadata"]["revision"];
    assert_eq!(*revision, 1 + WRITERS * EACH);
    assert!(
        number(writes.len()) <= seconds * 10.0 + 1.0,
        "{} writes",
        writes.len()
    );
}

#[tokio::test]
async fn of_several_environments_one_delivers() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    for n in 0..5 {
        world.device(client, &format!("device-{n}")).await;
    }
    world.say(driver, room, "Bonjour").await;
    for _ in 0..8 {
        world.app.mirror_after_reply(vec![room]);
        world.app.push_after_reply(vec![room]);
    }
    world.app.after_reply.idle().await;
    assert_eq!(world.fcm.messages().await.len(), 5);
    assert_eq!(world.firebase.writes().await.len(), 1);
}

#[tokio::test]
async fn a_recipient_who_has_read_is_not_notified() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "Bonjour").await;
    mark_read(&world.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    world.app.push_after_reply(vec![room]);
    world.app.after_reply.idle().await;
    assert!(world.fcm.messages().await.is_empty());
    assert_eq!(pending(&world).await.1, 0);
}

#[tokio::test]
async fn a_device_that_fails_does_not_delay_another_and_only_an_unregistered_one_is_removed() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    for token in ["phone", "gone", "slow", "mismatch"] {
        world.device(client, token).await;
    }
    world.fcm.rejects("gone", 404, "UNREGISTERED", 1).await;
    world.fcm.rejects("slow", 503, "UNAVAILABLE", 1).await;
    world
        .fcm
        .rejects("mismatch", 403, "SENDER_ID_MISMATCH", 1)
        .await;
    send(&world, driver, room).await;
    assert_eq!(notified(&world, "phone").await, [1]);
    assert_eq!(pending(&world).await.1, 2, "slow and mismatch wait");
    let devices = "SELECT token FROM chat_devices ORDER BY token";
    let devices = world.sql.query(devices, &[]).await.unwrap();
    let devices: Vec<String> = devices.iter().map(|row| row.get(0)).collect();
    assert_eq!(devices, ["mismatch", "phone", "slow"]);
}

#[tokio::test]
async fn a_service_that_does_not_respond_costs_two_seconds_until_the_circuit_opens_and_then_nothing()
 {
    let world = World::new().await;
    let (driver, _, _) = world.room().await;
    let slow = ResponseTemplate::new(204).set_delay(Duration::from_secs(5));
    world.firebase.responds(slow);
    let mut rooms = Vec::new();
    for _ in 0..5 {
        let client = world.user("client", "Jean Dupont").await;
        rooms.push(world.room_between(driver, client).await.id);
    }
    let began = Instant::now();
    for &room in &rooms {
        world.app.mirror_after_reply(vec![room]);
    }
    world.app.after_reply.idle().await;
    let took = began.elapsed();
    assert!(took <= after_reply::BUDGET, "{took:?}");
    assert!(is_open(&world, "mirror").await);

    for room in rooms {
        let took = send(&world, driver, room).await;
        assert!(took < Duration::from_millis(100), "{took:?}");
    }
    assert!(!is_open(&world, "push").await, "each channel has its own");
}

#[tokio::test]
async fn an_environment_that_has_not_seen_the_outage_learns_of_it_from_postgresql() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    let open = "UPDATE chat_delivery_channels SET failures = 5, open_since = now()";
    world.sql.execute(open, &[]).await.unwrap();
    send(&world, driver, room).await;
    assert!(world.firebase.writes().await.is_empty());
    assert_eq!(pending(&world).await, (1, 0));

    let close = "UPDATE chat_delivery_channels SET failures = 0, open_since = NULL";
    world.sql.execute(close, &[]).await.unwrap();
    tokio::time::sleep(Breaker::COOLDOWN).await;
    send(&world, driver, room).await;
    assert_eq!(pending(&world).await, (0, 0), "and of its end");
}

#[tokio::test]
async fn typing_is_not_shown_while_the_circuit_is_open() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    world.firebase.responds(ResponseTemplate::new(503));
    let type_once = async || {
        world.app.type_after_reply(room, driver, true);
        world.app.after_reply.idle().await;
    };
    for _ in 0..5 {
        type_once().await;
    }
    assert!(is_open(&world, "mirror").await);
    world.firebase.recovers();
    let before = world.firebase.writes().await.len();
    type_once().await;
    assert_eq!(world.firebase.writes().await.len(), before);
}

#[tokio::test]
async fn the_sweep_probes_an_open_circuit_and_closes_it_when_the_service_is_back() {
    let world = World::new().await;
    for _ in 0..3 {
        world.room().await;
    }
    let open =
        "UPDATE chat_delivery_channels SET failures = 5, open_since = now(), probe_after = now()";
    world.sql.execute(open, &[]).await.unwrap();
    world.firebase.responds(ResponseTemplate::new(503));
    let swept = sweep_mirror(&world, Duration::ZERO).await;
    assert_eq!((swept.delivered, swept.failed, swept.backlog), (0, 1, 3));
    assert!(is_open(&world, "mirror").await);

    world.firebase.recovers();
    let swept = sweep_mirror(&world, Duration::from_secs(20)).await;
    assert_eq!((swept.delivered, swept.failed, swept.backlog), (3, 0, 0));
    assert!(!is_open(&world, "mirror").await);
}

#[tokio::test]
async fn a_slow_service_gets_the_backlog_from_the_sweep_while_its_circuit_stays_open() {
    let world = World::new().await;
    for _ in 0..3 {
        world.room().await;
    }
    let open =
        "UPDATE chat_delivery_channels SET failures = 5, open_since = now(), probe_after = now()";
    world.sql.execute(open, &[]).await.unwrap();
    let slow = ResponseTemplate::new(204).set_delay(Duration::from_secs(2));
    world.firebase.responds(slow);
    let swept = sweep_mirror(&world, Duration::from_secs(20)).await;
    assert_eq!((swept.delivered, swept.failed, swept.backlog), (3, 0, 0));
    assert!(is_open(&world, "mirror").await);
}

#[tokio::test]
async fn the_sweep_waits_for_items_that_become_due_within_its_budget() {
    let world = World::new().await;
    world.room().await;
    let back_off = "UPDATE chat_rooms SET mirror_after = now() + interval '2 seconds'";
    world.sql.execute(back_off, &[]).await.unwrap();
    let swept = sweep_mirror(&world, Duration::from_secs(1)).await;
    assert_eq!(
        (swept.delivered, swept.backlog),
        (0, 1),
        "it is not worth it"
    );
    let swept = sweep_mirror(&world, Duration::from_secs(20)).await;
    assert_eq!((swept.delivered, swept.backlog), (1, 0));
}

#[tokio::test]
async fn a_push_that_has_waited_for_an_hour_is_dropped() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "Bonjour").await;
    let sql = "UPDATE chat_pushes SET queued_at = queued_at - interval '1 hour'";
    world.sql.execute(sql, &[]).await.unwrap();
    let swept = sweep(world.app.pushes().unwrap(), Duration::ZERO).await;
    let swept = swept.unwrap();
    assert_eq!((swept.delivered, swept.failed, swept.backlog), (0, 1, 0));
    assert!(world.fcm.messages().await.is_empty());
}
