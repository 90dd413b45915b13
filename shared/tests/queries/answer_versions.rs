use shared::db::answer_versions::{self, Versioned};
use shared::db::messages::{Unread, mark_read};
use shared::db::rooms::{self, Filter};
use shared::domain::{Page, PageNumber, PageSize, RoomOrder, RoomSummary, Viewer};
use shared::testing::World;

async fn list(
    world: &World,
    viewer: Viewer,
    known: Option<i64>,
) -> Versioned<Option<Page<RoomSummary>>> {
    rooms::list(
        &world.app.database,
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

async fn version(world: &World, viewer: Viewer) -> Option<i64> {
    list(world, viewer, None).await.version
}

/// Counts somebody's changes as if that had begun long ago.
async fn count(world: &World, viewer: Viewer) {
    answer_versions::count(&world.app.database, viewer)
        .await
        .unwrap();
    let long_ago = "UPDATE chat_answer_versions SET counted_from = now() - interval '1 minute'";
    world.sql.execute(long_ago, &[]).await.unwrap();
}

#[tokio::test]
async fn a_version_is_relied_on_once_no_older_transaction_can_be_under_way() {
    let world = World::new().await;
    let (driver, _, _) = world.room().await;
    let listed = list(&world, driver, None).await;
    assert_eq!((listed.version, listed.is_counted), (None, false));
    answer_versions::count(&world.app.database, driver)
        .await
        .unwrap();
    let listed = list(&world, driver, Some(1)).await;
    assert_eq!((listed.version, listed.is_counted), (None, true));
    assert!(listed.value.is_some());
    count(&world, driver).await;
    assert_eq!(version(&world, driver).await, Some(1));
}

#[tokio::test]
async fn whatever_changes_a_room_changes_the_version_of_both_sides_and_of_nobody_else() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    let (stranger, _, _) = world.room().await;
    for viewer in [driver, client, stranger] {
        count(&world, viewer).await;
    }
    let mut before = (1, 1);
    let mut changed = async |what: &str| {
        let now = (
            version(&world, driver).await.unwrap(),
            version(&world, client).await.unwrap(),
        );
        assert!(now.0 > before.0 && now.1 > before.1, "{what}: {now:?}");
        before = now;
    };
    world.say(driver, room, "1").await;
    changed("a message").await;
    mark_read(&world.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    changed("a receipt").await;
    rooms::archive(&world.app.database, client, room, true)
        .await
        .unwrap();
    changed("archiving").await;
    let other = world.user("client", "Ali").await;
    count(&world, other).await;
    let driver_before = version(&world, driver).await;
    world.room_between(driver, other).await;
    assert!(version(&world, driver).await > driver_before);
    assert!(version(&world, other).await > Some(1));

    let before = version(&world, driver).await;
    let closed = "UPDATE chat_rooms SET is_active = false WHERE id = $1";
    world.sql.execute(closed, &[&room]).await.unwrap();
    assert!(version(&world, driver).await > before, "closing");
    assert_eq!(version(&world, stranger).await, Some(1));
}

#[tokio::test]
async fn what_the_mirror_notes_changes_no_version() {
    let world = World::new().await;
    let (driver, _, _) = world.room().await;
    count(&world, driver).await;
    let mirrored = "UPDATE chat_rooms SET mirrored_revision = revision, mirror_attempts = 3, behind_since = NULL";
    world.sql.execute(mirrored, &[]).await.unwrap();
    assert_eq!(version(&world, driver).await, Some(1));
}

#[tokio::test]
async fn an_answer_that_still_holds_is_not_made_again() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.say(client, room, "1").await;
    count(&world, driver).await;
    let known = version(&world, driver).await;
    assert!(list(&world, driver, known).await.value.is_none());
    let unread = rooms::unread_count(&world.app.database, driver, known)
        .await
        .unwrap();
    assert_eq!(unread.value, None);

    world.say(client, room, "2").await;
    let listed = list(&world, driver, known).await;
    assert_eq!(listed.value.unwrap().unwrap().results[0].unread_count, 2);
    let unread = rooms::unread_count(&world.app.database, driver, known)
        .await
        .unwrap();
    assert_eq!(unread.value, Some(2));
}

#[tokio::test]
async fn a_viewer_who_is_no_longer_active_gets_nothing_that_is_kept() {
    let world = World::new().await;
    let (driver, _, _) = world.room().await;
    count(&world, driver).await;
    let known = version(&world, driver).await;
    world
        .sql
        .execute("UPDATE users SET is_active = false", &[])
        .await
        .unwrap();
    let unread = rooms::unread_count(&world.app.database, driver, known).await;
    assert!(unread.is_err());
}

#[tokio::test]
async fn nothing_kept_holds_while_a_room_has_closed_by_the_clock_alone() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    world.say(client, room, "1").await;
    count(&world, driver).await;
    let known = version(&world, driver).await;
    let over = "UPDATE chat_rooms SET closes_at = clock_timestamp()";
    world.sql.execute(over, &[]).await.unwrap();
    let unread = rooms::unread_count(&world.app.database, driver, known)
        .await
        .unwrap();
    assert_eq!((unread.value, unread.version), (Some(0), None));
}
