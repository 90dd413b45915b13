use shared::db::messages::{Unread, mark_read};
use shared::db::rooms;
use shared::testing::TestApp;

#[tokio::test]
async fn the_total_counts_unread_messages_in_open_rooms_archived_or_not() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let other_client = test.user("client", "Ali").await;
    let other_room = test.room_between(driver, other_client).await.id;
    let total = async |viewer| test.unread(viewer).await;
    assert_eq!(total(driver).await, 0);

    test.say(client, room, "1").await;
    test.say(client, room, "2").await;
    test.say(other_client, other_room, "3").await;
    test.say(driver, room, "4").await;
    assert_eq!((total(driver).await, total(client).await), (3, 1));

    rooms::archive(&test.app.database, driver, room, true)
        .await
        .unwrap();
    assert_eq!(total(driver).await, 3);
    mark_read(&test.app.database, driver, &Unread::Room(room))
        .await
        .unwrap();
    assert_eq!(total(driver).await, 1);
    test.close_rooms().await;
    assert_eq!(total(driver).await, 0);
}
