use shared::db::messages::{Unread, mark_read};
use shared::db::rooms;
use shared::testing::World;

#[tokio::test]
async fn the_total_is_what_was_received_and_not_read_in_active_rooms_archived_or_not() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    let other_client = world.user("client", "Ali").await;
    let other_room = world.room_between(driver, other_client).await.id;
    let total = async |viewer| world.unread(viewer).await;
    assert_eq!(total(driver).await, 0);

    world.say(client, room, "1").await;
    world.say(client, room, "2").await;
    world.say(other_client, other_room, "3").await;
    world.say(driver, room, "4").await;
    assert_eq!((total(driver).await, total(client).await), (3, 1));

    rooms::archive(&world.app.database, driver, room, true)
        .await
        .unwrap();
    assert_eq!(total(driver).await, 3);
    mark_read(&world.app.database, driver, &Unread::Room(room))
        .await
        .unwrap();
    assert_eq!(total(driver).await, 1);
    world
        .sql
        .execute("UPDATE chat_rooms SET is_active = false", &[])
        .await
        .unwrap();
    assert_eq!(total(driver).await, 0);
}
