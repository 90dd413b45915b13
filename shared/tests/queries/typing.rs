use shared::db::rooms;
use shared::domain::Viewer;
use shared::error::{Error, Unauthorized};
use shared::testing::World;
use uuid::Uuid;

async fn type_in(world: &World, viewer: Viewer, room: Uuid, is_typing: bool) -> bool {
    rooms::note_typing(&world.app.database, viewer, room, is_typing)
        .await
        .unwrap()
}

/// Lets a second pass for all participants.
async fn pass_a_second(world: &World) {
    let sql = "UPDATE chat_typing SET next_at = next_at - interval '1 second'";
    world.sql.execute(sql, &[]).await.unwrap();
}

#[tokio::test]
async fn typing_is_shown_once_a_second_for_each_participant_of_each_room() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    let other_client = world.user("client", "Ali").await;
    let other_room = world.room_between(driver, other_client).await.id;
    for (viewer, room) in [(driver, room), (client, room), (driver, other_room)] {
        assert!(type_in(&world, viewer, room, true).await);
        assert!(!type_in(&world, viewer, room, true).await);
    }
    pass_a_second(&world).await;
    assert!(type_in(&world, driver, room, true).await);
    assert!(!type_in(&world, driver, room, true).await);
}

#[tokio::test]
async fn the_end_of_typing_is_shown_at_once_and_once() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    assert!(type_in(&world, driver, room, true).await);
    assert!(type_in(&world, driver, room, false).await);
    assert!(!type_in(&world, driver, room, false).await);
    assert!(!type_in(&world, driver, room, true).await, "not yet");
    assert!(!type_in(&world, driver, room, false).await);
    pass_a_second(&world).await;
    assert!(type_in(&world, driver, room, true).await);
    assert!(type_in(&world, driver, room, false).await);
}

#[tokio::test]
async fn of_twenty_requests_at_once_one_is_shown() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let database = &world.app.database;
        tasks.spawn(async move {
            rooms::note_typing(database, driver, room, true)
                .await
                .unwrap()
        });
    }
    let shown = tasks.join_all().await;
    assert_eq!(shown.iter().filter(|shown| **shown).count(), 1);
}

#[tokio::test]
async fn typing_is_for_participants_of_an_open_room() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    let admin = world.user("admin", "Mariam").await;
    let note = async |viewer| rooms::note_typing(&world.app.database, viewer, room, true).await;
    assert!(matches!(note(admin).await, Err(Error::NotFound)));
    assert!(matches!(
        note(Viewer(Uuid::new_v4())).await,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
    for sql in [
        "UPDATE users SET is_active = false WHERE user_type = 'client'",
        "UPDATE chat_rooms SET is_active = false",
    ] {
        world.sql.execute(sql, &[]).await.unwrap();
    }
    assert!(matches!(
        note(client).await,
        Err(Error::Unauthorized(Unauthorized::UserInactive))
    ));
    assert!(matches!(note(driver).await, Err(Error::Rejected(_))));
    let noted = world.sql.query("SELECT FROM chat_typing", &[]).await;
    assert!(noted.unwrap().is_empty());
}
