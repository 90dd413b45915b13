use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use shared::db::{QueryError, mirror, rooms};
use shared::testing::TestApp;

#[tokio::test]
async fn a_connection_that_the_server_ended_is_replaced_without_the_caller_noticing() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    for _ in 0..3 {
        let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()";
        test.sql.execute(ended, &[]).await.unwrap();
        assert!(
            rooms::get(&test.app.database, driver, room)
                .await
                .unwrap()
                .is_some()
        );
    }
}

async fn one_connection() -> TestApp {
    TestApp::with(|settings, _| settings.concurrency = NonZeroUsize::MIN).await
}

/// Returns the statements that are prepared on the app's only connection.
async fn prepared(test: &TestApp) -> Vec<String> {
    let sql =
        "SELECT split_part(statement, E'\n', 1) AS name FROM pg_prepared_statements ORDER BY 1";
    let rows = test.app.database.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get("name")).collect()
}

#[tokio::test]
async fn statements_are_prepared_if_no_pooler_is_known() {
    let test = one_connection().await;
    let (driver, _, _) = test.room().await;
    test.unread(driver).await;
    let is_prepared = prepared(&test)
        .await
        .contains(&"-- unread_count".to_owned());
    assert_eq!(is_prepared, !behind_a_pooler());
    test.unread(driver).await;
}

fn behind_a_pooler() -> bool {
    std::env::var("TEST_POOLER").is_ok()
}

#[tokio::test]
async fn the_statement_cache_can_be_disabled() {
    let test = TestApp::with(|settings, _| {
        settings.concurrency = NonZeroUsize::MIN;
        settings.statement_cache = Some(false);
    })
    .await;
    let (driver, _, _) = test.room().await;
    test.unread(driver).await;
    assert_eq!(prepared(&test).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_prepared_statement_survives_a_migration() {
    let test = one_connection().await;
    let (_, _, room) = test.room().await;
    for column in ["one", "two", "three"] {
        assert!(
            mirror::read(&test.app.database, room)
                .await
                .unwrap()
                .is_some()
        );
        let added = format!("ALTER TABLE chat_rooms ADD COLUMN {column} text");
        test.sql.batch_execute(&added).await.unwrap();
    }
}

const SLEEP: &str = "-- sleep\nSELECT pg_sleep(60)";

/// Waits until the server executes `SLEEP`, or until it no longer does.
async fn sleeping(test: &TestApp, expected: bool) {
    let sql = "SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND state = 'active' AND query LIKE '-- sleep%'";
    loop {
        let is_sleeping = !test.sql.query(sql, &[]).await.unwrap().is_empty();
        if is_sleeping == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_statement_ends_within_a_second_of_its_callers_timeout() {
    let test = one_connection().await;
    let began = Instant::now();
    let outcome = test.app.database.query(SLEEP, &[]).await;
    assert!(matches!(outcome, Err(QueryError::TimedOut { .. })));
    assert!(began.elapsed() < Duration::from_secs(9));
    let ended = tokio::time::timeout(Duration::from_secs(1), sleeping(&test, false));
    ended.await.expect("the statement goes on");
}

#[tokio::test]
async fn an_abandoned_statement_is_cancelled_without_waiting() {
    let test = one_connection().await;
    let running = tokio::spawn(test.app.database.query(SLEEP, &[]));
    sleeping(&test, true).await;
    running.abort();
    let ended = tokio::time::timeout(Duration::from_secs(1), sleeping(&test, false));
    ended.await.expect("the statement goes on");
    let (driver, _, _) = test.room().await;
    assert_eq!(test.unread(driver).await, 0);
}

#[tokio::test]
async fn the_server_ends_the_statements_of_a_killed_function_unless_a_pooler_is_used() {
    let test = one_connection().await;
    let sql = "SELECT current_setting('statement_timeout') AS timeout";
    let timeout: String = test
        .app
        .database
        .query_one(sql, &[])
        .await
        .unwrap()
        .get("timeout");
    assert_eq!(timeout, if behind_a_pooler() { "0" } else { "9s" });
}
