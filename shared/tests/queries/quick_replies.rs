use shared::db::messages::{self, NewQuickReply, Sent};
use shared::db::quick_replies::list;
use shared::db::rooms::{self, NewRoom, OpeningRules};
use shared::domain::{DeliveryEvent, Language, QuickReplies, RoomType, SendLimits, Viewer};
use shared::error::{Error, Result};
use shared::testing::TestApp;
use uuid::Uuid;

async fn listed(test: &TestApp, viewer: Viewer, room: Uuid) -> QuickReplies {
    list(&test.app.database, viewer, room, Language::French)
        .await
        .unwrap()
}

async fn keys(test: &TestApp, viewer: Viewer, room: Uuid) -> Vec<String> {
    let listed = listed(test, viewer, room).await;
    listed.results.into_iter().map(|it| it.key).collect()
}

fn reply(room_id: Uuid, key: &str) -> NewQuickReply {
    NewQuickReply {
        room_id,
        key: key.to_owned(),
        language: Language::French,
        client_message_id: None,
    }
}

async fn send(test: &TestApp, viewer: Viewer, new: &NewQuickReply) -> Result<Sent> {
    messages::send_quick_reply(&test.app.database, viewer, new, &SendLimits::default()).await
}

/// Adds the platform's optional column, and sets it for everybody.
async fn speak(test: &TestApp, language: &str) {
    let add = "ALTER TABLE users ADD COLUMN IF NOT EXISTS language varchar(10)";
    test.sql.execute(add, &[]).await.unwrap();
    let set = "UPDATE users SET language = nullif($1::text, '')";
    test.sql.execute(set, &[&language]).await.unwrap();
}

#[tokio::test]
async fn the_replies_follow_the_role_and_the_last_event() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let client = test.user("client", "Jean").await;
    let delivery = test.delivery("LBN1", driver, client).await;
    let room = test.report(DeliveryEvent::Assigned, delivery).await[0];
    let mut seen = vec![];
    for event in [
        DeliveryEvent::Assigned,
        DeliveryEvent::PickedUp,
        DeliveryEvent::Arriving,
        DeliveryEvent::Delivered,
    ] {
        test.report(event, delivery).await;
        for viewer in [driver, client] {
            let listed = listed(&test, viewer, room).await;
            assert_eq!(listed.event.as_deref(), Some(event.as_str()));
            let keys: Vec<_> = listed.results.into_iter().map(|it| it.key).collect();
            assert!(!keys.is_empty());
            assert!(!seen.contains(&keys), "{keys:?}");
            seen.push(keys);
        }
    }
    assert!(seen[4].starts_with(&["driver_outside".to_owned()]));
    assert!(seen[5].starts_with(&["client_coming".to_owned()]));
}

#[tokio::test]
async fn the_last_event_is_the_one_that_happened_last() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.arrived().await;
    let late = "UPDATE chat_events SET occurred_at = '2025-01-15Z' WHERE event = 'arriving'";
    test.sql.execute(late, &[]).await.unwrap();
    let event = async || listed(&test, driver, room).await.event.unwrap();
    assert_eq!(event().await, "assigned");
    let ahead = "UPDATE chat_events SET occurred_at = '2999-01-15Z' WHERE event = 'assigned'";
    test.sql.execute(ahead, &[]).await.unwrap();
    let received = "UPDATE chat_events SET occurred_at = NULL WHERE event = 'arriving'";
    test.sql.execute(received, &[]).await.unwrap();
    assert_eq!(
        event().await,
        "arriving",
        "a future time is the time of receipt"
    );
}

#[tokio::test]
async fn rooms_without_a_delivery_and_support_rooms_have_their_own() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    assert_eq!(listed(&test, driver, room).await.event, None);
    assert_eq!(keys(&test, driver, room).await[0], "driver_hello");
    assert_eq!(keys(&test, client, room).await[0], "client_where_is_it");
    let admin = test.user("admin", "Mariam").await;
    let new = NewRoom {
        other_user_id: admin.0,
        delivery_id: None,
        room_type: RoomType::Support,
        initial_message: None,
    };
    let support = rooms::create(&test.app.database, driver, &new, &OpeningRules::default()).await;
    let support = support.unwrap().room.id;
    assert_eq!(keys(&test, driver, support).await[0], "driver_needs_help");
    assert_eq!(
        keys(&test, admin, support).await[0],
        "admin_how_can_we_help"
    );

    let delete = "DELETE FROM users WHERE id = $1";
    test.sql.execute(delete, &[&client.0]).await.unwrap();
    assert_eq!(keys(&test, driver, room).await[0], "driver_hello");
}

#[tokio::test]
async fn a_closed_room_has_none_and_anothers_is_not_found() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let stranger = test.user("driver", "Zié").await;
    for room in [room, Uuid::new_v4()] {
        let result = list(&test.app.database, stranger, room, Language::French).await;
        assert!(matches!(result, Err(Error::NotFound)));
    }
    test.close_rooms().await;
    assert!(listed(&test, driver, room).await.results.is_empty());
    test.deactivate(driver).await;
    let result = list(&test.app.database, driver, room, Language::French).await;
    assert!(matches!(result, Err(Error::Unauthorized(_))));
}

#[tokio::test]
async fn the_platforms_language_wins_if_the_column_exists_and_is_known() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let language = async |fallback| {
        let listed = list(&test.app.database, driver, room, fallback).await;
        listed.unwrap().language
    };
    assert_eq!(language(Language::English).await, "en");
    for (of_platform, fallback, expected) in [
        ("en", Language::French, "en"),
        ("EN-us", Language::French, "en"),
        ("fr_CI", Language::English, "fr"),
        ("wo", Language::English, "en"),
        ("fro", Language::English, "en"),
        ("", Language::English, "en"),
    ] {
        speak(&test, of_platform).await;
        assert_eq!(language(fallback).await, expected, "{of_platform}");
    }
}

#[tokio::test]
async fn a_key_is_sent_as_its_text_in_the_senders_language() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let sent = send(&test, driver, &reply(room, "driver_outside"))
        .await
        .unwrap();
    assert!(sent.created);
    assert_eq!(
        (
            sent.message.text.as_str(),
            sent.message.message_type.as_str()
        ),
        ("Je suis devant chez vous.", "text")
    );
    let english = NewQuickReply {
        language: Language::English,
        client_message_id: Some(Uuid::new_v4()),
        ..reply(room, "client_coming")
    };
    let sent = send(&test, client, &english).await.unwrap();
    assert_eq!(sent.message.text, "I am coming right now.");
    let room_of = sql_preview(&test).await;
    assert_eq!(room_of, "I am coming right now.");

    speak(&test, "fr").await;
    let sent = send(&test, client, &english).await.unwrap();
    assert!(!sent.created);
    assert_eq!(
        sent.message.text, "I am coming right now.",
        "the first message"
    );
    let delete = "DELETE FROM chat_quick_replies";
    test.sql.execute(delete, &[]).await.unwrap();
    let again = send(&test, client, &english).await.unwrap();
    assert_eq!(again.message, sent.message);
}

async fn sql_preview(test: &TestApp) -> String {
    let sql = "SELECT last_message_text FROM chat_rooms";
    test.sql.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn an_unknown_key_or_one_of_another_role_is_rejected() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    for key in ["nothing", "client_coming", "%"] {
        match send(&test, driver, &reply(room, key)).await {
            Err(Error::Rejected(errors)) => {
                assert_eq!(errors.names().collect::<Vec<_>>(), ["quick_reply_key"]);
            }
            other => panic!("{other:?}"),
        }
    }
    let unknown = reply(Uuid::new_v4(), "nothing");
    assert!(matches!(
        send(&test, driver, &unknown).await,
        Err(Error::NotFound)
    ));
    let sql = "SELECT FROM chat_messages";
    assert!(test.sql.query(sql, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_text_that_the_migration_adds_can_be_sent() {
    let test = TestApp::new().await;
    let sql = "SELECT unnest(ARRAY[text_fr, text_en]) FROM chat_quick_replies";
    for row in test.sql.query(sql, &[]).await.unwrap() {
        let words: &str = row.get(0);
        let parsed = shared::domain::Text::parse(words).unwrap();
        assert_eq!(parsed.as_str(), words);
        assert_eq!(shared::domain::Content::Text(parsed).preview(), words);
    }
}
