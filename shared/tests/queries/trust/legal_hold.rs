use shared::db::trust;
use shared::error::Error;
use shared::testing::TestApp;
use uuid::Uuid;

use super::actions;

#[tokio::test]
async fn a_hold_is_set_and_lifted_once_and_recorded() {
    let test = TestApp::new().await;
    let admin = test.user("admin", "Mariam").await;
    let (driver, _, room) = test.room().await;
    let set = async |viewer, room, hold| {
        trust::set_legal_hold(&test.app.database, viewer, room, hold, "Plainte").await
    };
    for hold in [true, true, false, false] {
        set(admin, room, hold).await.unwrap();
    }
    assert_eq!(
        actions(&test, room).await,
        ["set_legal_hold", "lift_legal_hold"]
    );
    assert!(matches!(
        set(driver, room, true).await,
        Err(Error::Forbidden)
    ));
    assert!(matches!(
        set(admin, Uuid::new_v4(), true).await,
        Err(Error::NotFound)
    ));
}
