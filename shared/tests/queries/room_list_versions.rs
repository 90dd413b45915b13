use shared::db::messages::{Unread, mark_read};
use shared::db::room_list_versions;
use shared::db::rooms::{self, Filter};
use shared::domain::{Page, PageNumber, PageSize, RoomOrder, RoomSummary, Viewer};
use shared::error::Result;
use shared::testing::TestApp;
use uuid::Uuid;

/// Runs the list's statement; `None` if `known` is current.
async fn list(
    test: &TestApp,
    viewer: Viewer,
    known: Option<Uuid>,
) -> Result<Option<(Page<RoomSummary>, Option<Uuid>)>> {
    let (order, size) = (RoomOrder::NewestMessage, PageSize::DEFAULT);
    let list = rooms::list(viewer, &Filter::default(), order, PageNumber::FIRST, size);
    let listed = list.run_unless_current(&test.app.database, known).await?;
    Ok(listed.map(|(page, version)| (page.unwrap(), version)))
}

async fn version(test: &TestApp, viewer: Viewer) -> Option<Uuid> {
    list(test, viewer, None).await.unwrap().unwrap().1
}

async fn switch(test: &TestApp, on: bool) {
    room_list_versions::switch(&test.sql, on).await.unwrap();
}

/// Returns a test app with the cache switched on, and a room in it.
async fn with_room() -> (TestApp, Viewer, Viewer, Uuid) {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    switch(&test, true).await;
    (test, driver, client, room)
}

#[tokio::test]
async fn without_a_cache_a_write_to_a_room_does_no_work_for_versions() {
    let test = TestApp::new().await;
    let work = async || {
        let sql = "SELECT (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'chat_rooms'::regclass AND tgname LIKE '%version%')
                        + (SELECT count(*) FROM chat_room_list_versions)";
        let row = test.sql.query_one(sql, &[]).await.unwrap();
        row.get::<_, i64>(0)
    };
    let (driver, client, room) = test.room().await;
    test.say(client, room, "1").await;
    assert_eq!(work().await, 0);
    assert_eq!(version(&test, driver).await, None);

    switch(&test, true).await;
    test.say(client, room, "2").await;
    // Two triggers, two participants, and the version of all others.
    assert_eq!(work().await, 5);

    switch(&test, false).await;
    test.say(client, room, "3").await;
    assert_eq!(work().await, 0);
}

#[tokio::test]
async fn each_change_of_a_room_renews_the_versions_of_its_participants_only() {
    let (test, driver, client, room) = with_room().await;
    let (stranger, other) = (
        test.user("driver", "Yao").await,
        test.user("client", "Ali").await,
    );
    let versions = async |viewers: [Viewer; 2]| {
        let [one, two] = viewers;
        [version(&test, one).await, version(&test, two).await]
    };
    let unchanged = version(&test, stranger).await;
    let mut before = versions([driver, client]).await;
    let mut assert_renewed = async |viewers: [Viewer; 2], change: &str| {
        let now = versions(viewers).await;
        for (before, now) in before.iter().zip(&now) {
            assert!(now.is_some() && now != before, "{change}: {now:?}");
        }
        before = now;
    };
    let database = &test.app.database;
    test.say(driver, room, "1").await;
    assert_renewed([driver, client], "a message").await;
    mark_read(database, client, &Unread::Room(room))
        .await
        .unwrap();
    assert_renewed([driver, client], "a receipt").await;
    rooms::archive(database, client, room, true).await.unwrap();
    assert_renewed([driver, client], "archiving").await;
    let closed = "UPDATE chat_rooms SET is_active = false WHERE id = $1";
    test.sql.execute(closed, &[&room]).await.unwrap();
    assert_renewed([driver, client], "closing").await;
    test.room_between(driver, other).await;
    assert_renewed([driver, other], "a new room").await;
    assert_eq!(version(&test, stranger).await, unchanged);
}

#[tokio::test]
async fn a_change_of_the_mirrors_columns_renews_no_version() {
    let (test, driver, _, _) = with_room().await;
    let before = version(&test, driver).await;
    let mirrored = "UPDATE chat_rooms SET mirrored_revision = revision, mirror_attempts = 3, behind_since = NULL";
    test.sql.execute(mirrored, &[]).await.unwrap();
    assert_eq!(version(&test, driver).await, before);
}

#[tokio::test]
async fn the_statement_returns_rows_only_if_the_version_has_changed() {
    let (test, driver, client, room) = with_room().await;
    test.say(client, room, "1").await;
    let known = version(&test, driver).await;
    assert!(list(&test, driver, known).await.unwrap().is_none());
    test.say(client, room, "2").await;
    let (page, fresh) = list(&test, driver, known).await.unwrap().unwrap();
    assert_eq!(page.results[0].unread_count, 2);
    assert!(list(&test, driver, fresh).await.unwrap().is_none());
}

#[tokio::test]
async fn a_version_from_before_the_cache_was_switched_off_is_never_current_again() {
    let (test, driver, client, room) = with_room().await;
    let initial = version(&test, driver).await;
    test.say(client, room, "1").await;
    let renewed = version(&test, driver).await;
    switch(&test, false).await;
    assert!(list(&test, driver, renewed).await.unwrap().is_some());
    test.say(client, room, "not counted").await;
    switch(&test, true).await;
    for known in [initial, renewed] {
        assert!(list(&test, driver, known).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn switching_on_waits_for_the_transactions_that_change_rooms() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let mut session = test.app.database.dedicated().await.unwrap();
    let transaction = session.transaction().await.unwrap();
    let archive = "UPDATE chat_rooms SET archived_by_driver = true WHERE id = $1";
    transaction.execute(archive, &[&room]).await.unwrap();
    let other = test.app.database.dedicated().await.unwrap();
    let switched = tokio::spawn(async move { room_list_versions::switch(&other, true).await });
    let waits = "SELECT EXISTS (SELECT FROM pg_locks
        WHERE relation = 'chat_rooms'::regclass AND mode = 'ShareRowExclusiveLock' AND NOT granted)";
    while !test
        .sql
        .query_one(waits, &[])
        .await
        .unwrap()
        .get::<_, bool>(0)
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(version(&test, driver).await, None);
    transaction.commit().await.unwrap();
    switched.await.unwrap().unwrap();
    assert!(version(&test, driver).await.is_some());
}

#[tokio::test]
async fn an_inactive_viewer_is_rejected_also_with_a_current_version() {
    let (test, driver, _, _) = with_room().await;
    let known = version(&test, driver).await;
    let deactivate = "UPDATE users SET is_active = false";
    test.sql.execute(deactivate, &[]).await.unwrap();
    assert!(list(&test, driver, known).await.is_err());
}

#[tokio::test]
async fn no_version_is_current_while_a_room_has_closed_by_the_clock_only() {
    let (test, driver, client, room) = with_room().await;
    test.say(client, room, "1").await;
    let known = version(&test, driver).await;
    let over = "UPDATE chat_rooms SET closes_at = clock_timestamp()";
    test.sql.execute(over, &[]).await.unwrap();
    let (page, version) = list(&test, driver, known).await.unwrap().unwrap();
    assert_eq!((page.count, version), (0, None));
}
