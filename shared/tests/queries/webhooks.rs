use std::time::Duration;

use serde_json::json;
use shared::db::delivery::{Channel, record_failures};
use shared::db::events::{self, NewEvent};
use shared::db::messages::{Unread, mark_read};
use shared::db::webhooks::{self, DueEvents};
use shared::delivery::{DeliveryOutcome, Lease, LeaseScope, RetryCause};
use shared::domain::{DeliveryEvent, GracePeriod, PageSize, Platform};
use shared::testing::TestApp;
use uuid::Uuid;

const LIFE: Duration = Duration::from_mins(1);
const REJECTED: DeliveryOutcome = DeliveryOutcome::Retry {
    after: None,
    cause: RetryCause::Item,
};

async fn with_webhooks() -> TestApp {
    TestApp::with_webhooks().await.0
}

async fn lease_due(test: &TestApp, ignore_circuit: bool) -> Vec<DueEvents> {
    let scope = LeaseScope::Due {
        limit: 100,
        ignore_circuit,
    };
    let lease = webhooks::lease(&test.app.database, scope, LIFE).await;
    lease.unwrap().items
}

async fn lease(test: &TestApp) -> Vec<DueEvents> {
    lease_due(test, false).await
}

async fn lease_of_room(
    test: &TestApp,
    room_id: Uuid,
    reservation: Option<chrono::DateTime<chrono::Utc>>,
    life: Duration,
) -> Lease<DueEvents> {
    let scope = LeaseScope::Room {
        room_id,
        reservation,
    };
    let lease = webhooks::lease(&test.app.database, scope, life).await;
    lease.unwrap()
}

fn types(due: &DueEvents) -> Vec<&str> {
    due.events.iter().map(|it| it.event_type.as_str()).collect()
}

/// Settles a lease after the endpoint has accepted its first `delivered` events.
async fn settle(
    test: &TestApp,
    due: DueEvents,
    delivered: usize,
    outcome: DeliveryOutcome,
) -> bool {
    for _ in 0..delivered {
        due.record_delivered();
    }
    let settled = webhooks::settle(&test.app.database, &due, outcome).await;
    settled.unwrap().gave_up
}

async fn deliver_all(test: &TestApp) {
    for due in lease(test).await {
        let all = due.events.len();
        settle(test, due, all, DeliveryOutcome::Delivered).await;
    }
}

async fn written(test: &TestApp) -> Vec<String> {
    let sql = "SELECT type FROM chat_webhook_events ORDER BY id";
    let rows = test.sql.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn seconds_to_wait(test: &TestApp) -> f64 {
    let sql = "SELECT extract(epoch FROM deliver_after - clock_timestamp())::float8 FROM chat_webhook_queues";
    test.sql.query_one(sql, &[]).await.unwrap().get(0)
}

async fn let_time_pass(test: &TestApp) {
    let sql = "UPDATE chat_webhook_queues SET deliver_after = NULL, leased_until = NULL, reserved_until = NULL";
    test.sql.execute(sql, &[]).await.unwrap();
}

async fn open_circuit(test: &TestApp) {
    let database = &test.app.database;
    record_failures(database, Channel::Webhooks.name(), 5, None)
        .await
        .unwrap();
}

#[tokio::test]
async fn without_webhooks_a_write_does_no_work_for_them() {
    let test = TestApp::new().await;
    let triggers = async || {
        let sql = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'chat_webhook%'";
        let row = test.sql.query_one(sql, &[]).await.unwrap();
        row.get::<_, i64>(0)
    };
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "1").await;
    assert_eq!((triggers().await, written(&test).await.len()), (0, 0));

    for _ in 0..2 {
        webhooks::switch(&test.sql, true).await.unwrap();
    }
    assert!(triggers().await > 0);
    test.say(driver, room, "2").await;
    assert_eq!(written(&test).await, ["message.created"]);

    for _ in 0..2 {
        webhooks::switch(&test.sql, false).await.unwrap();
    }
    assert_eq!(triggers().await, 0);
    test.say(driver, room, "3").await;
    assert_eq!(written(&test).await.len(), 1);
}

#[tokio::test]
async fn a_missing_or_unknown_trigger_is_corrected() {
    let test = with_webhooks().await;
    let change = "ALTER TRIGGER chat_webhook_room_created ON chat_rooms RENAME TO chat_webhook_room_created_before";
    test.sql.batch_execute(change).await.unwrap();
    webhooks::switch(&test.sql, true).await.unwrap();
    test.room().await;
    assert_eq!(written(&test).await, ["room.created"]);
}

#[tokio::test]
async fn an_event_has_ids_and_no_text() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    let message = test.say(driver, room, "Bonjour").await;
    let sql = "SELECT id, chat_room_id, message_id, order_key, to_jsonb(event)::text AS row
               FROM chat_webhook_events AS event ORDER BY id";
    let rows = test.sql.query(sql, &[]).await.unwrap();
    assert_eq!(rows.len(), 2);
    for (row, message_id) in rows.iter().zip([None, Some(message.id)]) {
        let id: Uuid = row.get("id");
        assert_eq!(id.get_version_num(), 7);
        let (seconds, _) = id.get_timestamp().unwrap().to_unix();
        let age = chrono::Utc::now().timestamp() - i64::try_from(seconds).unwrap();
        assert!((0..60).contains(&age), "{age}");
        assert_eq!(row.get::<_, Uuid>("chat_room_id"), room);
        assert_eq!(row.get::<_, Uuid>("order_key"), room);
        assert_eq!(row.get::<_, Option<Uuid>>("message_id"), message_id);
        assert!(!row.get::<_, String>("row").contains("Bonjour"));
    }
}

#[tokio::test]
async fn an_event_is_rendered_with_the_room_and_the_message_as_they_are() {
    let test = with_webhooks().await;
    let (driver, client, room) = test.room().await;
    let message = test.say(driver, room, "Bonjour").await;
    mark_read(&test.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    let due = lease(&test).await.remove(0);
    assert_eq!(types(&due), ["room.created", "message.created"]);
    let event = serde_json::to_value(&due.events[1]).unwrap();
    let rendered_room = json!({
        "id": room, "room_type": "delivery", "driver_id": driver.0, "other_user_id": client.0, "delivery_id": null,
        "is_active": true, "closes_at": null, "created_at": event["data"]["room"]["created_at"],
    });
    assert_eq!(event["type"], "message.created");
    assert_eq!(event["data"]["room"], rendered_room);
    let rendered = &event["data"]["message"];
    let mut expected = serde_json::to_value(&message).unwrap();
    expected["is_read"] = json!(true);
    expected["is_delivered"] = json!(true);
    expected["revision"] = json!(3);
    expected["read_at"] = rendered["read_at"].clone();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&rendered[name], value, "{name}");
    }
    assert_eq!(due.events[0].data["room"], rendered_room);
    assert!(!due.events[0].data.contains_key("message"));
}

#[tokio::test]
async fn an_edit_and_a_deletion_are_events_and_nothing_else_of_a_message_is() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    deliver_all(&test).await;
    for change in [
        "edited_at = now(), text = 'Bonsoir'",
        "read_at = now(), revision = revision + 1",
        "edited_at = edited_at, deleted_at = deleted_at",
        "deleted_at = now(), text = ''",
        "deleted_at = now()",
    ] {
        let change = format!("UPDATE chat_messages SET {change}");
        test.sql.execute(&change, &[]).await.unwrap();
    }
    let due = lease(&test).await.remove(0);
    assert_eq!(types(&due), ["message.edited", "message.deleted"]);
    let message = &due.events[1].data["message"];
    assert_eq!(message["is_deleted"], true);
    assert_eq!(message["text"], "");
}

#[tokio::test]
async fn an_unreachable_customer_is_an_event_with_its_evidence() {
    let test = with_webhooks().await;
    let (driver, client, room) = test.room().await;
    let call = test.say(driver, room, "Nous appelons").await;
    deliver_all(&test).await;
    let insert = "INSERT INTO chat_unreachable_calls
                      (id, chat_room_id, delivery_id, driver_id, other_user_id, seq, called_at, until)
                  VALUES ($1, $2, gen_random_uuid(), $3, $4, 1, '2026-01-01T12:00:00Z', '2026-01-01T12:05:00Z')";
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&call.id, &room, &driver.0, &client.0];
    test.sql.execute(insert, &parameters).await.unwrap();
    assert!(lease(&test).await.is_empty(), "the customer has time left");
    let end = "UPDATE chat_unreachable_calls SET outcome = 'unreachable', ended_at = '2026-01-01T12:05:30Z',
                   messages = '[{\"seq\": 1}]', push_devices = 2";
    test.sql.execute(end, &[]).await.unwrap();
    let due = lease(&test).await.remove(0);
    assert_eq!(types(&due), ["customer.unreachable"]);
    assert_eq!(due.events[0].data["room"]["id"], json!(room));
    assert_eq!(due.events[0].data["message"]["id"], json!(call.id));
    assert_eq!(
        due.events[0].data["call"],
        json!({
            "id": call.id, "called_at": "2026-01-01T12:00:00.000000Z", "until": "2026-01-01T12:05:00.000000Z",
            "ended_at": "2026-01-01T12:05:30.000000Z", "messages": [{ "seq": 1 }], "push_devices": 2,
            "last_answer_at": null,
        })
    );
}

#[tokio::test]
async fn a_report_is_an_event_of_its_room_with_its_reason_and_comment() {
    let test = with_webhooks().await;
    let (driver, client, room) = test.room().await;
    let message = test.say(driver, room, "Bonjour").await;
    deliver_all(&test).await;
    let insert = "INSERT INTO chat_reports (id, message_id, chat_room_id, reporter_id, reported_id, reason, comment, created_at)
                  VALUES ($1, $2, $3, $4, $5, 'spam', 'Encore lui', '2026-01-01T12:00:00Z')";
    let id = Uuid::now_v7();
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&id, &message.id, &room, &client.0, &driver.0];
    test.sql.execute(insert, &parameters).await.unwrap();
    let handle = "UPDATE chat_reports SET status = 'dismissed', handled_at = now()";
    test.sql.execute(handle, &[]).await.unwrap();

    let due = lease(&test).await.remove(0);
    assert_eq!(
        (due.order_key, types(&due)),
        (room, vec!["message.reported"])
    );
    let data = &due.events[0].data;
    assert_eq!(data["message"]["id"], json!(message.id));
    assert_eq!(
        data["report"],
        json!({
            "id": id, "reporter_id": client.0, "reported_id": driver.0, "reason": "spam", "comment": "Encore lui",
            "created_at": "2026-01-01T12:00:00.000000Z",
        })
    );
    let row = "SELECT to_jsonb(event)::text FROM chat_webhook_events AS event WHERE type = 'message.reported'";
    let row = test.sql.query_one(row, &[]).await.unwrap();
    assert!(!row.get::<_, &str>(0).contains("Encore"));

    settle(&test, due, 0, REJECTED).await;
    let_time_pass(&test).await;
    test.sql
        .execute("DELETE FROM chat_reports", &[])
        .await
        .unwrap();
    let due = lease(&test).await.remove(0);
    assert_eq!(due.events[0].data["report"], json!(null));
    assert_eq!(due.events[0].data["report_id"], json!(id));
}

#[tokio::test]
async fn a_block_is_an_event_without_a_room_that_waits_for_no_room() {
    let test = with_webhooks().await;
    let (driver, client, _) = test.room().await;
    let due = lease(&test).await.remove(0);
    settle(&test, due, 0, REJECTED).await;
    let insert = "INSERT INTO chat_blocks VALUES ($1, $2, now()) ON CONFLICT DO NOTHING";
    for _ in 0..2 {
        test.sql
            .execute(insert, &[&client.0, &driver.0])
            .await
            .unwrap();
    }
    let due = lease(&test).await.remove(0);
    assert_eq!(
        (due.order_key, types(&due)),
        (client.0, vec!["user.blocked"])
    );
    assert_eq!(
        serde_json::to_value(&due.events[0].data).unwrap(),
        json!({ "blocker_id": client.0, "blocked_id": driver.0 })
    );
}

#[tokio::test]
async fn reading_archiving_and_leasing_are_no_events() {
    let test = with_webhooks().await;
    let (driver, client, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    let before = written(&test).await;
    mark_read(&test.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    let archive = "UPDATE chat_rooms SET archived_by_driver = true, is_active = is_active";
    test.sql.execute(archive, &[]).await.unwrap();
    assert_eq!(written(&test).await, before);
}

#[tokio::test]
async fn a_room_is_closed_after_its_last_message() {
    let test = with_webhooks().await;
    let driver = test.user("driver", "Awa").await;
    let client = test.user("client", "Jean").await;
    let delivery = test.delivery("LBN1", driver, client).await;
    let receive = async |event| {
        let new = NewEvent {
            event_id: Uuid::new_v4(),
            event,
            delivery_id: delivery,
            occurred_at: None,
        };
        let grace = GracePeriod::parse("0").unwrap();
        let received = events::receive(&test.app.database, Platform, &new, grace).await;
        received.unwrap();
    };
    receive(DeliveryEvent::Assigned).await;
    receive(DeliveryEvent::Delivered).await;
    assert_eq!(
        written(&test).await,
        [
            "room.created",
            "message.created",
            "message.created",
            "room.closed"
        ]
    );
    let due = lease(&test).await.remove(0);
    let closed = &due.events[3].data["room"];
    assert_eq!(closed["is_active"], false);
    assert_eq!(closed["delivery_id"], json!(delivery));
    test.close_rooms().await;
    assert_eq!(written(&test).await.len(), 4, "it was closed before");
}

#[tokio::test]
async fn concurrent_messages_have_events_in_their_order() {
    let test = with_webhooks().await;
    let (driver, client, room) = test.room().await;
    let says = (0..40).map(|n| test.say([driver, client][n % 2], room, "Bonjour"));
    futures_util::future::join_all(says).await;
    let sql = "SELECT array_agg(message.seq ORDER BY event.id) AS by_id, array_agg(message.seq ORDER BY event.created_at) AS by_time
               FROM chat_webhook_events AS event JOIN chat_messages AS message ON message.id = event.message_id";
    let row = test.sql.query_one(sql, &[]).await.unwrap();
    let expected: Vec<i64> = (1..=40).collect();
    assert_eq!(row.get::<_, Vec<i64>>("by_id"), expected);
    assert_eq!(row.get::<_, Vec<i64>>("by_time"), expected);
}

#[tokio::test]
async fn an_import_of_many_messages_has_one_event_each_in_order() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    let import = "INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
                  SELECT gen_random_uuid(), $1, n, $2, 'text', 'x', now() + n * interval '1 ms', 2
                  FROM generate_series(1, 50) AS n";
    test.sql.execute(import, &[&room, &driver.0]).await.unwrap();
    deliver_all(&test).await;
    let mut seen = 19;
    loop {
        let Some(due) = lease(&test).await.pop() else {
            break;
        };
        for event in &due.events {
            seen += 1;
            assert_eq!(event.data["message"]["seq"], seen);
        }
        let all = due.events.len();
        settle(&test, due, all, DeliveryOutcome::Delivered).await;
    }
    assert_eq!(seen, 50);
}

#[tokio::test]
async fn a_room_has_one_lease_and_its_events_follow_in_order() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "1").await;
    let first = lease(&test).await.remove(0);
    assert_eq!(first.order_key, room);
    test.say(driver, room, "2").await;
    assert!(lease(&test).await.is_empty(), "one in flight per room");

    settle(&test, first, 1, DeliveryOutcome::Delivered).await;
    let second = lease(&test).await.remove(0);
    let seqs: Vec<_> = second
        .events
        .iter()
        .map(|it| &it.data["message"]["seq"])
        .collect();
    assert_eq!(seqs, [1, 2]);
    settle(&test, second, 2, DeliveryOutcome::Delivered).await;
    assert!(lease(&test).await.is_empty());
    let backlog = webhooks::backlog(&test.app.database).await.unwrap();
    assert_eq!(backlog.items, 0);
}

#[tokio::test]
async fn the_next_sender_reserves_a_leased_room_and_further_ones_leave_it() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    let mut held = lease_of_room(&test, room, None, LIFE).await;
    let held = held.items.remove(0);
    test.say(driver, room, "1").await;
    let waiting = lease_of_room(&test, room, None, LIFE).await;
    assert!(waiting.items.is_empty());
    let (reservation, _) = waiting.reserved.unwrap();
    let third = lease_of_room(&test, room, None, LIFE).await;
    assert!(third.items.is_empty() && third.reserved.is_none());

    settle(&test, held, 1, DeliveryOutcome::Delivered).await;
    let next = lease_of_room(&test, room, Some(reservation), LIFE).await;
    assert!(next.reserved.is_none());
    assert_eq!(types(&next.items[0]), ["message.created"]);
}

#[tokio::test]
async fn an_expired_lease_is_leased_again_and_its_late_result_counts_only_as_progress() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "1").await;
    let late = lease_of_room(&test, room, None, Duration::ZERO)
        .await
        .items
        .remove(0);
    let holder = lease_of_room(&test, room, None, LIFE).await.items.remove(0);
    assert_eq!(holder.events, late.events);
    settle(&test, late, 1, REJECTED).await;
    assert!(
        lease_of_room(&test, room, None, LIFE)
            .await
            .items
            .is_empty(),
        "the other lease stays"
    );
    settle(&test, holder, 0, REJECTED).await;
    let_time_pass(&test).await;
    assert_eq!(types(&lease(&test).await[0]), ["message.created"]);
}

#[tokio::test]
async fn a_rejected_event_holds_its_room_and_no_other() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    let due = lease(&test).await.remove(0);
    settle(&test, due, 0, REJECTED).await;
    test.say(driver, room, "1").await;
    assert!(
        lease_of_room(&test, room, None, LIFE)
            .await
            .items
            .is_empty()
    );
    assert!(lease(&test).await.is_empty());

    let merchant = test.user("merchant", "Chez Awa").await;
    let other = test.room_between(driver, merchant).await.id;
    let due = lease(&test).await;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].order_key, other);
}

#[tokio::test]
async fn the_back_off_goes_from_five_seconds_to_six_hours() {
    let test = with_webhooks().await;
    test.room().await;
    for expected in [
        5.0, 20.0, 80.0, 320.0, 1280.0, 5120.0, 20480.0, 21600.0, 21600.0,
    ] {
        let due = lease(&test).await.remove(0);
        assert!(!settle(&test, due, 0, REJECTED).await);
        let wait = seconds_to_wait(&test).await;
        assert!(
            (expected - 1.0..=expected * 1.5).contains(&wait),
            "{wait} {expected}"
        );
        let_time_pass(&test).await;
    }
    let due = lease(&test).await.remove(0);
    let asked = DeliveryOutcome::outage(Some(Duration::from_hours(20)));
    settle(&test, due, 0, asked).await;
    assert!(seconds_to_wait(&test).await > 71_000.0);
}

#[tokio::test]
async fn an_event_is_given_up_after_three_days_and_ten_attempts_and_the_next_one_is_due() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "1").await;
    let age = async |age: &str| {
        let sql = format!(
            "UPDATE chat_webhook_queues SET failing_since = clock_timestamp() - interval '{age}', attempts = attempts + 9, deliver_after = NULL"
        );
        test.sql.execute(&sql, &[]).await.unwrap();
    };
    let due = lease(&test).await.remove(0);
    settle(&test, due, 0, REJECTED).await;
    let days = "UPDATE chat_webhook_queues SET failing_since = failing_since - interval '4 days', deliver_after = NULL";
    test.sql.execute(days, &[]).await.unwrap();
    let due = lease(&test).await.remove(0);
    assert!(
        !settle(&test, due, 0, REJECTED).await,
        "it was the second attempt"
    );
    age("2 days 23 hours").await;
    let due = lease(&test).await.remove(0);
    assert!(!settle(&test, due, 0, REJECTED).await);
    age("3 days 1 second").await;
    let due = lease(&test).await.remove(0);
    assert!(settle(&test, due, 0, REJECTED).await);

    let due = lease(&test).await.remove(0);
    assert_eq!(types(&due), ["message.created"]);
    assert!(
        !settle(&test, due, 0, REJECTED).await,
        "it has its own three days"
    );
    let states = "SELECT array_agg(gave_up_at IS NOT NULL ORDER BY id) FROM chat_webhook_events";
    let states = test.sql.query_one(states, &[]).await.unwrap();
    assert_eq!(states.get::<_, Vec<bool>>(0), [true, false]);
}

#[tokio::test]
async fn an_outage_counts_no_attempts_and_gives_nothing_up() {
    let test = with_webhooks().await;
    test.room().await;
    open_circuit(&test).await;
    let since = "UPDATE chat_webhook_queues SET attempts = 7, failing_since = clock_timestamp() - interval '9 days'";
    test.sql.execute(since, &[]).await.unwrap();
    let due = lease_due(&test, true).await.remove(0);
    assert!(!settle(&test, due, 0, DeliveryOutcome::outage(None)).await);
    let wait = seconds_to_wait(&test).await;
    assert!((14.0..=22.5).contains(&wait), "{wait}");
    let attempts = test
        .sql
        .query_one("SELECT attempts FROM chat_webhook_queues", &[])
        .await;
    assert_eq!(attempts.unwrap().get::<_, i32>(0), 7);
}

#[tokio::test]
async fn an_open_circuit_leases_nothing_after_a_reply_and_one_room_per_probe() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    let merchant = test.user("merchant", "Chez Awa").await;
    test.room_between(driver, merchant).await;
    open_circuit(&test).await;
    let lease_of_room = lease_of_room(&test, room, None, LIFE).await;
    assert!(lease_of_room.items.is_empty() && lease_of_room.circuit.is_open);
    assert!(lease(&test).await.is_empty(), "the probe is not due");
    let due = "UPDATE chat_delivery_channels SET probe_after = now()";
    test.sql.execute(due, &[]).await.unwrap();
    assert_eq!(lease(&test).await.len(), 1);
    assert_eq!(lease_due(&test, true).await.len(), 1);
}

#[tokio::test]
async fn a_stopped_endpoint_gets_nothing_and_loses_nothing() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    let database = &test.app.database;
    let due = lease(&test).await.remove(0);
    webhooks::stop(database).await.unwrap();
    settle(&test, due, 0, REJECTED).await;
    let_time_pass(&test).await;
    test.say(driver, room, "1").await;
    assert!(webhooks::state(database).await.unwrap().is_stopped);
    let of_room = lease_of_room(&test, room, None, LIFE).await;
    assert!(of_room.items.is_empty() && of_room.circuit.is_open);
    assert!(lease_due(&test, true).await.is_empty());
    let backlog = webhooks::backlog(database).await.unwrap();
    assert_eq!(backlog.items, 1);
    assert!(backlog.next_due > 3600.0, "the sweep does not wait for it");

    webhooks::resume(database).await.unwrap();
    assert!(!webhooks::state(database).await.unwrap().is_stopped);
    let due = lease(&test).await.remove(0);
    assert_eq!(types(&due), ["room.created", "message.created"]);
}

#[tokio::test]
async fn the_list_has_every_event_in_order_after_an_id() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "1").await;
    test.say(driver, room, "2").await;
    let due = lease(&test).await.remove(0);
    settle(&test, due, 2, REJECTED).await;
    let database = &test.app.database;
    let list = async |after, size| {
        let size = PageSize::parse(size);
        let (events, more) = webhooks::list(database, Platform, after, size)
            .await
            .unwrap();
        let ids: Vec<_> = events.iter().map(|it| it.id).collect();
        let states: Vec<_> = events.iter().map(|it| it.state.clone()).collect();
        (ids, states, more)
    };
    assert!(list(None, "20").await.0.is_empty(), "they are too new");
    let age = "UPDATE chat_webhook_events SET created_at = created_at - interval '10 seconds'";
    test.sql.execute(age, &[]).await.unwrap();
    let age = "UPDATE chat_webhook_queues SET settled_at = settled_at - interval '10 seconds'";
    test.sql.execute(age, &[]).await.unwrap();

    let (ids, states, more) = list(None, "20").await;
    assert_eq!(states, ["delivered", "delivered", "pending"]);
    assert!(ids.is_sorted() && !more);
    assert_eq!(list(None, "2").await.0, ids[..2]);
    assert!(list(None, "2").await.2);
    assert_eq!(list(Some(ids[0]), "2").await.0, ids[1..]);
    assert!(list(Some(ids[2]), "2").await.0.is_empty());
    let give_up = "UPDATE chat_webhook_events SET gave_up_at = now() WHERE id = $1";
    test.sql.execute(give_up, &[&ids[2]]).await.unwrap();
    assert_eq!(list(None, "20").await.1[2], "given_up");
}

#[tokio::test]
async fn events_of_a_deleted_message_are_listed_without_it() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "1").await;
    for delete in ["DELETE FROM chat_messages", "DELETE FROM chat_rooms"] {
        test.sql.execute(delete, &[]).await.unwrap();
    }
    let due = lease(&test).await.remove(0);
    assert_eq!(
        serde_json::to_value(&due.events[1].data).unwrap(),
        json!({ "room": null, "message": null })
    );
}

#[tokio::test]
async fn events_are_deleted_after_thirty_days_and_then_no_longer_pending() {
    let test = with_webhooks().await;
    let (driver, _, room) = test.room().await;
    deliver_all(&test).await;
    let merchant = test.user("merchant", "Chez Awa").await;
    let pending = test.room_between(driver, merchant).await.id;
    let age = "WITH aged AS (
                   UPDATE chat_webhook_events SET created_at = created_at - interval '31 days',
                       id = chat_webhook_event_id(created_at - interval '31 days')
               )
               UPDATE chat_webhook_queues SET last_at = last_at - interval '31 days',
                   settled_at = settled_at - interval '31 days', pending_since = pending_since - interval '31 days'";
    test.sql.execute(age, &[]).await.unwrap();
    test.say(driver, pending, "new").await;
    let database = &test.app.database;
    assert_eq!(webhooks::delete_expired(database, 1).await.unwrap(), 1);
    assert_eq!(webhooks::delete_expired(database, 100).await.unwrap(), 1);
    assert_eq!(written(&test).await, ["message.created"]);
    let queues = test
        .sql
        .query("SELECT order_key FROM chat_webhook_queues", &[])
        .await
        .unwrap();
    assert_eq!(queues.len(), 1, "the queue of {room} is deleted");
    let due = lease(&test).await.remove(0);
    assert_eq!(due.order_key, pending);
    assert_eq!(types(&due), ["message.created"]);
    settle(&test, due, 1, DeliveryOutcome::Delivered).await;
    assert!(lease(&test).await.is_empty());
}
