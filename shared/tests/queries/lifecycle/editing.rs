use shared::db::messages::{NewMessage, send};
use shared::domain::{
    Content, Coordinates, ImageUrl, Latitude, Longitude, SendLimits, Text, Viewer,
};
use shared::error::{Error, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

use super::{age, delete, edit, history, room_row, versions};

async fn post(test: &TestApp, viewer: Viewer, room_id: Uuid, content: Content) -> Uuid {
    let new = NewMessage {
        room_id,
        content,
        client_message_id: None,
    };
    let sent = send(&test.app.database, viewer, &new, &SendLimits::default()).await;
    sent.unwrap().message.id
}

#[tokio::test]
async fn an_edit_replaces_the_text_and_keeps_the_former_one() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let message = test.say(driver, room, "J'arive").await;
    let edited = edit(&test, driver, message.id, "J'arrive").await.unwrap();
    assert!(edited.changed);
    let after = edited.message;
    assert_eq!(
        (after.text.as_str(), after.revision),
        ("J'arrive", message.revision + 1)
    );
    assert!(after.edited_at.unwrap() >= after.created_at);
    assert_eq!(
        (after.id, after.seq, after.created_at),
        (message.id, 1, message.created_at)
    );
    assert_eq!(
        history(&test, client, room).await,
        std::slice::from_ref(&after)
    );
    assert_eq!(
        room_row(&test, room).await,
        (after.revision, "J'arrive".to_owned())
    );

    let again = edit(&test, driver, message.id, "J'arrive !")
        .await
        .unwrap()
        .message;
    assert_eq!(
        versions(&test, message.id).await,
        [
            (message.revision, "J'arive".to_owned()),
            (after.revision, "J'arrive".to_owned())
        ]
    );
    assert_eq!(again.revision, after.revision + 1);
}

#[tokio::test]
async fn the_same_text_changes_nothing_also_after_the_window_and_in_a_closed_room() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let message = test.say(driver, room, "Bonjour").await;
    let before = room_row(&test, room).await;
    age(&test, message.id, 1_000.0).await;
    test.close_rooms().await;
    let edited = edit(&test, driver, message.id, "Bonjour").await.unwrap();
    assert!(!edited.changed);
    assert_eq!(
        (edited.message.edited_at, edited.message.revision),
        (None, message.revision)
    );
    assert_eq!(room_row(&test, room).await, before);
    assert!(versions(&test, message.id).await.is_empty());
}

#[tokio::test]
async fn only_the_last_message_changes_the_preview() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let first = test.say(driver, room, "1").await;
    test.say(client, room, "2").await;
    edit(&test, driver, first.id, "un").await.unwrap();
    assert_eq!(room_row(&test, room).await.1, "2");
    let long = test.say(driver, room, "3").await;
    edit(&test, driver, long.id, &"é".repeat(300))
        .await
        .unwrap();
    assert_eq!(room_row(&test, room).await.1, "é".repeat(255));
}

#[tokio::test]
async fn captions_are_edited_and_removed() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let caption = || Some(Text::parse("Ici").unwrap());
    let place = Coordinates {
        latitude: Latitude::parse(5.3).unwrap(),
        longitude: Longitude::parse(-4.0).unwrap(),
    };
    let photo = ImageUrl::parse("https://a.ci/1.jpg").unwrap();
    for (content, preview) in [
        (Content::Image(photo, caption()), "📷 Photo"),
        (Content::Location(place, caption()), "📍 Position partagée"),
    ] {
        let id = post(&test, driver, room, content).await;
        let edited = edit(&test, driver, id, "Devant").await.unwrap().message;
        assert_eq!(
            (edited.text.as_str(), room_row(&test, room).await.1.as_str()),
            ("Devant", "Devant")
        );
        let removed = edit(&test, driver, id, " ").await.unwrap().message;
        assert_eq!(
            (
                removed.text.as_str(),
                room_row(&test, room).await.1.as_str()
            ),
            ("", preview)
        );
        assert_eq!(
            (removed.image_url, removed.latitude),
            (edited.image_url, edited.latitude)
        );
    }
    let plain = test.say(driver, room, "Bonjour").await;
    assert!(matches!(
        edit(&test, driver, plain.id, "").await,
        Err(Error::Rejected(_))
    ));
}

#[tokio::test]
async fn only_the_sender_may_edit_and_no_system_message() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let admin = test.user("admin", "Mariam").await;
    let message = test.say(driver, room, "Bonjour").await;
    let notice = Content::System(Text::parse("Avis").unwrap());
    let support = test.room_between(driver, client).await.id;
    assert_eq!(support, room);
    assert!(matches!(
        edit(&test, client, message.id, "x").await,
        Err(Error::Forbidden)
    ));
    assert!(matches!(
        edit(&test, admin, message.id, "x").await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        edit(&test, driver, Uuid::new_v4(), "x").await,
        Err(Error::NotFound)
    ));
    let unknown = edit(&test, Viewer(Uuid::new_v4()), message.id, "x").await;
    assert!(matches!(
        unknown,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));

    // Of the platform, and of an admin in the room.
    let sql = "UPDATE chat_messages SET sender_id = NULL, message_type = 'system' WHERE id = $1";
    let of_platform = test.say(driver, room, "Livraison assignée").await.id;
    test.sql.execute(sql, &[&of_platform]).await.unwrap();
    let sql = "UPDATE users SET user_type = 'admin' WHERE id = $1";
    test.sql.execute(sql, &[&client.0]).await.unwrap();
    let of_admin = post(&test, client, room, notice).await;
    for (viewer, id) in [
        (driver, of_platform),
        (client, of_platform),
        (client, of_admin),
    ] {
        assert!(matches!(
            edit(&test, viewer, id, "x").await,
            Err(Error::Forbidden)
        ));
        assert!(matches!(
            delete(&test, viewer, id).await,
            Err(Error::Forbidden)
        ));
    }

    test.deactivate(driver).await;
    let inactive = edit(&test, driver, message.id, "x").await;
    assert!(matches!(
        inactive,
        Err(Error::Unauthorized(Unauthorized::UserInactive))
    ));
    assert_eq!(history(&test, client, room).await[0].text, "Bonjour");
}

#[tokio::test]
async fn too_late_deleted_and_closed_are_rejected_with_the_reason() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let reason = async |id| match edit(&test, driver, id, "Bonsoir").await {
        Err(Error::NotNow(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let (late, early) = (
        test.say(driver, room, "1").await.id,
        test.say(driver, room, "2").await.id,
    );
    age(&test, late, 900.0).await;
    age(&test, early, 890.0).await;
    assert!(reason(late).await.contains("délai"));
    assert!(edit(&test, driver, early, "deux").await.unwrap().changed);
    delete(&test, driver, early).await.unwrap();
    assert_eq!(reason(early).await, "Ce message a été supprimé.");
    let open = test.say(driver, room, "3").await.id;
    let sql = "UPDATE chat_rooms SET closes_at = clock_timestamp()";
    test.sql.execute(sql, &[]).await.unwrap();
    assert_eq!(reason(open).await, "Cette conversation est fermée.");
}
