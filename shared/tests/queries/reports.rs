use serde_json::json;
use shared::db::reports::{self, Handling, NewReport, Reported};
use shared::domain::{
    OwnReport, PageNumber, PageSize, ReportOutcome, ReportReason, ReportStatus, Viewer,
};
use shared::error::{Error, Result, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

fn spam(message_id: Uuid) -> NewReport {
    NewReport {
        message_id,
        reason: ReportReason::Spam,
        comment: None,
    }
}

async fn create(test: &TestApp, viewer: Viewer, message_id: Uuid) -> Result<Reported> {
    reports::create(&test.app.database, viewer, &spam(message_id)).await
}

async fn report(test: &TestApp, viewer: Viewer, message_id: Uuid) -> OwnReport {
    create(test, viewer, message_id).await.unwrap().report
}

async fn snapshot(test: &TestApp, report: Uuid) -> serde_json::Value {
    let sql = "SELECT snapshot::text FROM chat_reports WHERE id = $1";
    let row = test.sql.query_one(sql, &[&report]).await.unwrap();
    serde_json::from_str(row.get(0)).unwrap()
}

#[tokio::test]
async fn a_report_keeps_the_message_as_it_was() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let message = test.say(client, room, "Menace").await;
    let report = report(&test, driver, message.id).await;
    let edit = "UPDATE chat_messages SET text = 'Rien', edited_at = now() WHERE id = $1";
    test.sql.execute(edit, &[&message.id]).await.unwrap();
    assert_eq!(
        snapshot(&test, report.id).await,
        json!({
            "seq": 1, "message_type": "text", "text": "Menace", "image_url": "", "latitude": null, "longitude": null,
            "created_at": message.created_at, "edited_at": null, "deleted_at": null,
        })
    );
}

#[tokio::test]
async fn a_deleted_message_is_reported_with_its_last_content() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let message = test.say(client, room, "Menace").await;
    for sql in [
        "INSERT INTO chat_message_versions (message_id, revision, text, image_url, changed_at)
         SELECT id, revision - 1, 'Bonjour', '', now() FROM chat_messages
         UNION ALL SELECT id, revision, text, image_url, now() FROM chat_messages",
        "UPDATE chat_messages SET text = '', deleted_at = now(), revision = revision + 1",
    ] {
        test.sql.execute(sql, &[]).await.unwrap();
    }
    let report = report(&test, driver, message.id).await;
    let snapshot = snapshot(&test, report.id).await;
    assert_eq!(snapshot["text"], "Menace");
    assert!(snapshot["deleted_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn only_a_received_message_of_a_person_can_be_reported() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let (stranger, admin) = (
        test.user("driver", "Ali").await,
        test.user("admin", "Mariam").await,
    );
    let message = test.say(client, room, "Bonjour").await.id;
    for viewer in [stranger, admin] {
        let result = create(&test, viewer, message).await;
        assert!(matches!(result, Err(Error::NotFound)));
    }
    let result = create(&test, driver, Uuid::new_v4()).await;
    assert!(matches!(result, Err(Error::NotFound)));
    let result = create(&test, client, message).await;
    assert!(matches!(result, Err(Error::NotNow(_))));
    let unsent = "UPDATE chat_messages SET sender_id = NULL";
    test.sql.execute(unsent, &[]).await.unwrap();
    let result = create(&test, driver, message).await;
    assert!(matches!(result, Err(Error::NotNow(_))));
    test.deactivate(driver).await;
    let result = create(&test, driver, message).await;
    assert!(matches!(
        result,
        Err(Error::Unauthorized(Unauthorized::UserInactive))
    ));
}

#[tokio::test]
async fn a_message_of_a_closed_room_can_be_reported_once() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let message = test.say(client, room, "Bonjour").await.id;
    test.close_rooms().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let database = &test.app.database;
        tasks.spawn(async move { reports::create(database, driver, &spam(message)).await });
    }
    let made = tasks.join_all().await;
    let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|it| it.created).count(), 1);
    assert!(made.iter().all(|it| it.report == made[0].report));
}

#[tokio::test]
async fn admins_list_reports_by_status_oldest_first_in_pages() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let admin = test.user("admin", "Mariam").await;
    let mut made = Vec::new();
    for text in ["1", "2", "3"] {
        let message = test.say(client, room, text).await.id;
        made.push(report(&test, driver, message).await.id);
    }
    let database = &test.app.database;
    let list = async |status, number, size: &str| {
        let page = reports::list(database, admin, status, number, PageSize::parse(size)).await;
        let page = page.unwrap().unwrap();
        let ids: Vec<_> = page.results.iter().map(|it| it.report.id).collect();
        (page.count, ids)
    };
    let first = PageNumber::FIRST;
    assert_eq!(list(None, first, "2").await, (3, made[..2].to_vec()));
    assert_eq!(
        list(None, PageNumber::Last, "2").await,
        (3, made[2..].to_vec())
    );
    let handling = Handling {
        outcome: ReportOutcome::Dismissed,
        note: Some("Rien".to_owned()),
    };
    let handled = reports::handle(database, admin, made[1], &handling).await;
    assert_eq!(handled.unwrap().note, "Rien");
    let open = Some(ReportStatus::Open);
    assert_eq!(list(open, first, "5").await, (2, vec![made[0], made[2]]));
    let dismissed = Some(ReportStatus::Handled(ReportOutcome::Dismissed));
    assert_eq!(list(dismissed, first, "5").await, (1, vec![made[1]]));
    let resolved = Some(ReportStatus::Handled(ReportOutcome::Resolved));
    assert_eq!(list(resolved, first, "5").await, (0, vec![]));
    let beyond = PageNumber::Number(i64::MAX);
    let page = reports::list(database, admin, None, beyond, PageSize::MAX).await;
    assert!(page.unwrap().is_none());
}

#[tokio::test]
async fn others_than_active_admins_neither_list_nor_handle_reports() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let admin = test.user("admin", "Mariam").await;
    let message = test.say(client, room, "Bonjour").await.id;
    let id = report(&test, driver, message).await.id;
    let database = &test.app.database;
    let handling = Handling {
        outcome: ReportOutcome::Resolved,
        note: None,
    };
    for viewer in [driver, client] {
        let listed =
            reports::list(database, viewer, None, PageNumber::FIRST, PageSize::DEFAULT).await;
        assert!(matches!(listed, Err(Error::Forbidden)));
        let handled = reports::handle(database, viewer, id, &handling).await;
        assert!(matches!(handled, Err(Error::Forbidden)));
    }
    let unknown = reports::handle(database, admin, Uuid::new_v4(), &handling).await;
    assert!(matches!(unknown, Err(Error::NotFound)));
    test.deactivate(admin).await;
    let handled = reports::handle(database, admin, id, &handling).await;
    assert!(matches!(
        handled,
        Err(Error::Unauthorized(Unauthorized::UserInactive))
    ));
    assert_eq!(reports::open(database).await.unwrap().count, 1);
}

#[tokio::test]
async fn the_age_of_open_reports_is_that_of_the_oldest() {
    let test = TestApp::new().await;
    let database = &test.app.database;
    let none = reports::open(database).await.unwrap();
    assert_eq!((none.count, none.age), (0, 0.0));
    let (driver, client, room) = test.room().await;
    for text in ["1", "2"] {
        let message = test.say(client, room, text).await.id;
        report(&test, driver, message).await;
    }
    let age = "UPDATE chat_reports SET created_at = created_at - interval '1 day'
               WHERE id = (SELECT min(id::text)::uuid FROM chat_reports)";
    test.sql.execute(age, &[]).await.unwrap();
    let open = reports::open(database).await.unwrap();
    assert_eq!(open.count, 2);
    assert!((86_400.0..86_500.0).contains(&open.age), "{}", open.age);
}
