use shared::db::answer_versions::{self, Versioned};
use shared::db::messages::{Unread, mark_read};
use shared::db::rooms::{self, Filter};
use shared::domain::{Page, PageNumber, PageSize, RoomOrder, RoomSummary, Viewer};
use shared::testing::TestApp;

async fn list(
    test: &TestApp,
    viewer: Viewer,
    known: Option<i64>,
) -> Versioned<Option<Page<RoomSummary>>> {
    rooms::list(
        &test.app.database,
        viewer,
        &Filter::default(),
        RoomOrder::NewestMessage,
        PageNumber::FIRST,
        PageSize::DEFAULT,
        known,
    )
    .await
    .unwrap()
}

async fn version(test: &TestApp, viewer: Viewer) -> Option<i64> {
    list(test, viewer, None).await.version
}

/// Counts a user's changes as if the counting had begun long ago.
async fn count(test: &TestApp, viewer: Viewer) {
    answer_versions::count(&test.app.database, viewer)
        .await
        .unwrap();
    let long_ago = "UPDATE chat_answer_versions SET counted_from = now() - interval '1 minute'";
    test.sql.execute(long_ago, &[]).await.unwrap();
}

#[tokio::test]
async fn a_version_is_reliable_once_no_older_transaction_can_be_running() {
    let test = TestApp::new().await;
    let (driver, _, _) = test.room().await;
    let listed = list(&test, driver, None).await;
    assert_eq!((listed.version, listed.is_counted), (None, false));
    answer_versions::count(&test.app.database, driver)
        .await
        .unwrap();
    let listed = list(&test, driver, Some(1)).await;
    assert_eq!((listed.version, listed.is_counted), (None, true));
    assert!(listed.value.is_some());
    count(&test, driver).await;
    assert_eq!(version(&test, driver).await, Some(1));
}

#[tokio::test]
async fn every_change_to_a_room_changes_the_versions_of_its_participants_only() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let (stranger, _, _) = test.room().await;
    for viewer in [driver, client, stranger] {
        count(&test, viewer).await;
    }
    let mut before = (1, 1);
    let mut changed = async |what: &str| {
        let now = (
            version(&test, driver).await.unwrap(),
            version(&test, client).await.unwrap(),
        );
        assert!(now.0 > before.0 && now.1 > before.1, "{what}: {now:?}");
        before = now;
    };
    test.say(driver, room, "1").await;
    changed("a message").await;
    mark_read(&test.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    changed("a receipt").await;
    rooms::archive(&test.app.database, client, room, true)
        .await
        .unwrap();
    changed("archiving").await;
    let other = test.user("client", "Ali").await;
    count(&test, other).await;
    let driver_before = version(&test, driver).await;
    test.room_between(driver, other).await;
    assert!(version(&test, driver).await > driver_before);
    assert!(version(&test, other).await > Some(1));

    let before = version(&test, driver).await;
    let closed = "UPDATE chat_rooms SET is_active = false WHERE id = $1";
    test.sql.execute(closed, &[&room]).await.unwrap();
    assert!(version(&test, driver).await > before, "closing");
    assert_eq!(version(&test, stranger).await, Some(1));
}

#[tokio::test]
async fn the_mirrors_bookkeeping_changes_no_version() {
    let test = TestApp::new().await;
    let (driver, _, _) = test.room().await;
    count(&test, driver).await;
    let mirrored = "UPDATE chat_rooms SET mirrored_revision = revision, mirror_attempts = 3, behind_since = NULL";
    test.sql.execute(mirrored, &[]).await.unwrap();
    assert_eq!(version(&test, driver).await, Some(1));
}

#[tokio::test]
async fn a_current_response_is_not_computed_again() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.say(client, room, "1").await;
    count(&test, driver).await;
    let known = version(&test, driver).await;
    assert!(list(&test, driver, known).await.value.is_none());
    let unread = rooms::unread_count(&test.app.database, driver, known)
        .await
        .unwrap();
    assert_eq!(unread.value, None);

    test.say(client, room, "2").await;
    let listed = list(&test, driver, known).await;
    assert_eq!(listed.value.unwrap().unwrap().results[0].unread_count, 2);
    let unread = rooms::unread_count(&test.app.database, driver, known)
        .await
        .unwrap();
    assert_eq!(unread.value, Some(2));
}

#[tokio::test]
async fn an_inactive_viewer_gets_no_cached_response() {
    let test = TestApp::new().await;
    let (driver, _, _) = test.room().await;
    count(&test, driver).await;
    let known = version(&test, driver).await;
    test.deactivate(driver).await;
    let unread = rooms::unread_count(&test.app.database, driver, known).await;
    assert!(unread.is_err());
}

#[tokio::test]
async fn no_cached_response_is_current_while_a_room_past_its_closing_time_is_uncounted() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.say(client, room, "1").await;
    count(&test, driver).await;
    let known = version(&test, driver).await;
    let over = "UPDATE chat_rooms SET closes_at = clock_timestamp()";
    test.sql.execute(over, &[]).await.unwrap();
    let unread = rooms::unread_count(&test.app.database, driver, known)
        .await
        .unwrap();
    assert_eq!((unread.value, unread.version), (Some(0), None));
}
