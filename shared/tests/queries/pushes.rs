use std::time::Duration;

use shared::db::messages::{Unread, mark_read};
use shared::db::pushes::{self, DuePush};
use shared::delivery::{DeliveryOutcome, DropReason, Lease, LeaseScope, RetryCause};
use shared::testing::TestApp;
use uuid::Uuid;

const LIFE: Duration = Duration::from_mins(1);
const CREDENTIALS: DeliveryOutcome = DeliveryOutcome::Retry {
    after: None,
    cause: RetryCause::Credentials,
};

async fn lease(test: &TestApp) -> Vec<DuePush> {
    let scope = LeaseScope::Due {
        limit: 100,
        ignore_circuit: false,
    };
    let lease = pushes::lease(&test.app.database, scope, LIFE).await;
    lease.unwrap().items
}

async fn lease_of_room(
    test: &TestApp,
    room_id: Uuid,
    reservation: Option<chrono::DateTime<chrono::Utc>>,
    life: Duration,
) -> Lease<DuePush> {
    let scope = LeaseScope::Room {
        room_id,
        reservation,
    };
    pushes::lease(&test.app.database, scope, life)
        .await
        .unwrap()
}

async fn settle(test: &TestApp, push: DuePush, outcome: DeliveryOutcome) {
    pushes::settle(&test.app.database, &[(push, outcome)])
        .await
        .unwrap();
}

/// Returns the device and the message numbers of each pending push.
async fn pending(test: &TestApp) -> Vec<(String, i64, i64)> {
    let sql = "SELECT token, first_seq, last_seq FROM chat_pushes WHERE first_seq <= last_seq ORDER BY token";
    let rows = test.sql.query(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

async fn seconds_to_wait(test: &TestApp) -> f64 {
    let sql = "SELECT extract(epoch FROM push_after - clock_timestamp())::float8 FROM chat_pushes";
    test.sql.query_one(sql, &[]).await.unwrap().get(0)
}

/// Changes the times as if a second and every back-off had passed.
async fn let_time_pass(test: &TestApp) {
    let sql = "UPDATE chat_pushes SET push_after = clock_timestamp(), paced_until = NULL";
    test.sql.execute(sql, &[]).await.unwrap();
}

#[tokio::test]
async fn a_message_is_queued_for_the_recipients_devices_only() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    assert!(pending(&test).await.is_empty(), "no user has a device");
    for (viewer, token) in [
        (driver, "driver"),
        (client, "phone"),
        (client, "tablet"),
        (test.user("admin", "Mariam").await, "stranger"),
    ] {
        test.device(viewer, token).await;
    }
    test.say(driver, room, "Vous êtes là ?").await;
    assert_eq!(
        pending(&test).await,
        [("phone".to_owned(), 2, 2), ("tablet".to_owned(), 2, 2)]
    );
}

#[tokio::test]
async fn a_platform_message_is_queued_for_both_participants() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(driver, "driver").await;
    test.device(client, "client").await;
    let delivery = test.delivery("LBN123456", driver, client).await;
    test.sql
        .execute("UPDATE chat_rooms SET delivery_id = $1", &[&delivery])
        .await
        .unwrap();
    test
        .sql
        .execute(
            "WITH room AS (UPDATE chat_rooms SET message_count = 1 RETURNING id)
             INSERT INTO chat_messages (id, chat_room_id, seq, message_type, text, created_at, revision)
             SELECT $1, id, 1, 'system', 'Livré', now(), 2 FROM room",
            &[&Uuid::now_v7()],
        )
        .await
        .unwrap();
    let due = lease(&test).await;
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
async fn messages_until_the_push_is_sent_form_one_push_of_the_newest() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    let other_driver = test.user("driver", "Yao").await;
    let other_room = test.room_between(other_driver, client).await.id;
    test.say(other_driver, other_room, "Bonsoir").await;
    for text in ["Bonjour", "J'arrive", "Je suis là"] {
        test.say(driver, room, text).await;
    }
    let due = lease(&test).await;
    assert_eq!(due.len(), 2, "one for each room");
    let push = due.iter().find(|push| push.room_id == room).unwrap();
    let notice = push.notice.as_ref().unwrap();
    assert_eq!((notice.seq, notice.text.as_str()), (3, "Je suis là"));
    assert_eq!(notice.sender_name, "Awa Koné");
    assert_eq!(notice.unread_total, 4, "over all rooms");
}

#[tokio::test]
async fn a_message_read_before_its_push_is_not_pushed() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "Bonjour").await;
    mark_read(&test.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    let push = lease(&test).await.remove(0);
    assert!(push.notice.is_none() && !push.expired);
    settle(&test, push, DeliveryOutcome::Superseded).await;
    assert!(pending(&test).await.is_empty());
}

#[tokio::test]
async fn the_newest_unread_unpushed_message_is_pushed() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    let read = async |id| {
        let ids = Unread::Messages(vec![id]);
        mark_read(&test.app.database, client, &ids).await.unwrap();
    };
    test.say(driver, room, "un").await;
    read(test.say(driver, room, "deux").await.id).await;
    let push = lease(&test).await.remove(0);
    assert_eq!(push.notice.as_ref().unwrap().seq, 1);
    settle(&test, push, DeliveryOutcome::Delivered).await;

    let_time_pass(&test).await;
    read(test.say(driver, room, "trois").await.id).await;
    assert!(lease(&test).await[0].notice.is_none(), "1 was pushed");
}

#[tokio::test]
async fn a_push_is_leased_once_and_later_messages_form_the_next_one() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "un").await;
    let first = lease(&test).await.remove(0);
    let_time_pass(&test).await;
    assert!(lease(&test).await.is_empty(), "it is leased");
    test.say(driver, room, "deux").await;
    assert!(lease(&test).await.is_empty(), "the first still has it");

    settle(&test, first, DeliveryOutcome::Delivered).await;
    assert_eq!(pending(&test).await, [("phone".to_owned(), 2, 2)]);
    let second = lease(&test).await.remove(0);
    assert_eq!(second.notice.as_ref().unwrap().seq, 2);
    settle(&test, second, DeliveryOutcome::Delivered).await;
    assert!(pending(&test).await.is_empty());
}

#[tokio::test]
async fn a_device_gets_at_most_one_push_per_room_and_second_even_after_settling() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "un").await;
    let first = lease_of_room(&test, room, None, LIFE).await.items.remove(0);
    let pace = "SELECT extract(epoch FROM paced_until - leased_until)::float8 FROM chat_pushes";
    let pace: f64 = test.sql.query_one(pace, &[]).await.unwrap().get(0);
    assert!((pace + LIFE.as_secs_f64() - 1.0).abs() < 0.01, "{pace}");
    settle(&test, first, DeliveryOutcome::Delivered).await;

    test.say(driver, room, "deux").await;
    let second = lease_of_room(&test, room, None, LIFE).await;
    let (reservation, wait) = second.reserved.unwrap();
    assert!(second.items.is_empty());
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
    test.say(driver, room, "trois").await;
    let third = lease_of_room(&test, room, None, LIFE).await;
    assert!(third.items.is_empty() && third.reserved.is_none());
    assert!(lease(&test).await.is_empty(), "nor by the sweep");

    let_time_pass(&test).await;
    let second = lease_of_room(&test, room, Some(reservation), LIFE).await;
    assert_eq!(second.items[0].notice.as_ref().unwrap().seq, 3);
}

#[tokio::test]
async fn a_settled_push_is_deleted_after_a_second() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    let count = async || {
        pushes::delete_settled(&test.app.database).await.unwrap();
        let sql = "SELECT count(*) FROM chat_pushes";
        let row = test.sql.query_one(sql, &[]).await.unwrap();
        row.get::<_, i64>(0)
    };
    let a_second_passes = async || {
        let sql = "UPDATE chat_pushes SET paced_until = now() - interval '1 second'";
        test.sql.execute(sql, &[]).await.unwrap();
    };
    test.say(driver, room, "un").await;
    let push = lease(&test).await.remove(0);
    a_second_passes().await;
    assert_eq!(count().await, 1, "it is pending");
    settle(&test, push, DeliveryOutcome::Delivered).await;
    let paced = "UPDATE chat_pushes SET paced_until = now() + interval '1 second'";
    test.sql.execute(paced, &[]).await.unwrap();
    assert_eq!(count().await, 1, "it spaces out the next one");
    a_second_passes().await;
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn a_suppressed_message_is_not_pushed_later_with_a_settled_row() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "un").await;
    let push = lease(&test).await.remove(0);
    settle(&test, push, DeliveryOutcome::Delivered).await;
    let mute = |muted: bool| format!("UPDATE chat_rooms SET muted_by_other_user = {muted}");
    test.sql.execute(&mute(true), &[]).await.unwrap();
    test.say(driver, room, "deux").await;
    test.sql.execute(&mute(false), &[]).await.unwrap();
    test.say(driver, room, "trois").await;
    assert_eq!(pending(&test).await, [("phone".to_owned(), 3, 3)]);
}

#[tokio::test]
async fn an_expired_lease_cannot_delay_the_next_one() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "Bonjour").await;
    let other = lease_of_room(&test, Uuid::new_v4(), None, LIFE).await;
    assert!(other.items.is_empty(), "another room");
    let lost = lease_of_room(&test, room, None, Duration::ZERO).await;
    let lost = lost.items.into_iter().next().unwrap();
    let_time_pass(&test).await;
    let held = lease(&test).await.remove(0);
    assert_eq!(held.notice.as_ref().unwrap().seq, 1);
    settle(&test, lost, DeliveryOutcome::outage(Some(LIFE * 30))).await;
    assert!(seconds_to_wait(&test).await <= 0.0);
}

#[tokio::test]
async fn failures_wait_longer_up_to_30_s_in_an_outage_and_10_minutes_for_our_credentials() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "un").await;
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
        let push = lease(&test).await.remove(0);
        settle(&test, push, outcome).await;
        let wait = seconds_to_wait(&test).await;
        assert!((shortest - 1.0..=shortest * 1.5).contains(&wait), "{wait}");
        test.say(driver, room, "encore").await;
        assert!(lease(&test).await.is_empty(), "nor by a new message");
        let_time_pass(&test).await;
    }
    let push = lease(&test).await.remove(0);
    assert_eq!(push.notice.as_ref().unwrap().seq, 9);
    let asked = Some(Duration::from_mins(20));
    settle(&test, push, DeliveryOutcome::outage(asked)).await;
    assert!(seconds_to_wait(&test).await > 1190.0, "as FCM asks");
}

#[tokio::test]
async fn a_successful_delivery_resets_the_back_off() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "un").await;
    for _ in 0..3 {
        settle(&test, lease(&test).await.remove(0), CREDENTIALS).await;
        let_time_pass(&test).await;
    }
    let push = lease(&test).await.remove(0);
    test.say(driver, room, "deux").await;
    settle(&test, push, DeliveryOutcome::Delivered).await;
    let_time_pass(&test).await;
    settle(&test, lease(&test).await.remove(0), CREDENTIALS).await;
    assert!(seconds_to_wait(&test).await <= 15.0);
}

#[tokio::test]
async fn an_unregistered_device_is_deleted_with_its_pushes() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "dead").await;
    test.device(client, "phone").await;
    let other_driver = test.user("driver", "Yao").await;
    let other_room = test.room_between(other_driver, client).await.id;
    test.say(driver, room, "un").await;
    test.say(other_driver, other_room, "un").await;

    let of_room = lease_of_room(&test, room, None, LIFE).await.items;
    let mut of_room = of_room.into_iter();
    let dead = of_room.find(|push| push.token == "dead").unwrap();
    test.say(driver, room, "deux").await;
    let gone = DeliveryOutcome::Dropped(DropReason::DeviceGone);
    settle(&test, dead, gone).await;
    test.say(driver, room, "trois").await;
    assert_eq!(
        pending(&test).await,
        [
            ("dead".to_owned(), 1, 1),
            ("phone".to_owned(), 1, 1),
            ("phone".to_owned(), 1, 3)
        ],
        "nothing more is queued for it"
    );
    let left = lease(&test).await;
    let left = left.iter().find(|push| push.token == "dead").unwrap();
    assert!(left.notice.is_none(), "and what had been is not sent");
}

#[tokio::test]
async fn a_user_signed_out_of_a_device_is_not_notified_there() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "shared").await;
    test.say(driver, room, "pour le client").await;
    test.device(driver, "shared").await;
    let push = lease(&test).await.remove(0);
    assert!(
        push.notice.is_none(),
        "the driver is not notified of the driver's own message"
    );
    test.device(test.user("admin", "Mariam").await, "shared")
        .await;
    settle(&test, push, DeliveryOutcome::outage(None)).await;
    let_time_pass(&test).await;
    assert!(lease(&test).await[0].notice.is_none());
}

#[tokio::test]
async fn a_user_with_notifications_off_is_not_notified() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "Bonjour").await;
    test.deactivate(client).await;
    assert!(lease(&test).await[0].notice.is_none());
}

#[tokio::test]
async fn the_backlog_is_measured() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let backlog = async || pushes::backlog(&test.app.database).await.unwrap();
    assert_eq!(backlog().await.items, 0);
    assert!(backlog().await.age.abs() < 1e-9);
    test.device(client, "phone").await;
    test.say(driver, room, "Bonjour").await;
    let sql = "UPDATE chat_pushes SET queued_at = queued_at - interval '90 seconds'";
    test.sql.execute(sql, &[]).await.unwrap();
    let measured = backlog().await;
    assert_eq!(measured.items, 1);
    assert!((90.0..120.0).contains(&measured.age), "{measured:?}");
}
