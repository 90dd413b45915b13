//! Pushes from the message to FCM, on a real PostgreSQL.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up is a failed test"
)]

use shared::db::messages::{Unread, mark_read};
use shared::testing::World;

/// The numbers of the messages that a device was told of, in order.
async fn told(world: &World, token: &str) -> Vec<i64> {
    let messages = world.fcm.messages().await;
    messages
        .iter()
        .filter(|message| message["token"] == token)
        .map(|message| message["data"]["seq"].as_str().unwrap().parse().unwrap())
        .collect()
}

async fn backlog(world: &World) -> i64 {
    let pushes = shared::db::pushes::backlog(&world.app.database);
    pushes.await.unwrap().pushes
}

#[tokio::test]
async fn a_burst_is_few_pushes_none_of_them_twice_and_the_last_of_the_last_message() {
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
            world.app.push_after_reply(vec![room]);
        }
    };
    tokio::join!(write(), write(), write(), write(), write(), write());
    world.app.after_reply.idle().await;

    for token in ["phone", "tablet"] {
        let told = told(&world, token).await;
        assert!(told.is_sorted_by(|a, b| a < b), "{told:?}");
        assert_eq!(told.last(), Some(&(WRITERS * EACH)));
        assert!(told.len() < 10, "{told:?}");
    }
    assert!(told(&world, "driver").await.is_empty(), "who wrote");
    assert_eq!(backlog(&world).await, 0);
}

#[tokio::test]
async fn of_several_at_once_one_tells_a_device() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    for n in 0..5 {
        world.device(client, &format!("device-{n}")).await;
    }
    world.say(driver, room, "Bonjour").await;
    for _ in 0..8 {
        world.app.push_after_reply(vec![room]);
    }
    world.app.after_reply.idle().await;
    assert_eq!(world.fcm.messages().await.len(), 5);
}

#[tokio::test]
async fn who_reads_first_is_not_told() {
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
    assert_eq!(backlog(&world).await, 0);
}

#[tokio::test]
async fn one_device_that_fails_does_not_hold_up_another() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    for token in ["phone", "gone", "slow"] {
        world.device(client, token).await;
    }
    world.fcm.refuses("gone", 404, "UNREGISTERED", 1).await;
    world.fcm.refuses("slow", 503, "UNAVAILABLE", 1).await;
    world.say(driver, room, "Bonjour").await;
    world.app.push_after_reply(vec![room]);
    world.app.after_reply.idle().await;
    assert_eq!(told(&world, "phone").await, [1]);
    assert_eq!(backlog(&world).await, 1, "the slow one waits");
}
