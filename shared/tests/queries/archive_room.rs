use shared::db::rooms::{self, Flagged};
use shared::error::Error;
use shared::testing::TestApp;
use uuid::Uuid;

#[tokio::test]
async fn each_participant_archives_separately() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let flagged = rooms::archive(&test.app.database, driver, room, true).await;
    assert_eq!(flagged.unwrap(), Flagged::Changed);
    let seen_by = async |viewer| {
        rooms::get(&test.app.database, viewer, room)
            .await
            .unwrap()
            .unwrap()
            .is_archived
    };
    assert!(seen_by(driver).await);
    assert!(!seen_by(client).await);
    let flagged = rooms::archive(&test.app.database, driver, room, false).await;
    assert_eq!(flagged.unwrap(), Flagged::Changed);
    assert!(!seen_by(driver).await);
}

#[tokio::test]
async fn a_new_message_does_not_unarchive_a_room() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    rooms::archive(&test.app.database, driver, room, true)
        .await
        .unwrap();
    test.say(client, room, "Bonjour").await;
    assert!(
        rooms::get(&test.app.database, driver, room)
            .await
            .unwrap()
            .unwrap()
            .is_archived
    );
}

#[tokio::test]
async fn another_users_room_does_not_exist_for_the_viewer() {
    let test = TestApp::new().await;
    let (_, _, room) = test.room().await;
    let admin = test.user("admin", "Mariam").await;
    for room in [room, Uuid::new_v4()] {
        let flagged = rooms::archive(&test.app.database, admin, room, true).await;
        assert!(matches!(flagged, Err(Error::NotFound)));
    }
}
