use chrono::{DateTime, TimeDelta, Utc};
use shared::db::firebase_users::{self, Revocation};
use shared::domain::Viewer;
use shared::error::{Error, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

async fn note(test: &TestApp, viewer: Viewer) {
    firebase_users::note(&test.app.database, viewer)
        .await
        .unwrap();
}

async fn check(test: &TestApp, since: DateTime<Utc>, limit: i64) -> i64 {
    firebase_users::check(&test.app.database, since, limit)
        .await
        .unwrap()
}

async fn deactivate_all(test: &TestApp) {
    let sql = "UPDATE users SET is_active = false";
    test.sql.execute(sql, &[]).await.unwrap();
}

async fn pending(test: &TestApp) -> Vec<Revocation> {
    firebase_users::pending(&test.app.database, Uuid::nil(), 100)
        .await
        .unwrap()
}

fn never() -> DateTime<Utc> {
    Utc::now() + TimeDelta::hours(1)
}

#[tokio::test]
async fn only_an_active_user_is_noted_and_only_a_noted_one_is_checked() {
    let test = TestApp::new().await;
    let (driver, client, _) = test.room().await;
    note(&test, driver).await;
    note(&test, driver).await;
    deactivate_all(&test).await;
    let rejected = firebase_users::note(&test.app.database, client).await;
    let inactive = Error::Unauthorized(Unauthorized::UserInactive);
    assert_eq!(rejected.unwrap_err().to_string(), inactive.to_string());
    assert_eq!(check(&test, never(), 10).await, 1);
    let expected = Revocation {
        user_id: driver.0,
        is_revoked: true,
    };
    assert_eq!(pending(&test).await, [expected]);
}

#[tokio::test]
async fn the_round_checks_all_users_in_batches_and_starts_again() {
    let test = TestApp::new().await;
    for _ in 0..5 {
        let viewer = test.user("client", "Aya").await;
        note(&test, viewer).await;
    }
    deactivate_all(&test).await;
    let mut changed = Vec::new();
    for _ in 0..3 {
        changed.push(check(&test, never(), 2).await);
    }
    assert_eq!(changed, [2, 2, 1]);
    let activate = "UPDATE users SET is_active = true";
    test.sql.execute(activate, &[]).await.unwrap();
    assert_eq!(check(&test, never(), 2).await, 2, "from the first on");
}

#[tokio::test]
async fn participants_of_rooms_with_new_messages_are_checked_in_every_run() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    note(&test, driver).await;
    note(&test, client).await;
    test.say(driver, room, "Bonjour").await;
    deactivate_all(&test).await;
    assert_eq!(check(&test, never(), 0).await, 0);
    let a_minute_ago = Utc::now() - TimeDelta::minutes(1);
    assert_eq!(check(&test, a_minute_ago, 0).await, 2);
}

#[tokio::test]
async fn a_revocation_is_settled_unless_it_has_changed() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    note(&test, driver).await;
    deactivate_all(&test).await;
    check(&test, never(), 10).await;
    let revoked = pending(&test).await;
    let activate = "UPDATE users SET is_active = true";
    test.sql.execute(activate, &[]).await.unwrap();
    check(&test, never(), 10).await;
    let settle = async |written: &[Revocation]| {
        let settled = firebase_users::settle(&test.app.database, written);
        settled.await.unwrap();
    };
    settle(&revoked).await;
    let restored = pending(&test).await;
    assert!(!restored[0].is_revoked);
    settle(&restored).await;
    assert!(pending(&test).await.is_empty());

    firebase_users::reset(&test.app.database).await.unwrap();
    assert!(pending(&test).await.is_empty(), "no user is revoked");
}
