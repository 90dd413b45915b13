use shared::db::rooms;
use shared::testing::World;
use uuid::Uuid;

#[tokio::test]
async fn archiving_is_each_participants_own() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    assert!(
        rooms::archive(&world.app.database, driver, room, true)
            .await
            .unwrap()
    );
    let seen_by = async |viewer| {
        rooms::get(&world.app.database, viewer, room)
            .await
            .unwrap()
            .unwrap()
            .is_archived
    };
    assert!(seen_by(driver).await);
    assert!(!seen_by(client).await);
    assert!(
        rooms::archive(&world.app.database, driver, room, false)
            .await
            .unwrap()
    );
    assert!(!seen_by(driver).await);
}

#[tokio::test]
async fn a_new_message_does_not_unarchive() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    rooms::archive(&world.app.database, driver, room, true)
        .await
        .unwrap();
    world.say(client, room, "Bonjour").await;
    assert!(
        rooms::get(&world.app.database, driver, room)
            .await
            .unwrap()
            .unwrap()
            .is_archived
    );
}

#[tokio::test]
async fn a_strangers_room_is_no_room() {
    let world = World::new().await;
    let (_, _, room) = world.room().await;
    let admin = world.user("admin", "Mariam").await;
    assert!(
        !rooms::archive(&world.app.database, admin, room, true)
            .await
            .unwrap()
    );
    assert!(
        !rooms::archive(&world.app.database, admin, Uuid::new_v4(), true)
            .await
            .unwrap()
    );
}
