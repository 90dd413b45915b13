use shared::db::messages::{self, EditRules, Scope};
use shared::db::{rooms, trust};
use shared::domain::{Message, MessageOrder, PageNumber, PageSize, SendLimits, Text, Viewer};
use shared::error::Error;
use shared::testing::TestApp;
use uuid::Uuid;

use super::actions;

async fn open(test: &TestApp, admin: Viewer, room: Uuid) {
    let reason = Text::parse("Litige 12").unwrap();
    let access = trust::open_access(&test.app.database, admin, room, &reason).await;
    assert!(access.unwrap().1);
}

async fn history(test: &TestApp, viewer: Viewer, room: Uuid) -> Result<Vec<Message>, Error> {
    let (first, size) = (PageNumber::FIRST, PageSize::DEFAULT);
    let order = MessageOrder::NewestFirst;
    let page = messages::list(&test.app.database, viewer, room, order, first, size).await?;
    Ok(page.page.unwrap().results)
}

async fn search(test: &TestApp, viewer: Viewer, room_id: Option<Uuid>) -> Result<usize, Error> {
    let scope = Scope {
        room_id,
        ..Scope::default()
    };
    let size = PageSize::DEFAULT;
    let found = messages::search(&test.app.database, viewer, "bonjour", &scope, size, None).await?;
    Ok(found.messages.len())
}

#[tokio::test]
async fn each_read_of_a_room_by_access_is_recorded() {
    let test = TestApp::new().await;
    let admin = test.user("admin", "Mariam").await;
    let (driver, client, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    open(&test, admin, room).await;

    let detail = rooms::get(&test.app.database, admin, room)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(detail.driver.unwrap().id, driver.0);
    assert_eq!(detail.other_participant.unwrap().id, client.0);
    assert_eq!((detail.unread_count, detail.is_archived), (0, false));
    assert_eq!(history(&test, admin, room).await.unwrap().len(), 1);
    let size = PageSize::DEFAULT;
    messages::backfill(&test.app.database, admin, room, 0, size)
        .await
        .unwrap();
    assert_eq!(search(&test, admin, Some(room)).await.unwrap(), 1);
    assert_eq!(
        actions(&test, room).await,
        [
            "open_access",
            "read_room",
            "read_messages",
            "read_messages",
            "search_messages"
        ]
    );
    assert_eq!(
        test.unread(client).await,
        1,
        "nothing is read for the participants"
    );
}

#[tokio::test]
async fn only_readers_by_access_see_the_versions_of_messages() {
    let test = TestApp::new().await;
    let admin = test.user("admin", "Mariam").await;
    let (driver, _, room) = test.room().await;
    let message = test.say(driver, room, "Bonjour").await;
    let changed = Text::parse("Bonsoir").unwrap();
    let (database, rules) = (&test.app.database, EditRules::default());
    let edited = messages::edit(database, driver, message.id, Some(&changed), &rules).await;
    assert!(edited.unwrap().changed);
    open(&test, admin, room).await;
    let versions = history(&test, admin, room)
        .await
        .unwrap()
        .remove(0)
        .versions;
    assert_eq!(versions.unwrap()[0]["text"], "Bonjour");
    let own = history(&test, driver, room).await.unwrap().remove(0);
    assert_eq!((own.versions, own.text.as_str()), (None, "Bonsoir"));
}

#[tokio::test]
async fn reads_by_participants_are_not_recorded() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    rooms::get(&test.app.database, driver, room).await.unwrap();
    history(&test, driver, room).await.unwrap();
    search(&test, driver, Some(room)).await.unwrap();
    assert_eq!(actions(&test, room).await, <[&str; 0]>::default());
}

#[tokio::test]
async fn access_is_to_one_room_for_one_admin_and_an_hour() {
    let test = TestApp::new().await;
    let admin = test.user("admin", "Mariam").await;
    let colleague = test.user("admin", "Ibrahim").await;
    let (driver, _, room) = test.room().await;
    let client = test.user("client", "Paul").await;
    let other = test.room_between(driver, client).await.id;
    open(&test, admin, room).await;
    for (viewer, id) in [(admin, other), (colleague, room)] {
        assert!(
            rooms::get(&test.app.database, viewer, id)
                .await
                .unwrap()
                .is_none()
        );
        assert!(matches!(
            history(&test, viewer, id).await,
            Err(Error::NotFound)
        ));
        assert!(matches!(
            search(&test, viewer, Some(id)).await,
            Err(Error::NotFound)
        ));
    }
    test.say(driver, room, "Bonjour").await;
    assert_eq!(
        search(&test, admin, None).await.unwrap(),
        0,
        "only by the room's id"
    );
    let hour = "SELECT expires_at BETWEEN now() + interval '59 minutes' AND now() + interval '61 minutes' FROM chat_room_access";
    assert!(
        test.sql
            .query_one(hour, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );

    let over = "UPDATE chat_room_access SET expires_at = now()";
    test.sql.execute(over, &[]).await.unwrap();
    assert!(
        rooms::get(&test.app.database, admin, room)
            .await
            .unwrap()
            .is_none()
    );
    assert!(matches!(
        history(&test, admin, room).await,
        Err(Error::NotFound)
    ));
}

#[tokio::test]
async fn access_ends_with_the_admins_role() {
    let test = TestApp::new().await;
    let admin = test.user("admin", "Mariam").await;
    let (_, _, room) = test.room().await;
    open(&test, admin, room).await;
    let demote = "UPDATE users SET user_type = 'client' WHERE id = $1";
    test.sql.execute(demote, &[&admin.0]).await.unwrap();
    assert!(
        rooms::get(&test.app.database, admin, room)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn access_allows_no_writing() {
    let test = TestApp::new().await;
    let admin = test.user("admin", "Mariam").await;
    let (_, _, room) = test.room().await;
    open(&test, admin, room).await;
    let new = messages::NewMessage {
        room_id: room,
        content: shared::domain::Content::Text(Text::parse("Bonjour").unwrap()),
        client_message_id: None,
    };
    let sent = messages::send(&test.app.database, admin, &new, &SendLimits::default()).await;
    assert!(matches!(sent, Err(Error::Rejected(_) | Error::NotFound)));
    let database = &test.app.database;
    let archived = rooms::archive(database, admin, room, true).await;
    assert!(matches!(archived, Err(Error::NotFound)));
}

#[tokio::test]
async fn the_audit_log_rejects_every_change() {
    let test = TestApp::new().await;
    let admin = test.user("admin", "Mariam").await;
    let (_, _, room) = test.room().await;
    open(&test, admin, room).await;
    for change in [
        "UPDATE chat_audit_log SET reason = ''",
        "UPDATE chat_audit_log SET reason = '' WHERE false",
        "DELETE FROM chat_audit_log",
        "TRUNCATE chat_audit_log",
    ] {
        let error = test.sql.execute(change, &[]).await.unwrap_err();
        let reason = error.as_db_error().unwrap().message();
        assert_eq!(reason, "chat_audit_log is append-only", "{change}");
    }
    assert_eq!(actions(&test, room).await, ["open_access"]);
}
