use std::time::Duration;

use shared::db::messages::{Unread, mark_read};
use shared::db::pushes::{self, DuePush, Finished, Outcome};
use shared::testing::World;
use uuid::Uuid;

const CLAIM: Duration = Duration::from_mins(1);

async fn claim(world: &World) -> Vec<DuePush> {
    pushes::claim(&world.app.database, None, CLAIM, 100)
        .await
        .unwrap()
}

async fn finish(world: &World, push: &DuePush, outcome: Outcome) -> Finished {
    pushes::finish(&world.app.database, &[(push, outcome)], Duration::ZERO)
        .await
        .unwrap()
}

/// Room, device and messages of what is queued.
async fn queued(world: &World) -> Vec<(String, i64, i64)> {
    let sql = "SELECT token, first_seq, last_seq FROM chat_pushes ORDER BY token";
    let rows = world.sql.query(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

async fn seconds_to_wait(world: &World) -> f64 {
    let sql = "SELECT extract(epoch FROM push_after - clock_timestamp())::float8 FROM chat_pushes";
    world.sql.query_one(sql, &[]).await.unwrap().get(0)
}

async fn let_time_pass(world: &World) {
    let sql = "UPDATE chat_pushes SET push_after = clock_timestamp()";
    world.sql.execute(sql, &[]).await.unwrap();
}

#[tokio::test]
async fn a_message_is_queued_for_the_others_devices_and_never_for_the_senders() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.say(driver, room, "Bonjour").await;
    assert!(queued(&world).await.is_empty(), "nobody has a device");
    for (viewer, token) in [
        (driver, "driver"),
        (client, "phone"),
        (client, "tablet"),
        (world.user("admin", "Mariam").await, "stranger"),
    ] {
        world.device(viewer, token).await;
    }
    world.say(driver, room, "Vous êtes là ?").await;
    assert_eq!(
        queued(&world).await,
        [("phone".to_owned(), 2, 2), ("tablet".to_owned(), 2, 2)]
    );
}

#[tokio::test]
async fn a_message_of_the_platform_is_queued_for_both() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(driver, "driver").await;
    world.device(client, "client").await;
    let delivery = world.delivery("LBN123456", driver, client).await;
    world
        .sql
        .execute("UPDATE chat_rooms SET delivery_id = $1", &[&delivery])
        .await
        .unwrap();
    world
        .sql
        .execute(
            "WITH room AS (UPDATE chat_rooms SET message_count = 1 RETURNING id)
             INSERT INTO chat_messages (id, chat_room_id, seq, message_type, text, created_at, revision)
             SELECT $1, id, 1, 'system', 'Livré', now(), 2 FROM room",
            &[&Uuid::now_v7()],
        )
        .await
        .unwrap();
    let due = claim(&world).await;
    assert_eq!(due.len(), 2);
    for push in &due {
        let notice = push.notice.as_ref().unwrap();
        assert_eq!(
            (notice.sender_name.as_str(), notice.tracking_number.as_str()),
            ("", "LBN123456")
        );
        assert_eq!(push.room_id, room);
    }
}

#[tokio::test]
async fn what_is_said_until_it_goes_out_is_one_push_of_the_newest() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    let other_driver = world.user("driver", "Yao").await;
    let other_room = world.room_between(other_driver, client).await.id;
    world.say(other_driver, other_room, "Bonsoir").await;
    for text in ["Bonjour", "J'arrive", "Je suis là"] {
        world.say(driver, room, text).await;
    }
    let due = claim(&world).await;
    assert_eq!(due.len(), 2, "one for each room");
    let push = due.iter().find(|push| push.room_id == room).unwrap();
    let notice = push.notice.as_ref().unwrap();
    assert_eq!((notice.seq, notice.text.as_str()), (3, "Je suis là"));
    assert_eq!(notice.sender_name, "Awa Koné");
    assert_eq!(notice.unread_total, 4, "over all rooms");
}

#[tokio::test]
async fn what_was_read_meanwhile_is_not_told() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "Bonjour").await;
    mark_read(&world.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    let due = claim(&world).await;
    assert!(due[0].notice.is_none() && !due[0].expired);
    assert_eq!(
        finish(&world, &due[0], Outcome::Done).await,
        Finished { moved: 0 }
    );
    assert!(queued(&world).await.is_empty());
}

#[tokio::test]
async fn where_only_the_newest_was_read_the_one_before_it_is_told_unless_it_was() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    let read = async |id| {
        let ids = Unread::Messages(vec![id]);
        mark_read(&world.app.database, client, &ids).await.unwrap();
    };
    world.say(driver, room, "un").await;
    read(world.say(driver, room, "deux").await.id).await;
    let due = claim(&world).await;
    assert_eq!(due[0].notice.as_ref().unwrap().seq, 1);
    finish(&world, &due[0], Outcome::Done).await;

    read(world.say(driver, room, "trois").await.id).await;
    assert!(claim(&world).await[0].notice.is_none(), "1 has been told");
}

#[tokio::test]
async fn a_push_is_ones_own_and_what_is_said_meanwhile_is_the_next() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "un").await;
    let first = claim(&world).await.remove(0);
    assert!(claim(&world).await.is_empty(), "it is claimed");
    world.say(driver, room, "deux").await;
    assert!(claim(&world).await.is_empty(), "the first still has it");

    assert_eq!(
        finish(&world, &first, Outcome::Done).await,
        Finished { moved: 1 }
    );
    assert_eq!(queued(&world).await, [("phone".to_owned(), 2, 2)]);
    let second = claim(&world).await.remove(0);
    assert_eq!(second.notice.as_ref().unwrap().seq, 2);
    assert_eq!(
        finish(&world, &second, Outcome::Done).await,
        Finished { moved: 0 }
    );
    assert!(queued(&world).await.is_empty());
}

#[tokio::test]
async fn a_claim_ends_by_itself() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "Bonjour").await;
    let of_room = async |id| {
        pushes::claim(&world.app.database, Some(id), Duration::ZERO, 1)
            .await
            .unwrap()
    };
    assert!(of_room(Uuid::new_v4()).await.is_empty(), "another room");
    let lost = of_room(room).await.remove(0);
    let held = claim(&world).await.remove(0);
    assert_eq!(held.notice.as_ref().unwrap().seq, 1);
    finish(&world, &lost, Outcome::Later(Some(CLAIM * 30))).await;
    assert!(
        seconds_to_wait(&world).await <= CLAIM.as_secs_f64(),
        "what has passed to another is not put off"
    );
}

#[tokio::test]
async fn a_failure_waits_ever_longer_and_a_new_message_does_not_hurry_it() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "un").await;
    for shortest in [10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 600.0, 600.0] {
        let push = claim(&world).await.remove(0);
        finish(&world, &push, Outcome::Later(None)).await;
        let wait = seconds_to_wait(&world).await;
        assert!(
            (shortest - 1.0..=f64::min(shortest * 1.5, 600.0)).contains(&wait),
            "{wait} after {shortest}"
        );
        world.say(driver, room, "encore").await;
        assert!(claim(&world).await.is_empty());
        let_time_pass(&world).await;
    }
    let push = claim(&world).await.remove(0);
    assert_eq!(push.notice.as_ref().unwrap().seq, 9);
    let asked = Duration::from_mins(20);
    finish(&world, &push, Outcome::Later(Some(asked))).await;
    assert!(seconds_to_wait(&world).await > 1190.0, "as FCM asks");
}

#[tokio::test]
async fn a_success_makes_up_for_the_failures_before_it() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "un").await;
    for _ in 0..3 {
        finish(&world, &claim(&world).await[0], Outcome::Later(None)).await;
        let_time_pass(&world).await;
    }
    let push = claim(&world).await.remove(0);
    world.say(driver, room, "deux").await;
    finish(&world, &push, Outcome::Done).await;
    finish(&world, &claim(&world).await[0], Outcome::Later(None)).await;
    assert!(seconds_to_wait(&world).await <= 15.0);
}

#[tokio::test]
async fn a_dead_device_goes_with_its_pushes() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "dead").await;
    world.device(client, "phone").await;
    let other_driver = world.user("driver", "Yao").await;
    let other_room = world.room_between(other_driver, client).await.id;
    world.say(driver, room, "un").await;
    world.say(other_driver, other_room, "un").await;

    let of_room = pushes::claim(&world.app.database, Some(room), CLAIM, 9).await;
    let of_room = of_room.unwrap();
    let dead = of_room.iter().find(|push| push.token == "dead").unwrap();
    world.say(driver, room, "deux").await;
    finish(&world, dead, Outcome::Dead).await;
    world.say(driver, room, "trois").await;
    assert_eq!(
        queued(&world).await,
        [
            ("dead".to_owned(), 1, 1),
            ("phone".to_owned(), 1, 1),
            ("phone".to_owned(), 1, 3)
        ],
        "nothing more is queued for it"
    );
    let left = claim(&world).await;
    let left = left.iter().find(|push| push.token == "dead").unwrap();
    assert!(left.notice.is_none(), "and what had been is not sent");
}

#[tokio::test]
async fn who_is_no_longer_on_a_device_is_not_told_there() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "shared").await;
    world.say(driver, room, "pour le client").await;
    world.device(driver, "shared").await;
    let push = claim(&world).await.remove(0);
    assert!(
        push.notice.is_none(),
        "the driver is not told of what the driver said"
    );
    world
        .device(world.user("admin", "Mariam").await, "shared")
        .await;
    let_time_pass(&world).await;
    assert!(claim(&world).await[0].notice.is_none());
}

#[tokio::test]
async fn who_is_switched_off_is_not_told() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "Bonjour").await;
    world
        .sql
        .execute(
            "UPDATE users SET is_active = false WHERE id = $1",
            &[&client.0],
        )
        .await
        .unwrap();
    assert!(claim(&world).await[0].notice.is_none());
}

#[tokio::test]
async fn the_backlog_is_measured() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    let backlog = async || pushes::backlog(&world.app.database).await.unwrap();
    assert_eq!(backlog().await.pushes, 0);
    assert!(backlog().await.age.abs() < 1e-9);
    world.device(client, "phone").await;
    world.say(driver, room, "Bonjour").await;
    let sql = "UPDATE chat_pushes SET queued_at = queued_at - interval '90 seconds'";
    world.sql.execute(sql, &[]).await.unwrap();
    let measured = backlog().await;
    assert_eq!(measured.pushes, 1);
    assert!((90.0..120.0).contains(&measured.age), "{measured:?}");
}
