//! The platform's events: `receive_event`, and their effect on other statements.

mod closing;
mod notifying;
mod reading;

use shared::db::events::{NewEvent, Received, receive};
use shared::db::messages;
use shared::db::rooms::{self, NewRoom, OpeningRules};
use shared::domain::{
    Content, DeliveryEvent, GracePeriod, Message, PageSize, Platform, RoomType, SendLimits, Text,
    Timestamp, Viewer,
};
use shared::error::Result;
use shared::testing::TestApp;
use uuid::Uuid;

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

async fn try_report(test: &TestApp, new: &NewEvent) -> Result<Received> {
    receive(&test.app.database, Platform, new, GracePeriod::default()).await
}

async fn report(test: &TestApp, new: &NewEvent) -> Vec<Uuid> {
    let received = try_report(test, new).await.unwrap();
    assert!(received.created);
    received.rooms
}

/// Returns a driver, a client, a delivery that the driver was assigned, and its room.
async fn assigned(test: &TestApp) -> (Viewer, Viewer, Uuid, Uuid) {
    let driver = test.user("driver", "Awa Koné").await;
    let client = test.user("client", "Jean Dupont").await;
    let delivery = test.delivery("LBN123456", driver, client).await;
    let rooms = report(test, &event(DeliveryEvent::Assigned, delivery)).await;
    assert_eq!(rooms.len(), 1);
    (driver, client, delivery, rooms[0])
}

async fn history(test: &TestApp, viewer: Viewer, room: Uuid) -> Vec<Message> {
    messages::backfill(&test.app.database, viewer, room, 0, PageSize::DEFAULT)
        .await
        .unwrap()
        .messages
}

async fn open(test: &TestApp, viewer: Viewer, other: Viewer, delivery: Uuid) -> Result<Uuid> {
    let new = NewRoom {
        other_user_id: other.0,
        delivery_id: Some(delivery),
        room_type: RoomType::Delivery,
        initial_message: Some(Text::parse("Bonjour").unwrap()),
    };
    rooms::create(&test.app.database, viewer, &new, &OpeningRules::default())
        .await
        .map(|opened| opened.room.id)
}

async fn send(test: &TestApp, viewer: Viewer, room_id: Uuid) -> Result<Message> {
    let new = messages::NewMessage {
        room_id,
        content: Content::Text(Text::parse("Bonjour").unwrap()),
        client_message_id: None,
    };
    messages::send(&test.app.database, viewer, &new, &SendLimits::default())
        .await
        .map(|sent| sent.message)
}

/// Checks each participant's counter against the unread messages.
async fn assert_counters_are_true(test: &TestApp) {
    let rows = test
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
