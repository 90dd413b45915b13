use shared::db::rooms;
use shared::domain::Viewer;
use shared::error::{Error, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

async fn type_in(test: &TestApp, viewer: Viewer, room: Uuid, is_typing: bool) -> bool {
    rooms::note_typing(&test.app.database, viewer, room, is_typing)
        .await
        .unwrap()
}

/// Changes the times as if a second had passed.
async fn pass_a_second(test: &TestApp) {
    let sql = "UPDATE chat_typing SET next_at = next_at - interval '1 second'";
    test.sql.execute(sql, &[]).await.unwrap();
}

#[tokio::test]
async fn typing_is_shown_once_a_second_for_each_participant_of_each_room() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let other_client = test.user("client", "Ali").await;
    let other_room = test.room_between(driver, other_client).await.id;
    for (viewer, room) in [(driver, room), (client, room), (driver, other_room)] {
        assert!(type_in(&test, viewer, room, true).await);
        assert!(!type_in(&test, viewer, room, true).await);
    }
    pass_a_second(&test).await;
    assert!(type_in(&test, driver, room, true).await);
    assert!(!type_in(&test, driver, room, true).await);
}

#[tokio::test]
async fn the_end_of_typing_is_shown_immediately_and_once() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    assert!(type_in(&test, driver, room, true).await);
    assert!(type_in(&test, driver, room, false).await);
    assert!(!type_in(&test, driver, room, false).await);
    assert!(!type_in(&test, driver, room, true).await, "not yet");
    assert!(!type_in(&test, driver, room, false).await);
    pass_a_second(&test).await;
    assert!(type_in(&test, driver, room, true).await);
    assert!(type_in(&test, driver, room, false).await);
}

#[tokio::test]
async fn of_twenty_concurrent_requests_one_updates_firebase() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let database = &test.app.database;
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
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let admin = test.user("admin", "Mariam").await;
    let note = async |viewer| rooms::note_typing(&test.app.database, viewer, room, true).await;
    assert!(matches!(note(admin).await, Err(Error::NotFound)));
    assert!(matches!(
        note(Viewer(Uuid::new_v4())).await,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
    for sql in [
        "UPDATE users SET is_active = false WHERE user_type = 'client'",
        "UPDATE chat_rooms SET is_active = false",
    ] {
        test.sql.execute(sql, &[]).await.unwrap();
    }
    assert!(matches!(
        note(client).await,
        Err(Error::Unauthorized(Unauthorized::UserInactive))
    ));
    assert!(matches!(note(driver).await, Err(Error::Rejected(_))));
    let noted = test.sql.query("SELECT FROM chat_typing", &[]).await;
    assert!(noted.unwrap().is_empty());
}
