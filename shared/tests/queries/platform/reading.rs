use std::time::Duration;

use shared::db::events::receive;
use shared::db::messages::{self, Unread, mark_read};
use shared::domain::DeliveryEvent::{Arriving, Assigned, Delivered, PickedUp};
use shared::domain::{Content, GracePeriod, Message, PageSize, Platform, SendLimits, Text};
use shared::testing::TestApp;

use super::{assert_counters_are_true, assigned, event, history, open, report};

#[tokio::test]
async fn each_participant_reads_separately_and_the_mirror_shows_it_once_both_have() {
    let test = TestApp::new().await;
    let (driver, client, delivery, room) = assigned(&test).await;
    report(&test, &event(PickedUp, delivery)).await;
    test.say(driver, room, "J'arrive").await;
    assert_eq!(
        (test.unread(driver).await, test.unread(client).await),
        (2, 3)
    );
    let database = &test.app.database;
    let first = history(&test, driver, room).await[0].id;

    let marked = mark_read(database, driver, &Unread::Messages(vec![first, first])).await;
    assert_eq!(marked.unwrap().count, 1);
    let marked = mark_read(database, driver, &Unread::Messages(vec![first])).await;
    assert_eq!(marked.unwrap().count, 0);
    assert_counters_are_true(&test).await;
    let marked = mark_read(database, driver, &Unread::Room(room))
        .await
        .unwrap();
    assert_eq!(marked.count, 1);
    let read = |messages: Vec<Message>| -> Vec<bool> {
        messages.iter().map(|message| message.is_read).collect()
    };
    assert_eq!(
        read(history(&test, driver, room).await),
        [true, true, false]
    );
    assert_eq!(read(history(&test, client, room).await), [false; 3]);
    assert_eq!(
        (test.unread(driver).await, test.unread(client).await),
        (0, 3)
    );
    let both_have = "SELECT count(*) FROM chat_messages WHERE read_at IS NOT NULL";
    let row = test.sql.query_one(both_have, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);

    let marked = mark_read(database, client, &Unread::Room(room))
        .await
        .unwrap();
    assert_eq!(marked.count, 3);
    let row = test.sql.query_one(both_have, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 3);
    let by_client = history(&test, client, room).await;
    let by_driver = history(&test, driver, room).await;
    assert!(by_driver[0].read_at.unwrap() < by_client[0].read_at.unwrap());
    assert_eq!(by_driver[2].read_at, by_client[2].read_at);
    assert_counters_are_true(&test).await;
}

#[tokio::test]
async fn concurrent_events_sends_and_readings_keep_the_counters_correct() {
    let test = TestApp::new().await;
    let (driver, client, delivery, room) = assigned(&test).await;
    let merchant = test.user("merchant", "Maquis").await;
    let set = "UPDATE deliveries SET merchant_id = $1";
    test.sql.execute(set, &[&merchant.0]).await.unwrap();
    let with_merchant = open(&test, merchant, driver, delivery).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..160 {
        let database = &test.app.database;
        tasks.spawn(async move {
            let limits = SendLimits::default();
            let say = |room_id| messages::NewMessage {
                room_id,
                content: Content::Text(Text::parse("Bonjour").unwrap()),
                client_message_id: None,
            };
            let grace = GracePeriod::default();
            match turn % 8 {
                0 => drop(
                    messages::send(database, driver, &say(room), &limits)
                        .await
                        .unwrap(),
                ),
                1 => drop(
                    messages::send(database, merchant, &say(with_merchant), &limits)
                        .await
                        .unwrap(),
                ),
                2 => drop(
                    mark_read(database, driver, &Unread::Room(room))
                        .await
                        .unwrap(),
                ),
                3 => drop(
                    mark_read(database, client, &Unread::Room(room))
                        .await
                        .unwrap(),
                ),
                4 => {
                    let history =
                        messages::backfill(database, driver, with_merchant, 0, PageSize::DEFAULT)
                            .await
                            .unwrap();
                    let more = messages::backfill(database, driver, room, 0, PageSize::DEFAULT)
                        .await
                        .unwrap();
                    let ids = history
                        .messages
                        .iter()
                        .chain(&more.messages)
                        .map(|it| it.id)
                        .collect();
                    drop(
                        mark_read(database, driver, &Unread::Messages(ids))
                            .await
                            .unwrap(),
                    );
                }
                5 => drop(
                    receive(database, Platform, &event(Delivered, delivery), grace)
                        .await
                        .unwrap(),
                ),
                6 => drop(
                    receive(database, Platform, &event(Assigned, delivery), grace)
                        .await
                        .unwrap(),
                ),
                _ => drop(
                    receive(database, Platform, &event(Arriving, delivery), grace)
                        .await
                        .unwrap(),
                ),
            }
        });
    }
    // All statements succeed: there is no deadlock and no negative counter.
    let all = tokio::time::timeout(Duration::from_mins(1), tasks.join_all());
    assert_eq!(all.await.unwrap().len(), 160);
    assert_counters_are_true(&test).await;
    let messages = "SELECT FROM chat_messages WHERE sender_id IS NULL";
    let messages = test.sql.query(messages, &[]).await.unwrap();
    assert_eq!(messages.len(), 1 + 60 * 2);
}

#[tokio::test]
async fn a_platform_message_is_found_by_both_participants_and_not_counted_as_activity() {
    let test = TestApp::new().await;
    let (driver, client, _, _) = assigned(&test).await;
    let scope = messages::Scope::default();
    for viewer in [driver, client] {
        let found = messages::search(
            &test.app.database,
            viewer,
            "attribuee",
            &scope,
            PageSize::DEFAULT,
            None,
        )
        .await
        .unwrap();
        assert_eq!(found.messages.len(), 1);
        assert!(found.messages[0].message.sender.is_none());
    }
    shared::db::analytics::roll_up(&test.app.database, 100)
        .await
        .unwrap();
    let active = test
        .sql
        .query("SELECT FROM chat_analytics_active_rooms", &[])
        .await;
    assert!(active.unwrap().is_empty());
}
