//! The platform may delete a user or a delivery: conversations stay, with null in their place.

use shared::db::messages::{self, Scope};
use shared::db::rooms::{self, Filter, NewRoom, OpeningRules};
use shared::domain::{MessageOrder, PageNumber, PageSize, RoomOrder, RoomType, Viewer};
use shared::testing::TestApp;
use uuid::Uuid;

/// Creates a driver and a client who talked about a delivery, and their room.
async fn talked(test: &TestApp) -> (Viewer, Viewer, Uuid) {
    let (driver, client) = (
        test.user("driver", "Awa").await,
        test.user("client", "Jean").await,
    );
    let new = NewRoom {
        other_user_id: client.0,
        delivery_id: Some(test.delivery("LBN1", driver, client).await),
        room_type: RoomType::Delivery,
        initial_message: None,
    };
    let rules = OpeningRules::default();
    let opened = rooms::create(&test.app.database, driver, &new, &rules).await;
    let room = opened.unwrap().room.id;
    test.say(driver, room, "Bonjour Jean").await;
    test.say(client, room, "Bonjour Awa").await;
    (driver, client, room)
}

/// Returns whether the viewer still sees the driver, the other participant, the delivery, and the senders of both
/// messages.
async fn seen(test: &TestApp, viewer: Viewer, room: Uuid) -> [bool; 5] {
    let database = &test.app.database;
    let (first, size) = (PageNumber::FIRST, PageSize::DEFAULT);
    let detail = rooms::get(database, viewer, room).await.unwrap().unwrap();
    let (filter, order) = (Filter::default(), RoomOrder::default());
    let list = rooms::list(viewer, &filter, order, first, size);
    let list = list.run(database).await.unwrap().unwrap().results;
    assert_eq!(list[0].other_participant, detail.other_participant);
    assert_eq!(list[0].delivery_info, detail.delivery_info);

    let order = MessageOrder::OldestFirst;
    let history = messages::list(database, viewer, room, order, first, size).await;
    let history = history.unwrap().page.unwrap().results;
    let scope = Scope::default();
    let found = messages::search(database, viewer, "bonjour", &scope, size, None).await;
    let mut found = found.unwrap().messages;
    found.reverse();
    for (listed, found) in history.iter().zip(&found) {
        assert_eq!(listed.sender, found.message.sender);
    }
    [
        detail.driver.is_some(),
        detail.other_participant.is_some(),
        detail.delivery_info.is_some(),
        history[0].sender.is_some(),
        history[1].sender.is_some(),
    ]
}

#[tokio::test]
async fn a_deleted_user_is_null_in_list_detail_history_and_search() {
    let test = TestApp::new().await;
    let (driver, client, room) = talked(&test).await;
    assert_eq!(seen(&test, driver, room).await, [true; 5]);
    let delete = "DELETE FROM users WHERE id = $1";
    test.sql.execute(delete, &[&client.0]).await.unwrap();
    let after = seen(&test, driver, room).await;
    assert_eq!(after, [true, false, true, true, false]);
}

#[tokio::test]
async fn a_deleted_driver_and_delivery_are_null_for_the_client() {
    let test = TestApp::new().await;
    let (driver, client, room) = talked(&test).await;
    for delete in [
        "DELETE FROM users WHERE id = $1",
        "DELETE FROM deliveries WHERE driver_id = $1",
    ] {
        test.sql.execute(delete, &[&driver.0]).await.unwrap();
    }
    let after = seen(&test, client, room).await;
    assert_eq!(after, [false, false, false, false, true]);
}
