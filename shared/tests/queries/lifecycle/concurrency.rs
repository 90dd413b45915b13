use shared::db::messages::{self, EditRules, NewMessage, Unread, mark_read};
use shared::domain::{Content, EditWindow, SendLimits, Text};
use shared::testing::TestApp;
use tokio::task::JoinSet;

use super::{assert_counters_are_exact, history, room_row, versions};

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

#[tokio::test]
async fn deleting_and_reading_at_the_same_time_keeps_the_counter_exact() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let mut sent = Vec::new();
    for turn in 0..60 {
        sent.push(test.say(driver, room, &turn.to_string()).await.id);
    }
    let database = &test.app.database;
    let mut tasks = JoinSet::new();
    for (turn, id) in sent.iter().copied().enumerate() {
        tasks.spawn(async move {
            messages::delete(database, driver, id, EditWindow::default())
                .await
                .unwrap();
            0
        });
        let unread = if turn % 10 == 9 {
            Unread::Room(room)
        } else {
            Unread::Messages(vec![id])
        };
        tasks.spawn(async move { mark_read(database, client, &unread).await.unwrap().count });
    }
    let marked: i64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(test.unread(client).await, 0);
    assert_counters_are_exact(&test).await;
    let messages = history(&test, driver, room).await;
    let read = messages.iter().filter(|it| it.is_read).count();
    assert_eq!(i64::try_from(read).unwrap(), marked);
    assert!(
        messages
            .iter()
            .all(|it| it.is_deleted && it.text.is_empty())
    );
}

#[tokio::test]
async fn deleting_and_sending_at_the_same_time_leaves_the_preview_of_the_last_message() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    for turn in 0..15 {
        let id = test.say(driver, room, "avant").await.id;
        let database = &test.app.database;
        let new = NewMessage {
            room_id: room,
            content: Content::Text(text(&turn.to_string())),
            client_message_id: None,
        };
        let limits = SendLimits::default();
        let (deleted, sent) = tokio::join!(
            messages::delete(database, driver, id, EditWindow::default()),
            messages::send(database, client, &new, &limits),
        );
        deleted.unwrap();
        sent.unwrap();
        assert_eq!(room_row(&test, room).await.1, turn.to_string());
    }
    assert_counters_are_exact(&test).await;
}

#[tokio::test]
async fn two_deletions_at_the_same_time_are_one() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let message = test.say(driver, room, "Bonjour").await;
    let database = &test.app.database;
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        tasks.spawn(messages::delete(
            database,
            driver,
            message.id,
            EditWindow::default(),
        ));
    }
    let results = tasks.join_all().await;
    let changed = results
        .iter()
        .filter(|it| it.as_ref().unwrap().changed)
        .count();
    assert_eq!((changed, test.unread(client).await), (1, 0));
    assert_eq!(versions(&test, message.id).await.len(), 1);
    assert_eq!(room_row(&test, room).await.0, message.revision + 1);
}

#[tokio::test]
async fn editing_and_reading_at_the_same_time_loses_neither() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let database = &test.app.database;
    for _ in 0..15 {
        let id = test.say(driver, room, "avant").await.id;
        let unread = Unread::Messages(vec![id]);
        let (after, rules) = (text("après"), EditRules::default());
        let (edited, marked) = tokio::join!(
            messages::edit(database, driver, id, Some(&after), &rules),
            mark_read(database, client, &unread),
        );
        assert!(edited.unwrap().changed);
        assert_eq!(marked.unwrap().count, 1);
    }
    let messages = history(&test, client, room).await;
    assert!(messages.iter().all(|it| it.is_read && it.text == "après"));
    // Each change has a revision of its own, so a message's revision never repeats.
    let (revision, _) = room_row(&test, room).await;
    assert_eq!(revision, 1 + 3 * 15);
    assert_counters_are_exact(&test).await;
}

#[tokio::test]
async fn concurrent_edits_each_keep_the_text_before_them() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let message = test.say(driver, room, "0").await;
    let database = &test.app.database;
    let mut tasks = JoinSet::new();
    for turn in 1..=12 {
        let after = text(&turn.to_string());
        tasks.spawn(async move {
            let rules = EditRules::default();
            messages::edit(database, driver, message.id, Some(&after), &rules)
                .await
                .unwrap()
        });
    }
    let mut edited = tasks.join_all().await;
    edited.sort_by_key(|it| it.message.revision);
    let mut expected = vec![(message.revision, "0".to_owned())];
    expected.extend(
        edited
            .iter()
            .map(|it| (it.message.revision, it.message.text.clone())),
    );
    let (_, last) = expected.pop().unwrap();
    assert_eq!(versions(&test, message.id).await, expected);
    assert_eq!(room_row(&test, room).await.1, last);
}
