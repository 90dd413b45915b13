use shared::db::events::{NewEvent, Received, receive};
use shared::db::rooms;
use shared::domain::DeliveryEvent::{Arriving, Assigned, Cancelled, Delivered, PickedUp};
use shared::domain::{GracePeriod, Platform, Viewer};
use shared::error::Error;
use shared::testing::World;
use uuid::Uuid;

use super::{assert_counters_are_true, assigned, event, history, open, report, try_report};

#[tokio::test]
async fn an_assignment_opens_the_room_with_the_client_and_both_are_told() {
    let world = World::new().await;
    let (driver, client, delivery, room) = assigned(&world).await;
    for (viewer, other) in [(driver, client), (client, driver)] {
        let seen = rooms::get(&world.app.database, viewer, room)
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
        let message = history(&world, viewer, room).await.remove(0);
        assert_eq!(
            (message.sender, message.message_type.as_str(), message.seq),
            (None, "system", 1)
        );
        assert_eq!(seen.last_message_at, Some(message.created_at));
        assert_eq!(open(&world, viewer, other, delivery).await.unwrap(), room);
    }
    assert_eq!(history(&world, driver, room).await.len(), 1);
}

#[tokio::test]
async fn the_rooms_of_the_present_driver_are_told_and_no_others() {
    let world = World::new().await;
    let (driver, client, delivery, room) = assigned(&world).await;
    let merchant = world.user("merchant", "Maquis").await;
    let set = "UPDATE deliveries SET merchant_id = $1 WHERE id = $2";
    world
        .sql
        .execute(set, &[&merchant.0, &delivery])
        .await
        .unwrap();
    let with_merchant = open(&world, merchant, driver, delivery).await.unwrap();
    let apart = world.room_between(driver, client).await.id;

    let mut rooms = vec![room, with_merchant];
    rooms.sort();
    assert_eq!(report(&world, &event(PickedUp, delivery)).await, rooms);
    assert!(history(&world, driver, apart).await.is_empty());

    let next = world.user("driver", "Zié").await;
    let set = "UPDATE deliveries SET driver_id = $1 WHERE id = $2";
    world.sql.execute(set, &[&next.0, &delivery]).await.unwrap();
    assert!(report(&world, &event(Arriving, delivery)).await.is_empty());
    let of_next = report(&world, &event(Assigned, delivery)).await;
    assert_eq!(of_next.len(), 1);
    assert_eq!(report(&world, &event(Arriving, delivery)).await, of_next);

    rooms.extend(of_next);
    rooms.sort();
    let notified = report(&world, &event(Cancelled, delivery)).await;
    assert_eq!(notified, rooms, "all that talk about it learn of its end");
    assert_counters_are_true(&world).await;
}

#[tokio::test]
async fn what_is_missing_or_not_as_it_should_be_opens_no_room() {
    let world = World::new().await;
    let driver = world.user("driver", "Awa").await;
    let merchant = world.user("merchant", "Maquis").await;
    let stranger = Viewer(Uuid::new_v4());
    for client in [merchant, stranger, driver] {
        let delivery = world.delivery("LBN1", driver, client).await;
        assert!(report(&world, &event(Assigned, delivery)).await.is_empty());
        assert!(report(&world, &event(Delivered, delivery)).await.is_empty());
    }
    let nowhere = event(Assigned, Uuid::new_v4());
    assert!(matches!(
        try_report(&world, &nowhere).await,
        Err(Error::Rejected(_))
    ));
    let events = world.sql.query("SELECT FROM chat_events", &[]).await;
    assert_eq!(
        events.unwrap().len(),
        6,
        "the unknown delivery's is not kept"
    );
}

#[tokio::test]
async fn a_nameless_delivery_and_driver_are_told_of_all_the_same() {
    let world = World::new().await;
    let driver = world.user("driver", " ").await;
    let client = world.user("client", "Jean").await;
    let delivery = world.delivery("", driver, client).await;
    let room = report(&world, &event(Assigned, delivery)).await[0];
    let message = history(&world, client, room).await.remove(0);
    assert_eq!(message.text, "La livraison a été attribuée à un livreur.");
}

#[tokio::test]
async fn a_long_name_is_shortened_to_whole_words() {
    let world = World::new().await;
    let family = "👨\u{200d}👩\u{200d}👧".repeat(12);
    for (name, shown) in [
        (format!("Awa {family} Koné"), format!("Awa {family}")),
        (format!("Awa {family}x"), "Awa".to_owned()),
        (family.repeat(2), "un livreur".to_owned()),
    ] {
        let driver = world.user("driver", &name).await;
        let client = world.user("client", "Jean").await;
        let delivery = world.delivery("LBN 1", driver, client).await;
        let room = report(&world, &event(Assigned, delivery)).await[0];
        let message = history(&world, client, room).await.remove(0);
        assert_eq!(
            message.text,
            format!("La livraison LBN 1 a été attribuée à {shown}.")
        );
    }
}

#[tokio::test]
async fn a_repeat_is_answered_with_the_same_rooms_and_another_event_is_rejected() {
    let world = World::new().await;
    let (driver, _, delivery, room) = assigned(&world).await;
    let new = event(PickedUp, delivery);
    report(&world, &new).await;
    let repeat = try_report(&world, &new).await.unwrap();
    let expected = Received {
        rooms: vec![room],
        created: false,
    };
    assert_eq!(repeat, expected);
    assert_eq!(history(&world, driver, room).await.len(), 2);
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
        let rejected = try_report(&world, &other).await;
        assert!(matches!(rejected, Err(Error::Rejected(_))), "{rejected:?}");
    }
}

#[tokio::test]
async fn twenty_repeats_at_once_tell_once_also_where_the_room_is_opened_meanwhile() {
    let world = World::new().await;
    for turn in 0..5 {
        let driver = world.user("driver", "Awa").await;
        let client = world.user("client", "Jean").await;
        let delivery = world.delivery("LBN1", driver, client).await;
        let new = event(Assigned, delivery);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let database = &world.app.database;
            tasks.spawn(async move {
                receive(database, Platform, &new, GracePeriod::default())
                    .await
                    .unwrap()
            });
        }
        let opened = open(&world, client, driver, delivery);
        let (opened, received) = tokio::join!(opened, tasks.join_all());
        assert_eq!(
            received.iter().filter(|it| it.created).count(),
            1,
            "turn {turn}"
        );
        let room = opened.unwrap();
        assert!(received.iter().all(|it| it.rooms == [room]));
        let history = history(&world, driver, room).await;
        let of_platform = history.iter().filter(|it| it.sender.is_none()).count();
        assert_eq!(of_platform, 1);
    }
    assert_counters_are_true(&world).await;
}
