use shared::db::messages::{self, NewMessage, Sent};
use shared::db::rooms;
use shared::domain::{
    Content, Coordinates, ImageUrl, Latitude, Longitude, SendLimits, Text, Viewer,
};
use shared::error::{Error, Result};
use shared::testing::TestApp;
use uuid::Uuid;

fn text(room_id: Uuid, client_message_id: Option<Uuid>) -> NewMessage {
    NewMessage {
        room_id,
        content: Content::Text(Text::parse("Bonjour").unwrap()),
        client_message_id,
    }
}

async fn send(test: &TestApp, viewer: Viewer, new: &NewMessage) -> Result<Sent> {
    messages::send(&test.app.database, viewer, new, &SendLimits::default()).await
}

#[tokio::test]
async fn a_message_is_numbered_counted_and_becomes_the_rooms_last() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let first = send(&test, driver, &text(room, None)).await.unwrap();
    let second = send(&test, client, &text(room, None)).await.unwrap();
    assert!(first.created && second.created);
    assert_eq!((first.message.seq, second.message.seq), (1, 2));
    assert_eq!(first.message.sender.unwrap().id, driver.0);
    assert!(first.message.created_at < second.message.created_at);
    for viewer in [driver, client] {
        let room = rooms::get(&test.app.database, viewer, room)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (room.unread_count, room.last_message_text.as_str()),
            (1, "Bonjour")
        );
        assert_eq!(room.last_message_at, Some(second.message.created_at));
    }
}

#[tokio::test]
async fn every_message_type_stores_its_fields() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let place = Coordinates {
        latitude: Latitude::parse(5.345_317).unwrap(),
        longitude: Longitude::parse(-4.024_429).unwrap(),
    };
    let image = Content::Image(
        ImageUrl::parse("https://res.cloudinary.com/x.jpg").unwrap(),
        None,
    );
    let sent = async |content| {
        let new = NewMessage {
            room_id: room,
            content,
            client_message_id: None,
        };
        send(&test, driver, &new).await.unwrap().message
    };
    let image = sent(image).await;
    assert_eq!(
        (image.message_type.as_str(), image.image_url.as_str()),
        ("image", "https://res.cloudinary.com/x.jpg")
    );
    let location = sent(Content::Location(place, None)).await;
    assert_eq!(
        (location.latitude, location.longitude),
        (Some(5.345_317), Some(-4.024_429))
    );
    let room = rooms::get(&test.app.database, driver, room)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(room.last_message_text, "📍 Position partagée");
}

#[tokio::test]
async fn a_repeat_returns_the_first_message_and_changes_nothing() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let id = Some(Uuid::new_v4());
    let first = send(&test, driver, &text(room, id)).await.unwrap();
    let again = send(&test, driver, &text(room, id)).await.unwrap();
    assert!(!again.created);
    assert_eq!(again.message, first.message);
    assert!(
        send(&test, client, &text(room, id)).await.unwrap().created,
        "another sender's id is another message"
    );
    test.close_rooms().await;
    assert!(
        !send(&test, driver, &text(room, id)).await.unwrap().created,
        "also where the room was closed meanwhile"
    );
}

#[tokio::test]
async fn sending_to_a_closed_room_or_a_system_message_as_a_driver_is_rejected() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let system = Content::System(Text::parse("Avis").unwrap());
    let system = NewMessage {
        room_id: room,
        content: system,
        client_message_id: None,
    };
    assert!(matches!(
        send(&test, driver, &system).await,
        Err(Error::Rejected(_))
    ));
    test.close_rooms().await;
    assert!(matches!(
        send(&test, driver, &text(room, None)).await,
        Err(Error::Rejected(_))
    ));
    assert!(
        test.sql
            .query("SELECT FROM chat_messages", &[])
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_room_closes_at_its_closing_time_for_admins_too() {
    let test = TestApp::new().await;
    let (driver, admin, room) = test.room().await;
    let support = "UPDATE users SET user_type = 'admin' WHERE id = $1";
    test.sql.execute(support, &[&admin.0]).await.unwrap();
    let notice = NewMessage {
        content: Content::System(Text::parse("Avis").unwrap()),
        ..text(room, None)
    };
    let ends = "UPDATE chat_rooms SET closes_at = clock_timestamp() + $1 * interval '1 second'";
    test.sql.execute(ends, &[&3600.0]).await.unwrap();
    assert!(send(&test, admin, &notice).await.unwrap().created);
    test.sql.execute(ends, &[&0.0]).await.unwrap();
    for (viewer, new) in [(admin, &notice), (driver, &text(room, None))] {
        let rejected = send(&test, viewer, new).await;
        assert!(matches!(rejected, Err(Error::Rejected(_))), "{rejected:?}");
    }
}

#[tokio::test]
async fn a_send_that_waits_for_a_lock_past_the_closing_time_is_rejected() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    // Another transaction locks the room, and closes it while the message waits.
    let ends = "BEGIN; UPDATE chat_rooms SET closes_at = now()";
    test.sql.batch_execute(ends).await.unwrap();
    let message = text(room, None);
    let sending = send(&test, driver, &message);
    let ending = async {
        let waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while test.sql.query(waiting, &[]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        test.sql.batch_execute("COMMIT").await.unwrap();
    };
    let (rejected, ()) = tokio::join!(sending, ending);
    assert!(matches!(rejected, Err(Error::Rejected(_))), "{rejected:?}");
}

#[tokio::test]
async fn another_users_room_does_not_exist_for_the_viewer() {
    let test = TestApp::new().await;
    let (_, _, room) = test.room().await;
    let admin = test.user("admin", "Mariam").await;
    assert!(matches!(
        send(&test, admin, &text(room, None)).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        send(&test, admin, &text(Uuid::new_v4(), None)).await,
        Err(Error::NotFound)
    ));
}

#[tokio::test]
async fn two_hundred_concurrent_messages_are_numbered_without_gaps_in_time_order() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..200 {
        let database = &test.app.database;
        let sender = if turn % 2 == 0 { driver } else { client };
        tasks.spawn(async move {
            messages::send(database, sender, &text(room, None), &SendLimits::default())
                .await
                .unwrap()
                .message
        });
    }
    let mut sent = tasks.join_all().await;
    sent.sort_by_key(|message| message.seq);
    assert!(sent.iter().map(|message| message.seq).eq(1..=200));
    assert!(sent.is_sorted_by(|earlier, later| earlier.created_at < later.created_at));
    for viewer in [driver, client] {
        assert_eq!(test.unread(viewer).await, 100);
    }
}

#[tokio::test]
async fn twenty_concurrent_repeats_send_one_message() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let id = Some(Uuid::new_v4());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let database = &test.app.database;
        tasks.spawn(async move {
            messages::send(database, driver, &text(room, id), &SendLimits::default())
                .await
                .unwrap()
        });
    }
    let sent = tasks.join_all().await;
    assert_eq!(sent.iter().filter(|sent| sent.created).count(), 1);
    assert!(
        sent.iter()
            .all(|it| it.message == sent[0].message && it.message.seq == 1)
    );
    assert_eq!(test.unread(client).await, 1);
}
