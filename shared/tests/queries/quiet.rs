use std::time::Duration;

use shared::db::{pushes, rooms};
use shared::delivery::LeaseScope;
use shared::domain::Viewer;
use shared::testing::TestApp;

/// Returns the device and the newest message of each pending push.
async fn queued(test: &TestApp) -> Vec<(String, i64)> {
    let sql = "SELECT token, last_seq FROM chat_pushes ORDER BY token";
    let rows = test.sql.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn settings(test: &TestApp, viewer: Viewer, push_enabled: bool, from: &str, to: &str) {
    let sql = format!(
        "INSERT INTO chat_notification_settings VALUES ($1, $2, {from}, {to}, 'Europe/Paris')
         ON CONFLICT (user_id) DO UPDATE
         SET push_enabled = EXCLUDED.push_enabled, quiet_from = EXCLUDED.quiet_from, quiet_to = EXCLUDED.quiet_to"
    );
    test.sql
        .execute(&sql, &[&viewer.0, &push_enabled])
        .await
        .unwrap();
}

const NOW_IN_PARIS: &str = "(now() AT TIME ZONE 'Europe/Paris')::time";

#[tokio::test]
async fn a_user_in_quiet_hours_is_not_notified() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    let mute = async |mute| {
        rooms::mute(&test.app.database, client, room, mute)
            .await
            .unwrap();
    };
    let an_hour_around = (
        format!("{NOW_IN_PARIS} - interval '30 min'"),
        format!("{NOW_IN_PARIS} + interval '30 min'"),
    );

    mute(true).await;
    test.say(driver, room, "muet").await;
    mute(false).await;
    settings(&test, client, false, "NULL", "NULL").await;
    test.say(driver, room, "jamais").await;
    settings(&test, client, true, &an_hour_around.0, &an_hour_around.1).await;
    test.say(driver, room, "la nuit").await;
    assert!(queued(&test).await.is_empty());

    settings(&test, client, true, &an_hour_around.1, &an_hour_around.0).await;
    test.say(driver, room, "le jour").await;
    assert_eq!(queued(&test).await, [("phone".to_owned(), 4)]);

    // The quiet hours also apply if they begin after the message.
    settings(&test, client, true, &an_hour_around.0, &an_hour_around.1).await;
    let scope = LeaseScope::Due {
        limit: 9,
        ignore_circuit: false,
    };
    let lease = pushes::lease(&test.app.database, scope, Duration::from_mins(1));
    assert!(lease.await.unwrap().items[0].notice.is_none());
}

#[tokio::test]
async fn the_other_participant_of_a_muted_room_is_notified() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(driver, "driver").await;
    test.device(client, "client").await;
    rooms::mute(&test.app.database, client, room, true)
        .await
        .unwrap();
    test.say(driver, room, "Bonjour").await;
    test.say(client, room, "Bonsoir").await;
    assert_eq!(queued(&test).await, [("driver".to_owned(), 2)]);
}

#[tokio::test]
async fn quiet_hours_are_local_and_may_span_midnight() {
    let test = TestApp::new().await;
    let is_quiet = async |at: &str, from: &str, to: &str, zone: &str| {
        let sql = format!("SELECT chat_is_quiet('{at}', '{from}', '{to}', '{zone}')");
        let row = test.sql.query_one(&sql, &[]).await.unwrap();
        row.get::<_, bool>(0)
    };
    for (at, from, to, zone, expected) in [
        (
            "2026-07-01 22:00Z",
            "22:00",
            "07:00",
            "Africa/Abidjan",
            true,
        ),
        (
            "2026-07-01 06:59Z",
            "22:00",
            "07:00",
            "Africa/Abidjan",
            true,
        ),
        (
            "2026-07-01 07:00Z",
            "22:00",
            "07:00",
            "Africa/Abidjan",
            false,
        ),
        (
            "2026-07-01 21:59Z",
            "22:00",
            "07:00",
            "Africa/Abidjan",
            false,
        ),
        ("2026-07-01 12:30Z", "12:00", "14:00", "UTC", true),
        ("2026-07-01 14:00Z", "12:00", "14:00", "UTC", false),
        // 22:30 in Paris, in summer time.
        ("2026-07-01 20:30Z", "22:00", "07:00", "Europe/Paris", true),
        ("2026-01-01 20:30Z", "22:00", "07:00", "Europe/Paris", false),
        // A zone that the server no longer knows must not prevent sending.
        (
            "2026-07-01 23:00Z",
            "22:00",
            "07:00",
            "Africa/Atlantis",
            false,
        ),
    ] {
        assert_eq!(is_quiet(at, from, to, zone).await, expected, "{at} {zone}");
    }
}
