use std::time::Duration;

use shared::db::describe;
use shared::db::migrate::{self, Report};
use shared::runtime::StartError;
use shared::testing::TestApp;
use tokio::time::Instant;

async fn migrate(test: &TestApp) -> Result<Report, StartError> {
    migrate::run(&mut test.app.database.dedicated().await?).await
}

#[tokio::test]
async fn a_second_or_concurrent_run_does_nothing() {
    let test = TestApp::new().await;
    let (one, two) = tokio::join!(migrate(&test), migrate(&test));
    for report in [one.unwrap(), two.unwrap()] {
        assert!(report.applied.is_empty(), "{report:?}");
        assert!(report.version >= 3);
    }
}

#[tokio::test]
async fn two_concurrent_first_runs_apply_each_migration_once() {
    let test = TestApp::new().await;
    test.sql
        .batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await
        .unwrap();
    let (one, two) = tokio::join!(migrate(&test), migrate(&test));
    let (one, two) = (one.unwrap().applied.len(), two.unwrap().applied.len());
    assert_eq!((one.min(two), one.max(two)), (0, migrate::all().len()));
}

#[tokio::test]
async fn a_schema_newer_than_the_code_is_not_changed() {
    let test = TestApp::new().await;
    test.sql
        .batch_execute(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
             VALUES (9000, 'of_a_release_that_was_rolled_back', '2026-11-22T17:00:00Z', '1')",
        )
        .await
        .unwrap();
    let report = migrate(&test).await.unwrap();
    assert!(report.applied.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_skipped_migration_is_an_error() {
    let test = TestApp::new().await;
    test.sql
        .batch_execute("DELETE FROM refinery_schema_history WHERE version = 2")
        .await
        .unwrap();
    let error = migrate(&test).await.unwrap_err();
    assert!(error.to_string().contains("V2__chat_tables"), "{error}");
}

#[tokio::test]
async fn the_platforms_tables_may_be_views() {
    let test = TestApp::new().await;
    test
        .sql
        .batch_execute(
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public;
             CREATE TABLE accounts_user (uid uuid PRIMARY KEY, name varchar(80), phone varchar(20), kind varchar(10), photo varchar(200));
             CREATE TABLE orders (uid uuid PRIMARY KEY, code varchar(20), courier uuid, customer uuid, shop uuid);
             CREATE VIEW users AS SELECT uid AS id, name AS full_name, phone AS phone_number, kind AS user_type,
                 photo AS profile_photo_url, true AS is_active FROM accounts_user;
             CREATE VIEW deliveries AS SELECT uid AS id, code AS tracking_number, 'Cocody'::varchar AS pickup_address,
                 'Yopougon'::varchar AS delivery_address, courier AS driver_id, customer AS client_id, shop AS merchant_id FROM orders;
             INSERT INTO accounts_user VALUES ('00000000-0000-4000-8000-000000000001', 'Awa', NULL, 'driver', NULL),
                 ('00000000-0000-4000-8000-000000000002', 'Jean', '+225', 'client', NULL)",
        )
        .await
        .unwrap();
    migrate(&test).await.unwrap();
    let id = |n: u128| {
        shared::domain::Viewer(uuid::Uuid::from_u128(
            0x0000_0000_0000_4000_8000_0000_0000_0000 + n,
        ))
    };
    let room = test.room_between(id(1), id(2)).await;
    let room = room.disclose(shared::domain::Disclosure::default(), id(1));
    assert_eq!(room.driver.unwrap().phone_number.shown(), "");
    test.say(id(2), room.id, "Bonjour").await;
}

#[tokio::test]
async fn a_migration_is_exempt_from_the_roles_statement_timeout() {
    let test = TestApp::new().await;
    test.sql
        .batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await
        .unwrap();
    let mut session = test.app.database.dedicated().await.unwrap();
    session
        .batch_execute("SET statement_timeout = 1")
        .await
        .unwrap();
    let report = migrate::run(&mut session).await.unwrap();
    assert_eq!(report.applied.len(), migrate::all().len());
}

#[tokio::test]
async fn a_migration_that_exceeds_its_time_is_cancelled() {
    let test = TestApp::new().await;
    let database = &test.app.database;
    let lock = "SELECT pg_advisory_lock(x'72656c616973'::bigint)";
    test.sql.execute(lock, &[]).await.unwrap();
    let end = Instant::now() + Duration::from_millis(200);
    let mut session = database.dedicated().await.unwrap();
    let error = migrate::run_until(end, database, &mut session)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("cancelled"), "{error}");
    // The session is free again: no statement is running in it.
    session.simple_query("SELECT").await.unwrap();
}

#[tokio::test]
async fn a_failed_migration_is_described_without_row_values() {
    let test = TestApp::new().await;
    test.sql
        .batch_execute(
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public;
             CREATE TABLE chat_rooms (id uuid CONSTRAINT one_each UNIQUE, secret text)",
        )
        .await
        .unwrap();
    let error = migrate(&test).await.unwrap_err();
    assert_eq!(
        describe(&*error),
        "error applying migration V2__chat_tables: relation \"chat_rooms\" already exists (SQLSTATE 42P07)"
    );
    let duplicate = "INSERT INTO chat_rooms SELECT '00000000-0000-4000-8000-000000000001', '' FROM generate_series(1, 2)";
    for (statement, described) in [
        (
            duplicate,
            "SQLSTATE 23505, table chat_rooms, constraint one_each",
        ),
        ("SELECT 'hunter2'::uuid", "SQLSTATE 22P02"),
        (
            "SELECT missing FROM chat_rooms",
            "column \"missing\" does not exist (SQLSTATE 42703)",
        ),
    ] {
        let error = test.sql.batch_execute(statement).await.unwrap_err();
        assert_eq!(describe(&error), described);
    }
}
