use std::time::Duration;

use serde_json::{Value, json};
use shared::db::analytics::{report, roll_up};
use shared::db::messages::{Unread, mark_read};
use shared::db::mirror;
use shared::delivery::{DeliveryOutcome, LeaseScope};
use shared::domain::{Period, TimeZone, Viewer};
use shared::error::{Error, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

async fn count(test: &TestApp) -> i64 {
    roll_up(&test.app.database, 1000).await.unwrap()
}

async fn reported(test: &TestApp, period: &Period) -> Value {
    let admin = test.user("admin", "Mariam").await;
    serde_json::to_value(report(&test.app.database, admin, period).await.unwrap()).unwrap()
}

/// Inserts a message with this time, bypassing the send statement.
async fn write(test: &TestApp, room: Uuid, seq: i64, sender: Viewer, kind: &str, at: &str) {
    test
        .sql
        .execute(
            "INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, created_at, revision)
             VALUES (gen_random_uuid(), $1, $2, $3, $4, $5::text::timestamptz, 1)",
            &[&room, &seq, &sender.0, &kind, &at],
        )
        .await
        .unwrap();
}

fn june(timezone: &str) -> Period {
    Period {
        from: chrono::NaiveDate::from_ymd_opt(2025, 6, 1),
        to: chrono::NaiveDate::from_ymd_opt(2025, 6, 3),
        time_zone: TimeZone::parse(timezone).unwrap(),
    }
}

#[tokio::test]
async fn messages_are_counted_by_day_and_type_in_the_requested_time_zone() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    for (seq, (kind, at)) in [
        ("text", "2025-06-01 00:00:00Z"),
        ("image", "2025-06-01 18:14:59Z"),
        ("text", "2025-06-01 18:15:00Z"),
        ("location", "2025-06-02 23:59:59Z"),
        ("system", "2025-06-03 23:59:59Z"),
        ("text", "2025-06-04 00:00:00Z"),
    ]
    .into_iter()
    .enumerate()
    {
        write(
            &test,
            room,
            i64::try_from(seq).unwrap() + 1,
            driver,
            kind,
            at,
        )
        .await;
    }
    count(&test).await;
    let by_day = async |timezone| -> Vec<i64> {
        let report = reported(&test, &june(timezone)).await;
        let days = report["days"].as_array().unwrap().iter();
        days.map(|day| day["messages"]["total"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(by_day("Africa/Abidjan").await, [3, 1, 1]);
    assert_eq!(
        by_day("Asia/Kathmandu").await,
        [2, 1, 1],
        "its day begins at 18:15"
    );
    assert_eq!(by_day("America/Los_Angeles").await, [2, 1, 2]);
    let report = reported(&test, &june("UTC")).await;
    assert_eq!(
        report["messages"],
        json!({ "total": 5, "text": 2, "image": 1, "location": 1, "system": 1 })
    );
    assert_eq!(report["active_conversations"], 1);
}

#[tokio::test]
async fn a_day_is_complete_if_midnight_occurs_twice_or_never() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    // One message per quarter of an hour, from two days before each clock change to two days after it.
    let changes = [
        // 00:00 to 01:00 occurs twice.
        ("Atlantic/Azores", "2025-10-26", 25 * 4),
        ("America/Havana", "2025-11-02", 25 * 4),
        // The clock goes from 23:59 back to 23:00 of the same day.
        ("Africa/Cairo", "2025-10-30", 25 * 4),
        // The clock goes from 00:00 back to 23:01 of the day before. That day has two parts, and includes the quarter
        // at 00:00.
        ("America/St_Johns", "2006-10-28", 25 * 4 - 1),
        // 00:00 to 01:00 does not occur.
        ("Africa/Cairo", "2025-04-25", 23 * 4),
        ("America/Havana", "2025-03-09", 23 * 4),
        // The whole day does not occur.
        ("Pacific/Apia", "2011-12-30", 0),
    ];
    let fill = "INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, created_at, revision)
        SELECT gen_random_uuid(), $1, row_number() OVER (), $2, 'text', at + interval '14 minutes', 1
        FROM (
            SELECT DISTINCT generate_series(change - 3, change + 3, interval '15 minutes') AS at
            FROM unnest($3::date[]) AS change
        ) AS at";
    let dates: Vec<_> = changes
        .iter()
        .map(|(_, date, _)| date.parse::<chrono::NaiveDate>().unwrap())
        .collect();
    test.sql
        .execute(fill, &[&room, &driver.0, &dates])
        .await
        .unwrap();
    while count(&test).await > 0 {}

    for ((zone, name, quarters), date) in changes.iter().zip(dates) {
        let day = chrono::TimeDelta::days(1);
        let of = async |from, to| {
            let time_zone = TimeZone::parse(zone).unwrap();
            let (from, to) = (Some(from), Some(to));
            let period = Period {
                from,
                to,
                time_zone,
            };
            let report = reported(&test, &period).await;
            let days = report["days"].as_array().unwrap().clone();
            let days: Vec<_> = days
                .iter()
                .map(|day| day["messages"]["total"].as_i64().unwrap())
                .collect();
            assert_eq!(report["messages"]["total"], days.iter().sum::<i64>());
            days
        };
        let around = of(date - day, date + day).await;
        assert_eq!(around[1], *quarters, "{zone} {name}");
        assert_eq!(of(date, date).await, around[1..2], "{zone} {name} alone");
        let before = of(date - day, date - day).await;
        let after = of(date + day, date + day).await;
        assert_eq!((&before[..], &after[..]), (&around[..1], &around[2..]));
    }
}

#[tokio::test]
async fn a_log_entry_counts_once_for_any_batch_size() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    for _ in 0..10 {
        test.say(driver, room, "Bonjour").await;
    }
    mark_read(&test.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    mark_read(&test.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    let mut notes = 0;
    loop {
        let portions = tokio::join!(
            roll_up(&test.app.database, 3),
            roll_up(&test.app.database, 3)
        );
        let taken = portions.0.unwrap() + portions.1.unwrap();
        notes += taken;
        if taken == 0 {
            break;
        }
    }
    assert_eq!(
        notes, 12,
        "a room, ten messages, and one note that they were read"
    );
    let report = reported(&test, &Period::default()).await;
    assert_eq!(
        (
            &report["messages"]["total"],
            &report["new_conversations"],
            &report["active_conversations"]
        ),
        (&json!(10), &json!(1), &json!(1))
    );
    assert_eq!(
        report["read_within_5_minutes"],
        json!({ "total": 10, "count": 10, "share": 1.0 })
    );
    assert!(report["as_of"].is_string());
}

#[tokio::test]
async fn late_reads_do_not_count_as_in_time() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    for (seq, minutes) in [(1, 6), (2, 4)] {
        let sent = chrono::Utc::now() - chrono::TimeDelta::minutes(minutes);
        write(&test, room, seq, driver, "text", &sent.to_rfc3339()).await;
    }
    test.sql
        .execute("UPDATE chat_rooms SET other_user_unread_count = 2", &[])
        .await
        .unwrap();
    mark_read(&test.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    count(&test).await;
    let report = reported(&test, &Period::default()).await;
    assert_eq!(report["read_within_5_minutes"]["count"], 1);
}

#[tokio::test]
async fn the_first_answer_is_the_other_participants_first_message() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    // In each room the client waits this many seconds. Later messages do not count.
    for seconds in 1..=20 {
        let client = test.user("client", "Jean").await;
        let room = test.room_between(driver, client).await.id;
        write(&test, room, 1, driver, "system", "2025-06-01 09:00:00Z").await;
        write(&test, room, 2, client, "text", "2025-06-01 10:00:00Z").await;
        write(&test, room, 3, client, "text", "2025-06-01 10:00:00.5Z").await;
        let answered = format!("2025-06-01 10:{seconds:02}:00Z");
        write(&test, room, 4, driver, "text", &answered).await;
        write(&test, room, 5, client, "text", "2025-06-02 10:00:00Z").await;
        write(&test, room, 6, driver, "text", "2025-06-02 11:00:00Z").await;
    }
    while count(&test).await > 0 {}
    let answers = reported(&test, &june("UTC")).await["first_answer"].clone();
    assert_eq!(answers["driver"]["count"], 20);
    assert_eq!(answers["other_user"]["count"], 0);
    for (percentile, seconds) in [("median_seconds", 600.0), ("p95_seconds", 19.0 * 60.0)] {
        let reported = answers["driver"][percentile].as_f64().unwrap();
        assert!(
            (reported / seconds - 1.0).abs() < 0.025,
            "{percentile}: {reported}"
        );
    }
}

#[tokio::test]
async fn firebase_writes_are_counted_by_outcome() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let database = &test.app.database;
    let outcomes = [
        DeliveryOutcome::Delivered,
        DeliveryOutcome::Delivered,
        DeliveryOutcome::Superseded,
        DeliveryOutcome::outage(None),
    ];
    for outcome in outcomes {
        test.say(driver, room, "Bonjour").await;
        let unpaced = "UPDATE chat_rooms SET mirror_paced_until = NULL";
        test.sql.execute(unpaced, &[]).await.unwrap();
        let scope = LeaseScope::Room {
            room_id: room,
            reservation: None,
        };
        let lease = mirror::lease(
            database,
            scope,
            Duration::from_mins(1),
            &mirror::Shard::default(),
        )
        .await;
        let state = lease.unwrap().items.remove(0);
        mirror::settle(database, &[(state, outcome)]).await.unwrap();
    }
    mirror::reset_all(database).await.unwrap();
    count(&test).await;
    assert_eq!(
        reported(&test, &Period::default()).await["mirror"],
        json!({ "total": 4, "count": 3, "share": 0.75 })
    );
}

#[tokio::test]
async fn only_admins_get_the_report() {
    let test = TestApp::new().await;
    let (driver, ..) = test.room().await;
    let rejection = async |viewer| {
        report(&test.app.database, viewer, &Period::default())
            .await
            .unwrap_err()
    };
    assert!(matches!(rejection(driver).await, Error::Forbidden));
    assert!(matches!(
        rejection(Viewer(Uuid::new_v4())).await,
        Error::Unauthorized(Unauthorized::UserNotFound)
    ));
}
