use std::time::Duration;

use shared::db::delivery::{Channel, Circuit, circuit, record_failures, record_success};
use shared::testing::TestApp;

async fn fail(test: &TestApp, failures: usize, asked: Option<u64>) -> (bool, bool) {
    let asked = asked.map(Duration::from_secs);
    let change = record_failures(&test.app.database, Channel::Mirror.name(), failures, asked);
    let change = change.await.unwrap();
    (change.was_open, change.circuit.is_open)
}

async fn probe_in(test: &TestApp) -> f64 {
    let sql = "SELECT extract(epoch FROM probe_after - clock_timestamp())::float8 FROM chat_delivery_channels
               WHERE name = 'mirror'";
    test.sql.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn the_fifth_failure_in_a_row_opens_the_circuit_and_a_success_closes_it() {
    let test = TestApp::new().await;
    let database = &test.app.database;
    assert_eq!(fail(&test, 4, None).await, (false, false));
    record_success(database, Channel::Mirror.name())
        .await
        .unwrap();
    assert_eq!(fail(&test, 4, None).await, (false, false));
    assert_eq!(fail(&test, 1, None).await, (false, true));
    assert_eq!(fail(&test, 1, None).await, (true, true));

    let push = circuit(database, Channel::Push.name()).await.unwrap();
    assert_eq!(push, Circuit::default(), "each channel has its own");
    record_success(database, Channel::Mirror.name())
        .await
        .unwrap();
    let closed = circuit(database, Channel::Mirror.name()).await.unwrap();
    assert_eq!(closed, Circuit::default());
}

#[tokio::test]
async fn the_next_probe_follows_after_three_seconds_or_the_requested_delay() {
    let test = TestApp::new().await;
    fail(&test, 9, None).await;
    assert!((2.0..=3.0).contains(&probe_in(&test).await));
    fail(&test, 1, Some(90)).await;
    assert!((89.0..=90.0).contains(&probe_in(&test).await));
}
