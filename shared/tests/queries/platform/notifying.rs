use shared::db::events::{NewEvent, Received, receive};
use shared::db::rooms;
use shared::domain::DeliveryEvent::{Arriving, Assigned, Cancelled, Delivered, PickedUp};
use shared::domain::{GracePeriod, Platform, Viewer};
use shared::error::Error;
use shared::testing::TestApp;
use uuid::Uuid;

use super::{assert_counters_are_true, assigned, event, history, open, report, try_report};

#[tokio::test]
async fn an_assignment_opens_the_room_with_the_client_and_adds_its_message() {
    let test = TestApp::new().await;
    let (driver, client, delivery, room) = assigned(&test).await;
    for (viewer, other) in [(driver, client), (client, driver)] {
        let seen = rooms::get(&test.app.database, viewer, room)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(seen.other_participant.unwrap().id, other.0);
        assert_eq!(seen.delivery_info.unwrap().id, delivery);
        assert_eq!((seen.unread_count, seen.is_active), (1, true));
        assert_eq!(
            seen.last_message_text,
            "La livraison LBN123456 a été attribuée à Awa Koné."
        );
        let message = history(&test, viewer, room).await.remove(0);
        assert_eq!(
            (message.sender, message.message_type.as_str(), message.seq),
            (None, "system", 1)
        );
        assert_eq!(seen.last_message_at, Some(message.created_at));
        assert_eq!(open(&test, viewer, other, delivery).await.unwrap(), room);
    }
    assert_eq!(history(&test, driver, room).await.len(), 1);
}

#[tokio::test]
async fn only_the_current_drivers_rooms_get_the_message() {
    let test = TestApp::new().await;
    let (driver, client, delivery, room) = assigned(&test).await;
    let merchant = test.user("merchant", "Maquis").await;
    let set = "UPDATE deliveries SET merchant_id = $1 WHERE id = $2";
    test.sql
        .execute(set, &[&merchant.0, &delivery])
        .await
        .unwrap();
    let with_merchant = open(&test, merchant, driver, delivery).await.unwrap();
    let apart = test.room_between(driver, client).await.id;

    let mut rooms = vec![room, with_merchant];
    rooms.sort();
    assert_eq!(report(&test, &event(PickedUp, delivery)).await, rooms);
    assert!(history(&test, driver, apart).await.is_empty());

    let next = test.user("driver", "Zié").await;
    let set = "UPDATE deliveries SET driver_id = $1 WHERE id = $2";
    test.sql.execute(set, &[&next.0, &delivery]).await.unwrap();
    assert!(report(&test, &event(Arriving, delivery)).await.is_empty());
    let of_next = report(&test, &event(Assigned, delivery)).await;
    assert_eq!(of_next.len(), 1);
    assert_eq!(report(&test, &event(Arriving, delivery)).await, of_next);

    rooms.extend(of_next);
    rooms.sort();
    let notified = report(&test, &event(Cancelled, delivery)).await;
    assert_eq!(notified, rooms, "all that talk about it learn of its end");
    assert_counters_are_true(&test).await;
}

#[tokio::test]
async fn missing_or_invalid_references_open_no_room() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let merchant = test.user("merchant", "Maquis").await;
    let stranger = Viewer(Uuid::new_v4());
    for client in [merchant, stranger, driver] {
        let delivery = test.delivery("LBN1", driver, client).await;
        assert!(report(&test, &event(Assigned, delivery)).await.is_empty());
        assert!(report(&test, &event(Delivered, delivery)).await.is_empty());
    }
    let nowhere = event(Assigned, Uuid::new_v4());
    assert!(matches!(
        try_report(&test, &nowhere).await,
        Err(Error::Rejected(_))
    ));
    let events = test.sql.query("SELECT FROM chat_events", &[]).await;
    assert_eq!(
        events.unwrap().len(),
        6,
        "the unknown delivery's is not kept"
    );
}

#[tokio::test]
async fn an_event_without_names_still_adds_its_message() {
    let test = TestApp::new().await;
    let driver = test.user("driver", " ").await;
    let client = test.user("client", "Jean").await;
    let delivery = test.delivery("", driver, client).await;
    let room = report(&test, &event(Assigned, delivery)).await[0];
    let message = history(&test, client, room).await.remove(0);
    assert_eq!(message.text, "La livraison a été attribuée à un livreur.");
}

#[tokio::test]
async fn a_long_name_is_shortened_to_whole_words() {
    let test = TestApp::new().await;
    let family = "👨\u{200d}👩\u{200d}👧".repeat(12);
    for (name, shown) in [
        (format!("Awa {family} Koné"), format!("Awa {family}")),
        (format!("Awa {family}x"), "Awa".to_owned()),
        (family.repeat(2), "un livreur".to_owned()),
    ] {
        let driver = test.user("driver", &name).await;
        let client = test.user("client", "Jean").await;
        let delivery = test.delivery("LBN 1", driver, client).await;
        let room = report(&test, &event(Assigned, delivery)).await[0];
        let message = history(&test, client, room).await.remove(0);
        assert_eq!(
            message.text,
            format!("La livraison LBN 1 a été attribuée à {shown}.")
        );
    }
}

#[tokio::test]
async fn a_repeat_returns_the_same_rooms_and_a_different_event_with_its_id_is_rejected() {
    let test = TestApp::new().await;
    let (driver, _, delivery, room) = assigned(&test).await;
    let new = event(PickedUp, delivery);
    report(&test, &new).await;
    let repeat = try_report(&test, &new).await.unwrap();
    let expected = Received {
        rooms: vec![room],
        created: false,
    };
    assert_eq!(repeat, expected);
    assert_eq!(history(&test, driver, room).await.len(), 2);
    for other in [
        NewEvent {
            event: Arriving,
            ..event(PickedUp, delivery)
        },
        NewEvent {
            delivery_id: Uuid::new_v4(),
            ..event(PickedUp, delivery)
        },
    ] {
        let other = NewEvent {
            event_id: new.event_id,
            ..other
        };
        let rejected = try_report(&test, &other).await;
        assert!(matches!(rejected, Err(Error::Rejected(_))), "{rejected:?}");
    }
}

#[tokio::test]
async fn twenty_concurrent_repeats_add_one_message_even_if_the_room_is_opened_meanwhile() {
    let test = TestApp::new().await;
    for turn in 0..5 {
        let driver = test.user("driver", "Awa").await;
        let client = test.user("client", "Jean").await;
        let delivery = test.delivery("LBN1", driver, client).await;
        let new = event(Assigned, delivery);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let database = &test.app.database;
            tasks.spawn(async move {
                receive(database, Platform, &new, GracePeriod::default())
                    .await
                    .unwrap()
            });
        }
        let opened = open(&test, client, driver, delivery);
        let (opened, received) = tokio::join!(opened, tasks.join_all());
        assert_eq!(
            received.iter().filter(|it| it.created).count(),
            1,
            "turn {turn}"
        );
        let room = opened.unwrap();
        assert!(received.iter().all(|it| it.rooms == [room]));
        let history = history(&test, driver, room).await;
        let of_platform = history.iter().filter(|it| it.sender.is_none()).count();
        assert_eq!(of_platform, 1);
    }
    assert_counters_are_true(&test).await;
}
