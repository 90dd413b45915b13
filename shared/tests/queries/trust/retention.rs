use shared::db::trust;
use shared::domain::RetentionPeriod;
use shared::firebase::retention::remove_expired_rooms;
use shared::testing::TestApp;
use uuid::Uuid;
use wiremock::ResponseTemplate;

use super::count;

fn a_year() -> RetentionPeriod {
    RetentionPeriod::parse("365").unwrap().unwrap()
}

/// Creates a room with a message that was closed so many days ago.
async fn closed_room(test: &TestApp, days: i32) -> Uuid {
    let (driver, client, room) = test.room().await;
    test.device(client, &format!("token-{room}")).await;
    let message = test.say(driver, room, "Bonjour").await;
    let age = "UPDATE chat_rooms SET is_active = false, created_at = created_at - make_interval(days => $1),
               last_message_at = last_message_at - make_interval(days => $1) WHERE id = $2";
    test.sql.execute(age, &[&days, &room]).await.unwrap();
    let version =
        "INSERT INTO chat_message_versions (message_id, revision, text, image_url, changed_at)
                   VALUES ($1, 1, 'Bonsoir', '', now())";
    test.sql.execute(version, &[&message.id]).await.unwrap();
    let report = r#"INSERT INTO chat_reports (id, message_id, chat_room_id, reporter_id, reported_id, reason, created_at, snapshot)
                  VALUES (gen_random_uuid(), $1, $2, $3, $4, 'spam', now(), '{"text": "Bonjour"}')"#;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&message.id, &room, &client.0, &driver.0];
    test.sql.execute(report, &parameters).await.unwrap();
    room
}

async fn rooms(test: &TestApp) -> Vec<Uuid> {
    let rows = test
        .sql
        .query("SELECT id FROM chat_rooms ORDER BY id", &[])
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn run(test: &TestApp) -> usize {
    let firebase = test.app.firebase.as_ref();
    remove_expired_rooms(&test.app.database, firebase, a_year())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_room_disappears_with_everything_about_it_after_the_period() {
    let test = TestApp::new().await;
    let old = closed_room(&test, 366).await;
    let young = closed_room(&test, 364).await;
    test.index_words().await;
    assert_eq!(run(&test).await, 1);
    assert_eq!(rooms(&test).await, [young]);
    for table in [
        "chat_messages",
        "chat_message_search",
        "chat_message_versions",
        "chat_pushes",
    ] {
        assert_eq!(count(&test, table).await, 1, "{table}");
    }
    let reports =
        "SELECT snapshot IS NULL FROM chat_reports WHERE chat_room_id = $1 AND reason = 'spam'";
    let report = test.sql.query_one(reports, &[&old]).await.unwrap();
    assert!(
        report.get::<_, bool>(0),
        "the report stays, without its snapshot"
    );

    let writes = test.firebase.writes().await;
    assert_eq!(writes.len(), 1);
    let (method, _, update) = &writes[0];
    assert_eq!(method, "PATCH");
    let update = update.as_object().unwrap();
    assert_eq!(update.len(), 3);
    assert!(update.values().all(serde_json::Value::is_null));
    assert!(update.contains_key(&format!("chats/{old}")));
    assert_eq!(run(&test).await, 0);
}

#[tokio::test]
async fn an_open_room_and_a_room_under_legal_hold_stay() {
    let test = TestApp::new().await;
    let admin = test.user("admin", "Mariam").await;
    let held = closed_room(&test, 400).await;
    let open = closed_room(&test, 400).await;
    let set = trust::set_legal_hold(&test.app.database, admin, held, true, "Plainte");
    set.await.unwrap();
    let reopen = "UPDATE chat_rooms SET is_active = true WHERE id = $1";
    test.sql.execute(reopen, &[&open]).await.unwrap();
    assert_eq!(run(&test).await, 0);
    assert_eq!(count(&test, "chat_messages").await, 2);
    let lift = trust::set_legal_hold(&test.app.database, admin, held, false, "");
    lift.await.unwrap();
    assert_eq!(run(&test).await, 1);
    assert_eq!(rooms(&test).await, [open]);
}

#[tokio::test]
async fn a_room_stays_until_firebase_has_removed_its_tree() {
    let test = TestApp::new().await;
    let room = closed_room(&test, 366).await;
    test.firebase.responds(ResponseTemplate::new(503));
    assert_eq!(run(&test).await, 0);
    assert_eq!(rooms(&test).await, [room]);
    assert_eq!(
        count(&test, "chat_messages").await,
        0,
        "the content is gone already"
    );
    test.firebase.recovers();
    let leased = "UPDATE chat_rooms SET mirror_leased_until = now() - interval '1 second'";
    test.sql.execute(leased, &[]).await.unwrap();
    assert_eq!(run(&test).await, 1);
    assert_eq!(rooms(&test).await, [] as [Uuid; 0]);
}

#[tokio::test]
async fn a_room_that_is_opened_meanwhile_is_mirrored_completely_again() {
    let test = TestApp::new().await;
    let room = closed_room(&test, 366).await;
    let database = &test.app.database;
    for _ in 0..2 {
        trust::empty_expired_rooms(database, a_year(), 100)
            .await
            .unwrap();
    }
    let leased = trust::emptied_rooms(database, 10).await.unwrap();
    assert_eq!(leased.len(), 1);
    let reopen = "UPDATE chat_rooms SET is_active = true, mirrored_revision = revision";
    test.sql.execute(reopen, &[]).await.unwrap();
    assert_eq!(trust::remove_rooms(database, &leased).await.unwrap(), 0);
    assert_eq!(run(&test).await, 0);
    assert_eq!(rooms(&test).await, [room]);
    let state = "SELECT mirrored_revision, mirror_leased_until IS NULL FROM chat_rooms";
    let state = test.sql.query_one(state, &[]).await.unwrap();
    assert_eq!(
        (state.get::<_, i64>(0), state.get::<_, bool>(1)),
        (-1, true)
    );
    assert_eq!(count(&test, "chat_room_removals").await, 0);
}

#[tokio::test]
async fn a_room_with_many_messages_is_emptied_in_slices() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    for _ in 0..5 {
        test.say(driver, room, "Bonjour").await;
    }
    let age = "UPDATE chat_rooms SET is_active = false, created_at = now() - interval '2 years', last_message_at = NULL";
    test.sql.execute(age, &[]).await.unwrap();
    let database = &test.app.database;
    for left in [3, 1, 0] {
        assert_eq!(
            trust::empty_expired_rooms(database, a_year(), 2)
                .await
                .unwrap(),
            1
        );
        assert_eq!(count(&test, "chat_messages").await, left);
        assert_eq!(count(&test, "chat_room_removals").await, 0);
    }
    trust::empty_expired_rooms(database, a_year(), 2)
        .await
        .unwrap();
    assert_eq!(count(&test, "chat_room_removals").await, 1);
}

#[tokio::test]
async fn old_events_and_devices_are_deleted() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa Koné").await;
    for (days, token) in [(271, "old"), (269, "young")] {
        test.device(driver, token).await;
        let age = "UPDATE chat_devices SET registered_at = now() - make_interval(days => $1) WHERE token = $2";
        test.sql.execute(age, &[&days, &token]).await.unwrap();
    }
    let events = "INSERT INTO chat_events (event_id, event, delivery_id, received_at)
                  SELECT gen_random_uuid(), 'arriving', gen_random_uuid(), now() - make_interval(days => days)
                  FROM unnest(ARRAY[179, 181]) AS days";
    test.sql.execute(events, &[]).await.unwrap();
    trust::delete_expired(&test.app.database, 100)
        .await
        .unwrap();
    assert_eq!(count(&test, "chat_events").await, 1);
    let left = test
        .sql
        .query("SELECT token FROM chat_devices", &[])
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].get::<_, &str>(0), "young");
}
