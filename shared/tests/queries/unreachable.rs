use std::time::Duration;

use serde_json::{Value, json};
use shared::db::messages::{self, NewMessage, Unread, mark_read};
use shared::db::pushes;
use shared::db::rooms::{self, Call, EndedCalls};
use shared::delivery::LeaseScope;
use shared::domain::{Content, DeliveryEvent, Message, ResponseTime, SendLimits, Text, Viewer};
use shared::error::{Error, Result};
use shared::testing::TestApp;
use uuid::Uuid;

async fn call(test: &TestApp, viewer: Viewer, room: Uuid) -> Result<Call> {
    rooms::call(&test.app.database, viewer, room, ResponseTime::default()).await
}

/// Returns a driver, a client, and their room, where a message of the driver is unanswered for over two minutes.
async fn waiting(test: &TestApp) -> (Viewer, Viewer, Uuid, Message) {
    let (driver, client, room) = test.arrived().await;
    let said = test.say(driver, room, "Je suis devant chez vous").await;
    test.backdate(said.id, 121).await;
    (driver, client, room, said)
}

/// Lets the time of all calls be up.
async fn expire(test: &TestApp) {
    let sql = "WITH expired AS (UPDATE chat_unreachable_calls SET until = now() - interval '1 second' WHERE outcome IS NULL)
               UPDATE chat_rooms SET unreachable_until = now() - interval '1 second' WHERE unreachable_until IS NOT NULL";
    test.sql.execute(sql, &[]).await.unwrap();
}

async fn end(test: &TestApp) -> EndedCalls {
    rooms::end_calls(&test.app.database, 100).await.unwrap()
}

async fn until(test: &TestApp, viewer: Viewer, room: Uuid) -> Option<shared::domain::Timestamp> {
    let seen = rooms::get(&test.app.database, viewer, room).await.unwrap();
    seen.unwrap().unreachable_until
}

async fn outcomes(test: &TestApp) -> Vec<Option<String>> {
    let sql = "SELECT outcome FROM chat_unreachable_calls ORDER BY called_at";
    let rows = test.sql.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn reason(test: &TestApp, viewer: Viewer, room: Uuid) -> &'static str {
    match call(test, viewer, room).await {
        Err(Error::NotNow(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_adds_a_message_that_only_the_customer_has_not_read() {
    let test = TestApp::new().await;
    let (driver, client, room, _) = waiting(&test).await;
    let unread = (test.unread(driver).await, test.unread(client).await);
    let made = call(&test, driver, room).await.unwrap();
    assert!(made.created);
    let left = (made.until.0 - chrono::Utc::now()).num_seconds();
    assert!((290..=300).contains(&left), "{left}");
    assert_eq!(test.unread(driver).await, unread.0);
    assert_eq!(test.unread(client).await, unread.1 + 1);
    for viewer in [driver, client] {
        assert_eq!(until(&test, viewer, room).await, Some(made.until));
    }
    let sql = "SELECT message.seq = room.message_count AND call.seq = message.seq AND call.chat_room_id = room.id
                   AND message.sender_id IS NULL AND message.message_type = 'system' AND message.revision = room.revision
                   AND call.called_at = message.created_at AND call.until = room.unreachable_until
                   AND call.delivery_id = room.delivery_id AND call.outcome IS NULL
               FROM chat_unreachable_calls AS call JOIN chat_messages AS message USING (id)
               JOIN chat_rooms AS room ON room.id = message.chat_room_id";
    assert!(
        test.sql
            .query_one(sql, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
    let marked = mark_read(&test.app.database, client, &Unread::Room(room)).await;
    assert_eq!(marked.unwrap().count, unread.1 + 1);
    let sql = "SELECT count(*) FROM chat_messages WHERE sender_id IS NULL AND read_at IS NOT NULL AND seq > 3";
    let row = test.sql.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1, "both have read the call");
}

#[tokio::test]
async fn while_a_call_lasts_a_repeat_changes_nothing_even_if_a_condition_no_longer_holds() {
    let test = TestApp::new().await;
    let (driver, _, room, _) = waiting(&test).await;
    let made = call(&test, driver, room).await.unwrap();
    let forget = "DELETE FROM chat_events";
    test.sql.execute(forget, &[]).await.unwrap();
    let again = call(&test, driver, room).await.unwrap();
    assert_eq!((again.until, again.created), (made.until, false));
    assert_eq!(outcomes(&test).await.len(), 1);
}

#[tokio::test]
async fn each_missing_condition_is_named() {
    let test = TestApp::new().await;
    let (driver, client, room, said) = waiting(&test).await;
    let sql = async |sql: &str| test.sql.batch_execute(sql).await.unwrap();

    test.backdate(said.id, 118).await;
    assert!(reason(&test, driver, room).await.contains("deux minutes"));
    test.backdate(said.id, 121).await;
    let answer = test.say(client, room, "J'arrive").await;
    assert!(reason(&test, driver, room).await.contains("deux minutes"));
    let later = test.say(driver, room, "Je vous attends").await;
    assert!(reason(&test, driver, room).await.contains("deux minutes"));
    test.backdate(answer.id, 130).await;
    test.backdate(later.id, 125).await;

    let delete = "UPDATE chat_messages SET deleted_at = now() WHERE id = $1";
    test.sql.execute(delete, &[&later.id]).await.unwrap();
    assert!(reason(&test, driver, room).await.contains("deux minutes"));
    sql("UPDATE chat_messages SET deleted_at = NULL").await;

    for event in ["assigned", "picked_up", "delivered", "cancelled"] {
        sql(&format!(
            "INSERT INTO chat_events SELECT gen_random_uuid(), '{event}', delivery_id, NULL FROM chat_rooms"
        ))
        .await;
        assert!(reason(&test, driver, room).await.contains("« arriving »"));
        sql(&format!(
            "DELETE FROM chat_events WHERE event = '{event}' AND event <> 'assigned'"
        ))
        .await;
        sql("UPDATE chat_events SET received_at = now() WHERE event = 'arriving'").await;
    }

    sql("UPDATE deliveries SET driver_id = gen_random_uuid()").await;
    assert!(reason(&test, driver, room).await.contains("livreur actuel"));
    sql(&format!("UPDATE deliveries SET driver_id = '{}'", driver.0)).await;
    sql("UPDATE chat_rooms SET closes_at = now()").await;
    assert!(reason(&test, driver, room).await.contains("fermée"));
    sql("UPDATE chat_rooms SET closes_at = NULL").await;
    assert!(call(&test, driver, room).await.unwrap().created);
}

#[tokio::test]
async fn only_the_driver_may_call_and_strangers_find_nothing() {
    let test = TestApp::new().await;
    let (driver, client, room, _) = waiting(&test).await;
    let stranger = test.user("driver", "Zié").await;
    assert!(matches!(
        call(&test, client, room).await,
        Err(Error::Forbidden)
    ));
    for (viewer, room) in [(stranger, room), (driver, Uuid::new_v4())] {
        let result = call(&test, viewer, room).await;
        assert!(matches!(result, Err(Error::NotFound)));
    }
    test.deactivate(driver).await;
    let result = call(&test, driver, room).await;
    assert!(matches!(result, Err(Error::Unauthorized(_))));
    assert!(outcomes(&test).await.is_empty());
}

#[tokio::test]
async fn a_merchant_is_not_called() {
    let test = TestApp::new().await;
    let (driver, client, room, _) = waiting(&test).await;
    let swap = "UPDATE deliveries SET client_id = gen_random_uuid(), merchant_id = $1";
    test.sql.execute(swap, &[&client.0]).await.unwrap();
    assert!(reason(&test, driver, room).await.contains("du client"));
}

#[tokio::test]
async fn any_message_of_the_customer_ends_the_call_and_the_drivers_does_not() {
    let test = TestApp::new().await;
    let (driver, client, room, _) = waiting(&test).await;
    let made = call(&test, driver, room).await.unwrap();
    test.say(driver, room, "Vous êtes là ?").await;
    assert_eq!(until(&test, driver, room).await, Some(made.until));
    let answer = test.say(client, room, "Oui !").await;
    assert_eq!(until(&test, driver, room).await, None);
    assert_eq!(
        end(&test).await,
        EndedCalls::default(),
        "its time is not up"
    );
    expire(&test).await;
    let ended = end(&test).await;
    assert_eq!((ended.unreachable, ended.all), (0, 1));
    assert_eq!(outcomes(&test).await, [Some("answered".to_owned())]);
    let sql = "SELECT ended_at FROM chat_unreachable_calls WHERE messages IS NULL";
    let row = test.sql.query_one(sql, &[]).await.unwrap();
    assert_eq!(
        row.get::<_, chrono::DateTime<chrono::Utc>>(0),
        answer.created_at.0
    );
}

#[tokio::test]
async fn when_the_time_is_up_the_call_ends_once_with_the_evidence() {
    let test = TestApp::new().await;
    let (driver, client, room, said) = waiting(&test).await;
    test.device(client, "client-phone").await;
    test.device(driver, "driver-phone").await;
    let read = Unread::Messages(vec![said.id]);
    mark_read(&test.app.database, client, &read).await.unwrap();
    call(&test, driver, room).await.unwrap();
    let delivered = "UPDATE chat_rooms SET other_user_delivered_seq = 4";
    test.sql.execute(delivered, &[]).await.unwrap();
    let last = test.say(driver, room, "Je repars").await;
    let delete = "UPDATE chat_messages SET deleted_at = now() WHERE id = $1";
    test.sql.execute(delete, &[&last.id]).await.unwrap();
    expire(&test).await;
    let revision = "UPDATE chat_rooms SET mirrored_revision = revision, behind_since = NULL";
    test.sql.execute(revision, &[]).await.unwrap();

    let ended = end(&test).await;
    assert_eq!((ended.unreachable, ended.all), (1, 1));
    assert_eq!(end(&test).await, EndedCalls::default());
    assert_eq!(until(&test, client, room).await, None);
    let sql = "SELECT outcome, push_devices, last_answer_at, messages::text, ended_at > until AND behind_since IS NOT NULL
                   AND revision = mirrored_revision + 1, call.id
               FROM chat_unreachable_calls AS call JOIN chat_rooms AS room ON room.id = chat_room_id";
    let row = test.sql.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "unreachable");
    assert_eq!(row.get::<_, Option<i32>>(1), Some(1));
    assert_eq!(row.get::<_, Option<chrono::DateTime<chrono::Utc>>>(2), None);
    assert!(row.get::<_, bool>(4));
    let evidence: Vec<Value> = serde_json::from_str(row.get(3)).unwrap();
    let of = |at: usize, name: &str| evidence[at][name].clone();
    let ids: Vec<_> = (0..3).map(|at| of(at, "id")).collect();
    assert_eq!(
        ids,
        [json!(said.id), json!(row.get::<_, Uuid>(5)), json!(last.id)]
    );
    assert_eq!(evidence.len(), 3, "neither the events nor older messages");
    let seqs: Vec<_> = (0..3).map(|at| of(at, "seq")).collect();
    assert_eq!(seqs, [json!(3), json!(4), json!(5)]);
    let read: Vec<_> = (0..3).map(|at| of(at, "is_read")).collect();
    assert_eq!(read, [json!(true), json!(false), json!(false)]);
    let delivered: Vec<_> = (0..3).map(|at| of(at, "is_delivered")).collect();
    assert_eq!(delivered, [json!(true), json!(true), json!(false)]);
    let deleted: Vec<_> = (0..3).map(|at| of(at, "is_deleted")).collect();
    assert_eq!(deleted, [json!(false), json!(false), json!(true)]);
    assert_eq!(of(1, "sender_id"), Value::Null);
    assert_eq!(of(2, "sender_id"), json!(driver.0));
    assert_eq!(of(2, "created_at"), json!(last.created_at));
    assert!(of(0, "read_at").as_str().unwrap().ends_with('Z'));
    assert!(evidence.iter().all(|it| it.get("text").is_none()));
}

#[tokio::test]
async fn a_new_call_may_follow_an_answer_before_the_first_time_is_up() {
    let test = TestApp::new().await;
    let (driver, client, room, _) = waiting(&test).await;
    call(&test, driver, room).await.unwrap();
    let answer = test.say(client, room, "Oui").await;
    test.backdate(answer.id, 130).await;
    let again = test.say(driver, room, "Alors ?").await;
    test.backdate(again.id, 121).await;
    assert!(call(&test, driver, room).await.unwrap().created);
    let first = "UPDATE chat_unreachable_calls SET until = now() - interval '1 second'
                 WHERE seq = (SELECT min(seq) FROM chat_unreachable_calls)";
    test.sql.execute(first, &[]).await.unwrap();
    let ended = end(&test).await;
    assert_eq!((ended.unreachable, ended.all), (0, 1));
    assert_eq!(outcomes(&test).await, [Some("answered".to_owned()), None]);
    assert!(until(&test, driver, room).await.is_some());
    expire(&test).await;
    assert_eq!(end(&test).await.unreachable, 1);
}

#[tokio::test]
async fn the_end_of_the_delivery_or_of_the_room_voids_the_call() {
    let test = TestApp::new().await;
    for by_hand in [true, false] {
        let (driver, _, room, _) = waiting(&test).await;
        call(&test, driver, room).await.unwrap();
        if by_hand {
            test.close_rooms().await;
        } else {
            let sql = "SELECT delivery_id FROM chat_rooms WHERE id = $1";
            let row = test.sql.query_one(sql, &[&room]).await.unwrap();
            test.report(DeliveryEvent::Delivered, row.get(0)).await;
            assert_eq!(until(&test, driver, room).await, None);
        }
        expire(&test).await;
        let ended = end(&test).await;
        assert_eq!((ended.unreachable, ended.all), (0, 1));
        assert_eq!(until(&test, driver, room).await, None);
    }
    assert_eq!(outcomes(&test).await, vec![Some("void".to_owned()); 2]);
}

#[tokio::test]
async fn the_call_is_pushed_during_quiet_hours_and_in_a_muted_room_but_not_with_pushes_off() {
    let test = TestApp::new().await;
    let settings =
        "INSERT INTO chat_notification_settings VALUES ($1, $2, '00:00', '23:59:59', 'UTC')";
    for (enabled, expected) in [(true, 1), (false, 0)] {
        let (driver, client, room, _) = waiting(&test).await;
        test.device(client, &format!("client-{enabled}")).await;
        test.device(driver, &format!("driver-{enabled}")).await;
        test.sql
            .execute(settings, &[&client.0, &enabled])
            .await
            .unwrap();
        rooms::mute(&test.app.database, client, room, true)
            .await
            .unwrap();
        test.say(driver, room, "Muet").await;
        call(&test, driver, room).await.unwrap();
        test.say(driver, room, "Muet aussi").await;
        let scope = LeaseScope::Room {
            room_id: room,
            reservation: None,
        };
        let lease = pushes::lease(&test.app.database, scope, Duration::from_mins(1)).await;
        let pushes = lease.unwrap().items;
        assert_eq!(pushes.len(), expected);
        for push in pushes {
            assert_eq!(push.token, "client-true");
            let notice = push.notice.unwrap();
            assert!(notice.is_urgent);
            assert!(notice.text.starts_with("Le livreur est arrivé"));
        }
    }
}

#[tokio::test]
async fn twenty_concurrent_calls_make_one() {
    let test = TestApp::new().await;
    let (driver, client, room, _) = waiting(&test).await;
    let before = test.unread(client).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let database = &test.app.database;
        tasks.spawn(rooms::call(database, driver, room, ResponseTime::default()));
    }
    let calls: Vec<_> = tasks
        .join_all()
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(calls.iter().filter(|it| it.created).count(), 1);
    assert!(calls.iter().all(|it| it.until == calls[0].until));
    assert_eq!(test.unread(client).await, before + 1);
    assert_eq!(outcomes(&test).await.len(), 1);
}

#[tokio::test]
async fn an_answer_at_the_moment_of_the_call_prevents_or_ends_it() {
    let test = TestApp::new().await;
    for _ in 0..20 {
        let (driver, client, room, _) = waiting(&test).await;
        let (called, _) = tokio::join!(call(&test, driver, room), test.say(client, room, "Oui"));
        assert_eq!(until(&test, driver, room).await, None);
        if !matches!(called, Ok(Call { created: true, .. })) {
            assert!(matches!(called, Err(Error::NotNow(_))), "{called:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_at_the_moment_the_time_is_up_ends_the_call_or_comes_after_it() {
    let test = TestApp::new().await;
    for turn in 0..30 {
        let (driver, client, room, _) = waiting(&test).await;
        call(&test, driver, room).await.unwrap();
        expire(&test).await;
        let database = &test.app.database;
        let new = NewMessage {
            room_id: room,
            content: Content::Text(Text::parse("Oui").unwrap()),
            client_message_id: None,
        };
        let limits = SendLimits::default();
        let runs = async {
            tokio::time::sleep(Duration::from_micros(turn * 50)).await;
            let (a, b) = tokio::join!(
                rooms::end_calls(database, 100),
                rooms::end_calls(database, 100)
            );
            (a.unwrap(), b.unwrap())
        };
        let ((a, b), sent) = tokio::join!(runs, messages::send(database, client, &new, &limits));
        sent.unwrap();
        let rest = end(&test).await;
        assert_eq!(a.all + b.all + rest.all, 1, "each call ends once");
        let sql = "SELECT outcome = 'unreachable', room.unreachable_until IS NULL,
                       ended_at > (SELECT created_at FROM chat_messages
                                   WHERE chat_room_id = room.id AND sender_id = room.other_user_id)
                   FROM chat_unreachable_calls AS call JOIN chat_rooms AS room ON room.id = chat_room_id
                   WHERE room.id = $1";
        let row = test.sql.query_one(sql, &[&room]).await.unwrap();
        let (is_unreachable, is_free, answered_first): (bool, bool, bool) =
            (row.get(0), row.get(1), row.get(2));
        assert!(is_free);
        if is_unreachable {
            assert!(!answered_first, "the customer had answered");
        }
        assert_eq!(
            a.unreachable + b.unreachable + rest.unreachable,
            usize::from(is_unreachable)
        );
    }
}

#[tokio::test]
async fn only_the_end_of_the_time_is_an_event_for_the_platform() {
    let (test, _endpoint) = TestApp::with_webhooks().await;
    let mut unreachable = None;
    for answers in [true, false] {
        let (driver, client, room, _) = waiting(&test).await;
        call(&test, driver, room).await.unwrap();
        if answers {
            test.say(client, room, "Oui").await;
        } else {
            unreachable = Some(room);
        }
        expire(&test).await;
        end(&test).await;
    }
    let sql = "SELECT event.chat_room_id, event.message_id = call.id AND call.outcome = 'unreachable'
               FROM chat_webhook_events AS event LEFT JOIN chat_unreachable_calls AS call ON call.id = event.message_id
               WHERE type = 'customer.unreachable'";
    let row = test.sql.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, Option<Uuid>>(0), unreachable);
    assert!(row.get::<_, bool>(1));
}

#[tokio::test]
async fn a_blocked_driver_does_not_call_the_customer() {
    let test = TestApp::new().await;
    let (driver, client, room, _) = waiting(&test).await;
    let blocked = shared::db::blocks::block(&test.app.database, client, driver.0).await;
    assert!(blocked.unwrap().created);
    let called = call(&test, driver, room).await;
    assert!(matches!(called, Err(Error::Blocked)), "{called:?}");
    assert_eq!(until(&test, driver, room).await, None);
}
