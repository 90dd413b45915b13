use std::time::Duration;

use shared::db::events::{NewEvent, Received, receive};
use shared::db::messages::{self, Unread, mark_read};
use shared::db::rooms::{self, NewRoom};
use shared::domain::{
    Content, DeliveryEvent, GracePeriod, Message, PageSize, Platform, RoomType, SendLimits, Text,
    Timestamp, Viewer,
};
use shared::error::{Error, Result};
use shared::testing::World;
use uuid::Uuid;

use DeliveryEvent::{Arriving, Assigned, Cancelled, Delivered, PickedUp};

fn event(event: DeliveryEvent, delivery_id: Uuid) -> NewEvent {
    NewEvent {
        event_id: Uuid::new_v4(),
        event,
        delivery_id,
        occurred_at: None,
    }
}

fn at(mut event: NewEvent, moment: &str) -> NewEvent {
    event.occurred_at = Some(Timestamp::parse(moment).unwrap());
    event
}

async fn try_tell(world: &World, new: &NewEvent) -> Result<Received> {
    receive(&world.app.database, Platform, new, GracePeriod::default()).await
}

async fn tell(world: &World, new: &NewEvent) -> Vec<Uuid> {
    let received = try_tell(world, new).await.unwrap();
    assert!(received.created);
    received.rooms
}

/// A driver and a client with a delivery, which the driver was assigned: their room.
async fn assigned(world: &World) -> (Viewer, Viewer, Uuid, Uuid) {
    let driver = world.user("driver", "Awa Koné").await;
    let client = world.user("client", "Jean Dupont").await;
    let delivery = world.delivery("LBN123456", driver, client).await;
    let rooms = tell(world, &event(Assigned, delivery)).await;
    assert_eq!(rooms.len(), 1);
    (driver, client, delivery, rooms[0])
}

async fn history(world: &World, viewer: Viewer, room: Uuid) -> Vec<Message> {
    messages::backfill(&world.app.database, viewer, room, 0, PageSize::DEFAULT)
        .await
        .unwrap()
        .1
}

async fn unread(world: &World, viewer: Viewer) -> i64 {
    rooms::unread_count(&world.app.database, viewer)
        .await
        .unwrap()
}

async fn open(world: &World, viewer: Viewer, other: Viewer, delivery: Uuid) -> Result<Uuid> {
    let new = NewRoom {
        other_user_id: other.0,
        delivery_id: Some(delivery),
        room_type: RoomType::Delivery,
        initial_message: Some(Text::parse("Bonjour").unwrap()),
    };
    rooms::create(&world.app.database, viewer, &new)
        .await
        .map(|opened| opened.room.id)
}

async fn send(world: &World, viewer: Viewer, room_id: Uuid) -> Result<Message> {
    let new = messages::NewMessage {
        room_id,
        content: Content::Text(Text::parse("Bonjour").unwrap()),
        client_message_id: None,
    };
    messages::send(&world.app.database, viewer, &new, &SendLimits::default())
        .await
        .map(|sent| sent.message)
}

/// Each side's counter beside what it stands for.
async fn assert_counters_are_true(world: &World) {
    let rows = world
        .sql
        .query(
            "SELECT driver_unread_count, other_user_unread_count,
                    count(*) FILTER (WHERE message.id IS NOT NULL AND read_at IS NULL AND CASE WHEN sender_id IS NULL
                        THEN driver_read_at IS NULL ELSE sender_id <> driver_id END) AS driver,
                    count(*) FILTER (WHERE message.id IS NOT NULL AND read_at IS NULL AND CASE WHEN sender_id IS NULL
                        THEN other_user_read_at IS NULL ELSE sender_id <> other_user_id END) AS other_user
             FROM chat_rooms AS room LEFT JOIN chat_messages AS message ON message.chat_room_id = room.id
             GROUP BY room.id",
            &[],
        )
        .await
        .unwrap();
    for row in rows {
        let count = |name| row.get::<_, i64>(name);
        assert_eq!(
            (
                count("driver_unread_count"),
                count("other_user_unread_count")
            ),
            (count("driver"), count("other_user"))
        );
    }
}

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
    assert_eq!(tell(&world, &event(PickedUp, delivery)).await, rooms);
    assert!(history(&world, driver, apart).await.is_empty());

    let next = world.user("driver", "Zié").await;
    let set = "UPDATE deliveries SET driver_id = $1 WHERE id = $2";
    world.sql.execute(set, &[&next.0, &delivery]).await.unwrap();
    assert!(tell(&world, &event(Arriving, delivery)).await.is_empty());
    let of_next = tell(&world, &event(Assigned, delivery)).await;
    assert_eq!(of_next.len(), 1);
    assert_eq!(tell(&world, &event(Arriving, delivery)).await, of_next);

    rooms.extend(of_next);
    rooms.sort();
    let told = tell(&world, &event(Cancelled, delivery)).await;
    assert_eq!(told, rooms, "all that talk about it learn of its end");
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
        assert!(tell(&world, &event(Assigned, delivery)).await.is_empty());
        assert!(tell(&world, &event(Delivered, delivery)).await.is_empty());
    }
    let nowhere = event(Assigned, Uuid::new_v4());
    assert!(matches!(
        try_tell(&world, &nowhere).await,
        Err(Error::Refused(_))
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
    let room = tell(&world, &event(Assigned, delivery)).await[0];
    let message = history(&world, client, room).await.remove(0);
    assert_eq!(message.text, "La livraison a été attribuée à un livreur.");
}

#[tokio::test]
async fn a_repeat_is_answered_with_the_same_rooms_and_another_event_is_refused() {
    let world = World::new().await;
    let (driver, _, delivery, room) = assigned(&world).await;
    let new = event(PickedUp, delivery);
    tell(&world, &new).await;
    let repeat = try_tell(&world, &new).await.unwrap();
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
        let refused = try_tell(&world, &other).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn each_side_reads_for_itself_and_firebase_shows_it_once_both_have() {
    let world = World::new().await;
    let (driver, client, delivery, room) = assigned(&world).await;
    tell(&world, &event(PickedUp, delivery)).await;
    world.say(driver, room, "J'arrive").await;
    assert_eq!(
        (unread(&world, driver).await, unread(&world, client).await),
        (2, 3)
    );
    let database = &world.app.database;
    let first = history(&world, driver, room).await[0].id;

    let marked = mark_read(database, driver, &Unread::Messages(vec![first, first])).await;
    assert_eq!(marked.unwrap().count, 1);
    let marked = mark_read(database, driver, &Unread::Messages(vec![first])).await;
    assert_eq!(marked.unwrap().count, 0);
    assert_counters_are_true(&world).await;
    let marked = mark_read(database, driver, &Unread::Room(room))
        .await
        .unwrap();
    assert_eq!(marked.count, 1);
    let read = |messages: Vec<Message>| -> Vec<bool> {
        messages.iter().map(|message| message.is_read).collect()
    };
    assert_eq!(
        read(history(&world, driver, room).await),
        [true, true, false]
    );
    assert_eq!(read(history(&world, client, room).await), [false; 3]);
    assert_eq!(
        (unread(&world, driver).await, unread(&world, client).await),
        (0, 3)
    );
    let both_have = "SELECT count(*) FROM chat_messages WHERE read_at IS NOT NULL";
    let row = world.sql.query_one(both_have, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);

    let marked = mark_read(database, client, &Unread::Room(room))
        .await
        .unwrap();
    assert_eq!(marked.count, 3);
    let row = world.sql.query_one(both_have, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 3);
    let by_client = history(&world, client, room).await;
    let by_driver = history(&world, driver, room).await;
    assert!(by_driver[0].read_at.unwrap() < by_client[0].read_at.unwrap());
    assert_eq!(by_driver[2].read_at, by_client[2].read_at);
    assert_counters_are_true(&world).await;
}

#[tokio::test]
async fn after_the_end_one_may_write_until_the_grace_is_over_and_read_for_ever() {
    let world = World::new().await;
    let (driver, client, delivery, room) = assigned(&world).await;
    tell(&world, &event(Delivered, delivery)).await;
    send(&world, client, room).await.unwrap();
    let database = &world.app.database;
    let seen = rooms::get(database, driver, room).await.unwrap().unwrap();
    assert!(seen.is_active);
    let left = seen.closes_at.unwrap().0 - Timestamp::now().0;
    assert!((7_190..=7_200).contains(&left.num_seconds()), "{left}");

    for table in ["chat_rooms", "chat_deliveries"] {
        let over = format!("UPDATE {table} SET closes_at = now()");
        world.sql.execute(&over, &[]).await.unwrap();
    }
    for viewer in [driver, client] {
        assert!(matches!(
            send(&world, viewer, room).await,
            Err(Error::Refused(_))
        ));
        let seen = rooms::get(database, viewer, room).await.unwrap().unwrap();
        assert!(!seen.is_active, "also where nobody has closed it yet");
        assert_eq!(
            rooms::participation(database, viewer, room).await.unwrap(),
            rooms::Participation::Inactive
        );
        assert_eq!(
            unread(&world, viewer).await,
            0,
            "the badge counts what the list shows"
        );
        assert_eq!(history(&world, viewer, room).await.len(), 3);
    }
    assert_eq!(rooms::close_due(database, 10).await.unwrap(), 1);
    assert_eq!(rooms::close_due(database, 10).await.unwrap(), 0);
    let marked = mark_read(database, driver, &Unread::Room(room))
        .await
        .unwrap();
    assert_eq!(marked.count, 3);
    assert!(rooms::archive(database, client, room, true).await.unwrap());
    assert!(tell(&world, &event(Arriving, delivery)).await.is_empty());
    assert!(tell(&world, &event(Cancelled, delivery)).await.is_empty());
    assert_counters_are_true(&world).await;

    // The end is the delivery's, and a second one does not put it off: no new room about it either, but the one that is there is found.
    let merchant = world.user("merchant", "Maquis").await;
    let set = "UPDATE deliveries SET merchant_id = $1";
    world.sql.execute(set, &[&merchant.0]).await.unwrap();
    let refused = open(&world, merchant, driver, delivery).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    assert_eq!(open(&world, client, driver, delivery).await.unwrap(), room);
    assert_eq!(history(&world, driver, room).await.len(), 3);
}

#[tokio::test]
async fn a_room_that_is_opened_within_the_grace_closes_with_the_others() {
    let world = World::new().await;
    let (driver, _, delivery, room) = assigned(&world).await;
    tell(&world, &event(Delivered, delivery)).await;
    let merchant = world.user("merchant", "Maquis").await;
    let set = "UPDATE deliveries SET merchant_id = $1";
    world.sql.execute(set, &[&merchant.0]).await.unwrap();
    let with_merchant = open(&world, merchant, driver, delivery).await.unwrap();
    let mut ends = Vec::new();
    for room in [room, with_merchant] {
        let seen = rooms::get(&world.app.database, driver, room).await.unwrap();
        ends.push(seen.unwrap().closes_at.unwrap());
    }
    assert_eq!(ends[0], ends[1]);
}

#[tokio::test]
async fn without_grace_the_room_closes_at_once_and_an_assignment_opens_it_again() {
    let world = World::new().await;
    let (driver, client, delivery, room) = assigned(&world).await;
    let none = GracePeriod::parse("0").unwrap();
    receive(
        &world.app.database,
        Platform,
        &event(Cancelled, delivery),
        none,
    )
    .await
    .unwrap();
    assert!(matches!(
        send(&world, driver, room).await,
        Err(Error::Refused(_))
    ));
    let last = history(&world, client, room).await.pop().unwrap();
    assert_eq!(
        last.text,
        "La livraison LBN123456 a été annulée. Cette conversation est maintenant fermée."
    );
    assert_eq!(tell(&world, &event(Assigned, delivery)).await, [room]);
    send(&world, driver, room).await.unwrap();
    let seen = rooms::get(&world.app.database, client, room)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((seen.closes_at, seen.unread_count), (None, 4));
    assert_eq!(
        unread(&world, client).await,
        4,
        "what was unread is unread again"
    );

    let by_hand = "UPDATE chat_rooms SET is_active = false";
    world.sql.execute(by_hand, &[]).await.unwrap();
    assert!(
        tell(&world, &event(Assigned, delivery)).await.is_empty(),
        "that is not ours to open"
    );
}

#[tokio::test]
async fn of_two_decisions_the_later_holds_in_whatever_order_they_come() {
    let world = World::new().await;
    let (driver, _, delivery, room) = assigned(&world).await;
    let end = async || {
        let seen = rooms::get(&world.app.database, driver, room).await.unwrap();
        seen.unwrap().closes_at
    };
    tell(
        &world,
        &at(event(Cancelled, delivery), "2025-01-15T14:30:00Z"),
    )
    .await;
    let ends = end().await;
    assert!(ends.is_some());
    let late = at(event(Assigned, delivery), "2025-01-15T14:29:59Z");
    assert_eq!(
        tell(&world, &late).await,
        [room],
        "told, and nothing decided"
    );
    assert_eq!(end().await, ends);
    tell(
        &world,
        &at(event(Assigned, delivery), "2025-01-15T14:30:01Z"),
    )
    .await;
    assert_eq!(end().await, None);
    tell(
        &world,
        &at(event(Delivered, delivery), "2025-01-15T14:30:00Z"),
    )
    .await;
    assert_eq!(end().await, None);
    tell(
        &world,
        &at(event(Delivered, delivery), "2999-01-01T00:00:00Z"),
    )
    .await;
    assert!(end().await.is_some());
    tell(&world, &event(Assigned, delivery)).await;
    assert_eq!(end().await, None, "a clock ahead of ours holds nobody up");
    let created: Vec<_> = history(&world, driver, room)
        .await
        .iter()
        .map(|it| it.created_at)
        .collect();
    assert!(created.is_sorted_by(|earlier, later| earlier < later));
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
            let new = NewEvent { ..event_of(&new) };
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

fn event_of(new: &NewEvent) -> NewEvent {
    NewEvent {
        event_id: new.event_id,
        event: new.event,
        delivery_id: new.delivery_id,
        occurred_at: new.occurred_at,
    }
}

#[tokio::test]
async fn events_sends_and_readings_at_once_leave_the_counters_at_what_is_unread() {
    let world = World::new().await;
    let (driver, client, delivery, room) = assigned(&world).await;
    let merchant = world.user("merchant", "Maquis").await;
    let set = "UPDATE deliveries SET merchant_id = $1";
    world.sql.execute(set, &[&merchant.0]).await.unwrap();
    let with_merchant = open(&world, merchant, driver, delivery).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..160 {
        let database = &world.app.database;
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
                    let (_, history) =
                        messages::backfill(database, driver, with_merchant, 0, PageSize::DEFAULT)
                            .await
                            .unwrap();
                    let (_, more) =
                        messages::backfill(database, driver, room, 0, PageSize::DEFAULT)
                            .await
                            .unwrap();
                    let ids = history.iter().chain(&more).map(|it| it.id).collect();
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
    // All are finished, and none has failed: neither a deadlock nor a counter below zero.
    let all = tokio::time::timeout(Duration::from_mins(1), tasks.join_all());
    assert_eq!(all.await.unwrap().len(), 160);
    assert_counters_are_true(&world).await;
    let messages = "SELECT FROM chat_messages WHERE sender_id IS NULL";
    let messages = world.sql.query(messages, &[]).await.unwrap();
    assert_eq!(messages.len(), 1 + 60 * 2);
}

#[tokio::test]
async fn a_message_of_the_platform_is_found_by_both_and_is_nobodys_activity() {
    let world = World::new().await;
    let (driver, client, _, _) = assigned(&world).await;
    let scope = messages::Scope::default();
    for viewer in [driver, client] {
        let found = messages::search(
            &world.app.database,
            viewer,
            "attribuee",
            &scope,
            PageSize::DEFAULT,
        )
        .await
        .unwrap();
        assert_eq!(found.messages.len(), 1);
        assert!(found.messages[0].message.sender.is_none());
    }
    shared::db::analytics::roll_up(&world.app.database, 100)
        .await
        .unwrap();
    let active = world
        .sql
        .query("SELECT FROM chat_analytics_active_rooms", &[])
        .await;
    assert!(active.unwrap().is_empty());
}
