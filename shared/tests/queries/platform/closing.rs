use shared::db::events::receive;
use shared::db::messages::{Unread, mark_read};
use shared::db::{rooms, uploads};
use shared::domain::DeliveryEvent::{Arriving, Assigned, Cancelled, Delivered};
use shared::domain::{GracePeriod, Platform, Timestamp};
use shared::error::Error;
use shared::testing::TestApp;

use super::{assert_counters_are_true, assigned, at, event, history, open, report, send};

#[tokio::test]
async fn a_room_accepts_messages_until_the_grace_period_ends_and_stays_readable() {
    let test = TestApp::new().await;
    let (driver, client, delivery, room) = assigned(&test).await;
    report(&test, &event(Delivered, delivery)).await;
    send(&test, client, room).await.unwrap();
    let database = &test.app.database;
    let seen = rooms::get(database, driver, room).await.unwrap().unwrap();
    assert!(seen.is_active);
    let left = seen.closes_at.unwrap().0 - Timestamp::now().0;
    assert!((7_190..=7_200).contains(&left.num_seconds()), "{left}");

    for table in ["chat_rooms", "chat_deliveries"] {
        let over = format!("UPDATE {table} SET closes_at = now()");
        test.sql.execute(&over, &[]).await.unwrap();
    }
    for viewer in [driver, client] {
        assert!(matches!(
            send(&test, viewer, room).await,
            Err(Error::Rejected(_))
        ));
        let seen = rooms::get(database, viewer, room).await.unwrap().unwrap();
        assert!(!seen.is_active, "even before the row is closed");
        assert!(matches!(
            rooms::note_typing(database, viewer, room, true).await,
            Err(Error::Rejected(_))
        ));
        assert!(matches!(
            uploads::authorize(database, viewer, room, None).await,
            Err(Error::Rejected(_))
        ));
        assert_eq!(
            test.unread(viewer).await,
            0,
            "the badge counts what the list shows"
        );
        assert_eq!(history(&test, viewer, room).await.len(), 3);
    }
    assert_eq!(rooms::close_due(database, 10).await.unwrap(), 1);
    assert_eq!(rooms::close_due(database, 10).await.unwrap(), 0);
    let marked = mark_read(database, driver, &Unread::Room(room))
        .await
        .unwrap();
    assert_eq!(marked.count, 3);
    rooms::archive(database, client, room, true).await.unwrap();
    assert!(report(&test, &event(Arriving, delivery)).await.is_empty());
    assert!(report(&test, &event(Cancelled, delivery)).await.is_empty());
    assert_counters_are_true(&test).await;

    // After the end of the delivery, a repeated end changes nothing. No new room about it can be opened, but the
    // existing one is returned.
    let merchant = test.user("merchant", "Maquis").await;
    let set = "UPDATE deliveries SET merchant_id = $1";
    test.sql.execute(set, &[&merchant.0]).await.unwrap();
    let rejected = open(&test, merchant, driver, delivery).await;
    assert!(matches!(rejected, Err(Error::Rejected(_))), "{rejected:?}");
    assert_eq!(open(&test, client, driver, delivery).await.unwrap(), room);
    assert_eq!(history(&test, driver, room).await.len(), 3);
}

#[tokio::test]
async fn a_room_opened_within_the_grace_period_closes_with_the_others() {
    let test = TestApp::new().await;
    let (driver, _, delivery, room) = assigned(&test).await;
    report(&test, &event(Delivered, delivery)).await;
    let merchant = test.user("merchant", "Maquis").await;
    let set = "UPDATE deliveries SET merchant_id = $1";
    test.sql.execute(set, &[&merchant.0]).await.unwrap();
    let with_merchant = open(&test, merchant, driver, delivery).await.unwrap();
    let mut ends = Vec::new();
    for room in [room, with_merchant] {
        let seen = rooms::get(&test.app.database, driver, room).await.unwrap();
        ends.push(seen.unwrap().closes_at.unwrap());
    }
    assert_eq!(ends[0], ends[1]);
}

#[tokio::test]
async fn without_grace_the_room_closes_at_once_and_an_assignment_opens_it_again() {
    let test = TestApp::new().await;
    let (driver, client, delivery, room) = assigned(&test).await;
    let none = GracePeriod::parse("0").unwrap();
    receive(
        &test.app.database,
        Platform,
        &event(Cancelled, delivery),
        none,
    )
    .await
    .unwrap();
    assert!(matches!(
        send(&test, driver, room).await,
        Err(Error::Rejected(_))
    ));
    let last = history(&test, client, room).await.pop().unwrap();
    assert_eq!(
        last.text,
        "La livraison LBN123456 a été annulée. Cette conversation est maintenant fermée."
    );
    assert_eq!(report(&test, &event(Assigned, delivery)).await, [room]);
    send(&test, driver, room).await.unwrap();
    let seen = rooms::get(&test.app.database, client, room)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((seen.closes_at, seen.unread_count), (None, 4));
    assert_eq!(
        test.unread(client).await,
        4,
        "what was unread is unread again"
    );

    test.close_rooms().await;
    assert!(
        report(&test, &event(Assigned, delivery)).await.is_empty(),
        "that is not ours to open"
    );
}

#[tokio::test]
async fn the_later_of_two_events_decides_in_either_order() {
    let test = TestApp::new().await;
    let (driver, _, delivery, room) = assigned(&test).await;
    let end = async || {
        let seen = rooms::get(&test.app.database, driver, room).await.unwrap();
        seen.unwrap().closes_at
    };
    report(
        &test,
        &at(event(Cancelled, delivery), "2025-01-15T14:30:00Z"),
    )
    .await;
    let ends = end().await;
    assert!(ends.is_some());
    let late = at(event(Assigned, delivery), "2025-01-15T14:29:59Z");
    assert_eq!(
        report(&test, &late).await,
        [room],
        "notified, and nothing decided"
    );
    assert_eq!(end().await, ends);
    report(
        &test,
        &at(event(Assigned, delivery), "2025-01-15T14:30:01Z"),
    )
    .await;
    assert_eq!(end().await, None);
    report(
        &test,
        &at(event(Delivered, delivery), "2025-01-15T14:30:00Z"),
    )
    .await;
    assert_eq!(end().await, None);
    report(
        &test,
        &at(event(Delivered, delivery), "2999-01-01T00:00:00Z"),
    )
    .await;
    assert!(end().await.is_some());
    report(&test, &event(Assigned, delivery)).await;
    assert_eq!(
        end().await,
        None,
        "a clock ahead of the server's delays nobody"
    );
    let created: Vec<_> = history(&test, driver, room)
        .await
        .iter()
        .map(|it| it.created_at)
        .collect();
    assert!(created.is_sorted_by(|earlier, later| earlier < later));
}

#[tokio::test]
async fn a_room_opened_concurrently_with_the_end_closes_with_its_delivery() {
    let test = TestApp::new().await;
    let (driver, client, delivery, room) = assigned(&test).await;
    report(&test, &event(Delivered, delivery)).await;
    // The room's state if it was created from a snapshot that does not show the end.
    let unseen = "UPDATE chat_rooms SET closes_at = NULL";
    test.sql.execute(unseen, &[]).await.unwrap();
    let database = &test.app.database;
    assert_eq!(rooms::close_late(database).await.unwrap(), 1);
    assert_eq!(rooms::close_late(database).await.unwrap(), 0);
    for viewer in [driver, client] {
        let seen = rooms::get(database, viewer, room).await.unwrap().unwrap();
        assert!(seen.closes_at.is_some());
    }
}
