use std::time::Duration;

use shared::db::delivery::LeaseScope;
use shared::db::messages::{NewMessage, Scope, search, send};
use shared::db::{analytics, pushes};
use shared::domain::{Content, PageSize, SendLimits, Text, Viewer};
use shared::testing::TestApp;
use uuid::Uuid;

use super::{delete, edit, versions};

const NOTHING: [Uuid; 0] = [];

async fn found(test: &TestApp, viewer: Viewer, words: &str) -> Vec<Uuid> {
    let size = PageSize::DEFAULT;
    let found = search(
        &test.app.database,
        viewer,
        words,
        &Scope::default(),
        size,
        None,
    )
    .await;
    found
        .unwrap()
        .messages
        .iter()
        .map(|it| it.message.id)
        .collect()
}

#[tokio::test]
async fn the_search_finds_the_present_text_only() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let message = test.say(driver, room, "Portail bleu").await.id;
    edit(&test, driver, message, "Portail rouge").await.unwrap();
    assert_eq!(found(&test, client, "bleu").await, NOTHING);
    assert_eq!(found(&test, client, "rouge").await, [message]);
    delete(&test, driver, message).await.unwrap();
    assert_eq!(found(&test, client, "portail").await, NOTHING);
}

/// Leases the pushes that wait, and returns their texts; `None` for one that has nothing to say.
async fn pending(test: &TestApp) -> Vec<Option<String>> {
    let scope = LeaseScope::Due {
        limit: 10,
        ignore_circuit: true,
    };
    let lease = pushes::lease(&test.app.database, scope, Duration::from_secs(10)).await;
    let items = lease.unwrap().items;
    items
        .into_iter()
        .map(|push| push.notice.map(|it| it.text))
        .collect()
}

#[tokio::test]
async fn a_push_that_waits_is_about_the_newest_message_that_is_left() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    let first = test.say(driver, room, "1").await.id;
    let second = test.say(driver, room, "2").await.id;
    delete(&test, driver, second).await.unwrap();
    edit(&test, driver, first, "un").await.unwrap();
    assert_eq!(pending(&test).await, [Some("un".to_owned())]);
}

#[tokio::test]
async fn a_push_whose_messages_are_all_deleted_says_nothing() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    let only = test.say(driver, room, "1").await.id;
    delete(&test, driver, only).await.unwrap();
    assert_eq!(pending(&test).await, [None]);
}

#[tokio::test]
async fn analytics_count_a_message_once() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let message = test.say(driver, room, "1").await.id;
    edit(&test, driver, message, "un").await.unwrap();
    delete(&test, driver, message).await.unwrap();
    analytics::roll_up(&test.app.database, 1_000).await.unwrap();
    let sql = "SELECT event, sum(number)::bigint FROM chat_analytics_counts
               WHERE event IN ('message', 'read_in_time') GROUP BY event";
    let rows = test.sql.query(sql, &[]).await.unwrap();
    let counts: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(counts, [("message".to_owned(), 1)]);
}

#[tokio::test]
async fn a_repeat_of_the_send_returns_the_tombstone() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let new = NewMessage {
        room_id: room,
        content: Content::Text(Text::parse("Bonjour").unwrap()),
        client_message_id: Some(Uuid::new_v4()),
    };
    let limits = SendLimits::default();
    let sent = send(&test.app.database, driver, &new, &limits)
        .await
        .unwrap();
    let stone = delete(&test, driver, sent.message.id)
        .await
        .unwrap()
        .message;
    let repeat = send(&test.app.database, driver, &new, &limits)
        .await
        .unwrap();
    assert!(!repeat.created);
    assert_eq!(repeat.message, stone);
    assert_eq!(test.unread(client).await, 0);
}

#[tokio::test]
async fn versions_disappear_with_their_message() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let (gone, kept) = (
        test.say(driver, room, "1").await.id,
        test.say(driver, room, "2").await.id,
    );
    for id in [gone, kept] {
        edit(&test, driver, id, "x").await.unwrap();
    }
    let sql = "DELETE FROM chat_messages WHERE id = $1";
    test.sql.execute(sql, &[&gone]).await.unwrap();
    assert!(versions(&test, gone).await.is_empty());
    assert_eq!(versions(&test, kept).await.len(), 1);
}
