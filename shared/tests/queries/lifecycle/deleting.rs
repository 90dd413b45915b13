use shared::db::messages::{Unread, mark_read};
use shared::domain::Viewer;
use shared::error::{Error, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

use super::{age, assert_counters_are_exact, delete, edit, history, room_row, versions};

#[tokio::test]
async fn a_tombstone_has_no_content_and_the_content_is_kept() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let message = test.say(driver, room, "Code 4711").await;
    let edited = edit(&test, driver, message.id, "Code 1147")
        .await
        .unwrap()
        .message;
    let sql =
        "UPDATE chat_messages SET image_url = 'https://a.ci/1.jpg', latitude = 5.3, longitude = -4";
    test.sql.execute(sql, &[]).await.unwrap();
    let deleted = delete(&test, driver, message.id).await.unwrap();
    assert!(deleted.changed);
    let stone = deleted.message;
    assert_eq!(
        (
            stone.text.as_str(),
            stone.image_url.as_str(),
            stone.latitude,
            stone.longitude
        ),
        ("", "", None, None)
    );
    assert_eq!(
        (stone.id, stone.seq, stone.created_at),
        (message.id, 1, message.created_at)
    );
    assert_eq!(
        (stone.sender.clone(), stone.message_type.as_str()),
        (message.sender, "text")
    );
    assert!(stone.is_deleted && stone.deleted_at.unwrap() >= stone.created_at);
    assert_eq!(
        (stone.edited_at, stone.revision),
        (edited.edited_at, edited.revision + 1)
    );
    assert_eq!(
        history(&test, client, room).await,
        std::slice::from_ref(&stone)
    );
    assert_eq!(
        room_row(&test, room).await,
        (stone.revision, "Message supprimé".to_owned())
    );
    assert_eq!(
        versions(&test, message.id).await,
        [
            (message.revision, "Code 4711".to_owned()),
            (edited.revision, "Code 1147".to_owned())
        ]
    );
    let sql = "SELECT image_url, latitude, longitude FROM chat_message_versions ORDER BY revision DESC LIMIT 1";
    let kept = test.sql.query_one(sql, &[]).await.unwrap();
    assert_eq!(
        (
            kept.get::<_, String>(0),
            kept.get::<_, f64>(1),
            kept.get::<_, f64>(2)
        ),
        ("https://a.ci/1.jpg".to_owned(), 5.3, -4.0)
    );

    let again = delete(&test, driver, message.id).await.unwrap();
    assert!(!again.changed);
    assert_eq!(again.message, stone);
    assert_eq!(versions(&test, message.id).await.len(), 2);
    assert_eq!(room_row(&test, room).await.0, stone.revision);
}

#[tokio::test]
async fn a_deleted_unread_message_is_subtracted_once_and_cannot_be_read() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let (first, second) = (
        test.say(driver, room, "1").await.id,
        test.say(driver, room, "2").await.id,
    );
    test.say(client, room, "3").await;
    delete(&test, driver, first).await.unwrap();
    delete(&test, driver, first).await.unwrap();
    assert_eq!(
        (test.unread(client).await, test.unread(driver).await),
        (1, 1)
    );
    let ids = Unread::Messages(vec![first]);
    assert_eq!(
        mark_read(&test.app.database, client, &ids)
            .await
            .unwrap()
            .count,
        0
    );
    let marked = mark_read(&test.app.database, client, &Unread::Room(room)).await;
    assert_eq!(marked.unwrap().count, 1);
    assert_eq!(history(&test, client, room).await[0].read_at, None);

    // It was read before.
    delete(&test, driver, second).await.unwrap();
    assert_eq!(test.unread(client).await, 0);
    assert_counters_are_exact(&test).await;
}

#[tokio::test]
async fn only_the_last_message_changes_the_preview() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let first = test.say(driver, room, "1").await.id;
    test.say(client, room, "2").await;
    delete(&test, driver, first).await.unwrap();
    assert_eq!(room_row(&test, room).await.1, "2");
}

#[tokio::test]
async fn only_the_sender_may_delete_within_the_window_in_an_open_room() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let admin = test.user("admin", "Mariam").await;
    let id = test.say(driver, room, "Bonjour").await.id;
    assert!(matches!(
        delete(&test, client, id).await,
        Err(Error::Forbidden)
    ));
    assert!(matches!(
        delete(&test, admin, id).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        delete(&test, driver, Uuid::new_v4()).await,
        Err(Error::NotFound)
    ));
    let unknown = delete(&test, Viewer(Uuid::new_v4()), id).await;
    assert!(matches!(
        unknown,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
    age(&test, id, 901.0).await;
    let late = delete(&test, driver, id).await;
    assert!(matches!(late, Err(Error::NotNow(reason)) if reason.contains("délai")));
    let open = test.say(driver, room, "Bonsoir").await.id;
    let gone = test.say(driver, room, "Adieu").await.id;
    delete(&test, driver, gone).await.unwrap();
    test.close_rooms().await;
    let closed = delete(&test, driver, open).await;
    assert!(matches!(
        closed,
        Err(Error::NotNow("Cette conversation est fermée."))
    ));
    age(&test, gone, 901.0).await;
    assert!(
        !delete(&test, driver, gone).await.unwrap().changed,
        "a repeat"
    );
    assert_eq!(test.unread(client).await, 0, "closed rooms do not count");
    assert_counters_are_exact(&test).await;
}
