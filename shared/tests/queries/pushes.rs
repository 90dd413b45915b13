use std::time::Duration;

use shared::db::messages::{Unread, mark_read};
use shared::db::pushes::{self, DuePush};
use shared::delivery::{DeliveryOutcome, DropReason, Lease, LeaseScope, RetryCause};
use shared::testing::World;
use uuid::Uuid;

const LIFE: Duration = Duration::from_mins(1);
const CREDENTIALS: DeliveryOutcome = DeliveryOutcome::Retry {
    after: None,
    cause: RetryCause::Credentials,
};

async fn lease(world: &World) -> Vec<DuePush> {
    let scope = LeaseScope::Due {
        limit: 100,
        ignore_circuit: false,
    };
    let lease = pushes::lease(&world.app.database, scope, LIFE).await;
    lease.unwrap().items
}

async fn lease_of_room(
    world: &World,
    room_id: Uuid,
    reservation: Option<chrono::DateTime<chrono::Utc>>,
    life: Duration,
) -> Lease<DuePush> {
    let scope = LeaseScope::Room {
        room_id,
        reservation,
    };
    pushes::lease(&world.app.database, scope, life)
        .await
        .unwrap()
}

async fn settle(world: &World, push: DuePush, outcome: DeliveryOutcome) {
    pushes::settle(&world.app.database, &[(push, outcome)])
        .await
        .unwrap();
}

/// Device and messages of what is pending.
async fn pending(world: &World) -> Vec<(String, i64, i64)> {
    let sql = "SELECT token, first_seq, last_seq FROM chat_pushes WHERE first_seq <= last_seq ORDER BY token";
    let rows = world.sql.query(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

async fn seconds_to_wait(world: &World) -> f64 {
    let sql = "SELECT extract(epoch FROM push_after - clock_timestamp())::float8 FROM chat_pushes";
    world.sql.query_one(sql, &[]).await.unwrap().get(0)
}

/// As if a second and every back-off had passed.
async fn let_time_pass(world: &World) {
    let sql = "UPDATE chat_pushes SET push_after = clock_timestamp(), paced_until = NULL";
    world.sql.execute(sql, &[]).await.unwrap();
}

#[tokio::test]
async fn a_message_is_queued_for_the_others_devices_and_never_for_the_senders() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.say(driver, room, "Bonjour").await;
    assert!(pending(&world).await.is_empty(), "nobody has a device");
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
        pending(&world).await,
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
    let due = lease(&world).await;
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
    let due = lease(&world).await;
    assert_eq!(due.len(), 2, "one for each room");
    let push = due.iter().find(|push| push.room_id == room).unwrap();
    let notice = push.notice.as_ref().unwrap();
    assert_eq!((notice.seq, notice.text.as_str()), (3, "Je suis là"));
    assert_eq!(notice.sender_name, "Awa Koné");
    assert_eq!(notice.unread_total, 4, "over all rooms");
}

#[tokio::test]
async fn a_message_that_was_read_meanwhile_is_not_pushed() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "Bonjour").await;
    mark_read(&world.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    let push = lease(&world).await.remove(0);
    assert!(push.notice.is_none() && !push.expired);
    settle(&world, push, DeliveryOutcome::Superseded).await;
    assert!(pending(&world).await.is_empty());
}

#[tokio::test]
async fn the_newest_unread_message_that_was_not_pushed_yet_is_pushed() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    let read = async |id| {
        let ids = Unread::Messages(vec![id]);
        mark_read(&world.app.database, client, &ids).await.unwrap();
    };
    world.say(driver, room, "un").await;
    read(world.say(driver, room, "deux").await.id).await;
    let push = lease(&world).await.remove(0);
    assert_eq!(push.notice.as_ref().unwrap().seq, 1);
    settle(&world, push, DeliveryOutcome::Delivered).await;

    let_time_pass(&world).await;
    read(world.say(driver, room, "trois").await.id).await;
    assert!(lease(&world).await[0].notice.is_none(), "1 was pushed");
}

#[tokio::test]
async fn a_push_is_leased_once_and_later_messages_are_the_next() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "un").await;
    let first = lease(&world).await.remove(0);
    let_time_pass(&world).await;
    assert!(lease(&world).await.is_empty(), "it is leased");
    world.say(driver, room, "deux").await;
    assert!(lease(&world).await.is_empty(), "the first still has it");

    settle(&world, first, DeliveryOutcome::Delivered).await;
    assert_eq!(pending(&world).await, [("phone".to_owned(), 2, 2)]);
    let second = lease(&world).await.remove(0);
    assert_eq!(second.notice.as_ref().unwrap().seq, 2);
    settle(&world, second, DeliveryOutcome::Delivered).await;
    assert!(pending(&world).await.is_empty());
}

#[tokio::test]
async fn a_device_gets_one_push_of_a_room_a_second_also_after_the_last_one_was_settled() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "un").await;
    let first = lease_of_room(&world, room, None, LIFE)
        .await
        .items
        .remove(0);
    let pace = "SELECT extract(epoch FROM paced_until - leased_until)::float8 FROM chat_pushes";
    let pace: f64 = world.sql.query_one(pace, &[]).await.unwrap().get(0);
    assert!((pace + LIFE.as_secs_f64() - 1.0).abs() < 0.01, "{pace}");
    settle(&world, first, DeliveryOutcome::Delivered).await;

    world.say(driver, room, "deux").await;
    let second = lease_of_room(&world, room, None, LIFE).await;
    let (reservation, wait) = second.reserved.unwrap();
    assert!(second.items.is_empty());
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
    world.say(driver, room, "trois").await;
    let third = lease_of_room(&world, room, None, LIFE).await;
    assert!(third.items.is_empty() && third.reserved.is_none());
    assert!(lease(&world).await.is_empty(), "nor by the sweep");

    let_time_pass(&world).await;
    let second = lease_of_room(&world, room, Some(reservation), LIFE).await;
    assert_eq!(second.items[0].notice.as_ref().unwrap().seq, 3);
}

#[tokio::test]
async fn a_settled_push_is_deleted_after_a_second() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    let count = async || {
        pushes::delete_settled(&world.app.database).await.unwrap();
        let sql = "SELECT count(*) FROM chat_pushes";
        let row = world.sql.query_one(sql, &[]).await.unwrap();
        row.get::<_, i64>(0)
    };
    let a_second_passes = async || {
        let sql = "UPDATE chat_pushes SET paced_until = now() - interval '1 second'";
        world.sql.execute(sql, &[]).await.unwrap();
    };
    world.say(driver, room, "un").await;
    let push = lease(&world).await.remove(0);
    a_second_passes().await;
    assert_eq!(count().await, 1, "it is pending");
    settle(&world, push, DeliveryOutcome::Delivered).await;
    let paced = "UPDATE chat_pushes SET paced_until = now() + interval '1 second'";
    world.sql.execute(paced, &[]).await.unwrap();
    assert_eq!(count().await, 1, "it spaces out the next one");
    a_second_passes().await;
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn a_suppressed_message_is_not_pushed_later_with_a_settled_row() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "un").await;
    let push = lease(&world).await.remove(0);
    settle(&world, push, DeliveryOutcome::Delivered).await;
    let mute = |muted: bool| format!("UPDATE chat_rooms SET muted_by_other_user = {muted}");
    world.sql.execute(&mute(true), &[]).await.unwrap();
    world.say(driver, room, "deux").await;
    world.sql.execute(&mute(false), &[]).await.unwrap();
    world.say(driver, room, "trois").await;
    assert_eq!(pending(&world).await, [("phone".to_owned(), 3, 3)]);
}

#[tokio::test]
async fn a_lease_ends_by_itself_and_its_late_holder_does_not_put_off_the_next_one() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "Bonjour").await;
    let other = lease_of_room(&world, Uuid::new_v4(), None, LIFE).await;
    assert!(other.items.is_empty(), "another room");
    let lost = lease_of_room(&world, room, None, Duration::ZERO).await;
    let lost = lost.items.into_iter().next().unwrap();
    let_time_pass(&world).await;
    let held = lease(&world).await.remove(0);
    assert_eq!(held.notice.as_ref().unwrap().seq, 1);
    settle(&world, lost, DeliveryOutcome::outage(Some(LIFE * 30))).await;
    assert!(seconds_to_wait(&world).await <= 0.0);
}

#[tokio::test]
async fn failures_wait_longer_up_to_30_s_in_an_outage_and_10_minutes_for_our_credentials() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "un").await;
    for (outcome, shortest) in [
        (DeliveryOutcome::outage(None), 10.0),
        (DeliveryOutcome::outage(None), 20.0),
        (DeliveryOutcome::outage(None), 20.0),
        (CREDENTIALS, 80.0),
        (CREDENTIALS, 160.0),
        (CREDENTIALS, 320.0),
        (CREDENTIALS, 400.0),
        (CREDENTIALS, 400.0),
    ] {
        let push = lease(&world).await.remove(0);
        settle(&world, push, outcome).await;
        let wait = seconds_to_wait(&world).await;
        assert!((shortest - 1.0..=shortest * 1.5).contains(&wait), "{wait}");
        world.say(driver, room, "encore").await;
        assert!(lease(&world).await.is_empty(), "nor by a new message");
        let_time_pass(&world).await;
    }
    let push = lease(&world).await.remove(0);
    assert_eq!(push.notice.as_ref().unwrap().seq, 9);
    let asked = Some(Duration::from_mins(20));
    settle(&world, push, DeliveryOutcome::outage(asked)).await;
    assert!(seconds_to_wait(&world).await > 1190.0, "as FCM asks");
}

#[tokio::test]
async fn a_delivery_resets_the_back_off() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.device(client, "phone").await;
    world.say(driver, room, "un").await;
    for _ in 0..3 {
        settle(&world, lease(&world).await.remove(0), CREDENTIALS).await;
        let_time_pass(&world).await;
    }
    let push = lease(&world).await.remove(0);
    world.say(driver, room, "deux").await;
    settle(&world, push, DeliveryOutcome::Delivered).await;
    let_time_pass(&world).await;
    settle(&world, lease(&world).await.remove(0), CREDENTIALS).await;
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

    let of_room = lease_of_room(&world, room, None, LIFE).await.items;
    let mut of_room = of_room.into_iter();
    let dead = of_room.find(|push| push.token == "dead").unwrap();
    world.say(driver, room, "deux").await;
    let gone = DeliveryOutcome::Dropped(DropReason::DeviceGone);
    settle(&world, dead, gone).await;
    world.say(driver, room, "trois").await;
    assert_eq!(
        pending(&world).await,
        [
            ("dead".to_owned(), 1, 1),
            ("phone".to_owned(), 1, 1),
            ("phone".to_owned(), 1, 3)
        ],
        "nothing more is queued for it"
    );
    let left = lease(&world).await;
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
    let push = lease(&world).await.remove(0);
    assert!(
        push.notice.is_none(),
        "the driver is not told of what the driver said"
    );
    world
        .device(world.user("admin", "Mariam").await, "shared")
        .await;
    settle(&world, push, DeliveryOutcome::outage(None)).await;
    let_time_pass(&world).await;
    assert!(lease(&world).await[0].notice.is_none());
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
    assert!(lease(&world).await[0].notice.is_none());
}

#[tokio::test]
async fn the_backlog_is_measured() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    let backlog = async || pushes::backlog(&world.app.database).await.unwrap();
    assert_eq!(backlog().await.items, 0);
    assert!(backlog().await.age.abs() < 1e-9);
    world.device(client, "phone").await;
    world.say(driver, room, "Bonjour").await;
    let sql = "UPDATE chat_pushes SET queued_at = queued_at - interval '90 seconds'";
    world.sql.execute(sql, &[]).await.unwrap();
    let measured = backlog().await;
    assert_eq!(measured.items, 1);
    assert!((90.0..120.0).contains(&measured.age), "{measured:?}");
}
