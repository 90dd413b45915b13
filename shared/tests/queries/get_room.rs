use shared::db::rooms;
use shared::domain::Viewer;
use shared::error::{Error, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

#[tokio::test]
async fn a_room_is_visible_to_its_participants_only() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let (stranger, admin) = (
        test.user("driver", "Ali").await,
        test.user("admin", "Mariam").await,
    );
    let get = async |viewer, room| rooms::get(&test.app.database, viewer, room).await.unwrap();
    assert_eq!(
        get(driver, room)
            .await
            .unwrap()
            .other_participant
            .unwrap()
            .id,
        client.0
    );
    assert_eq!(
        get(client, room)
            .await
            .unwrap()
            .other_participant
            .unwrap()
            .id,
        driver.0
    );
    assert_eq!(get(stranger, room).await, None);
    assert_eq!(get(admin, room).await, None);
    assert_eq!(get(driver, Uuid::new_v4()).await, None);
}

#[tokio::test]
async fn a_closed_room_can_still_be_read() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.close_rooms().await;
    assert!(
        !rooms::get(&test.app.database, driver, room)
            .await
            .unwrap()
            .unwrap()
            .is_active
    );
}

#[tokio::test]
async fn an_unknown_viewer_and_an_unknown_room_are_distinguished() {
    let test = TestApp::new().await;
    let unknown = rooms::get(&test.app.database, Viewer(Uuid::new_v4()), Uuid::new_v4()).await;
    assert!(matches!(
        unknown,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
}
