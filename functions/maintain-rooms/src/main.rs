//! Runs every minute: closes the rooms past `closes_at`, ends the calls to unreachable customers, denies deactivated
//! users access to Firebase, records the metrics of messages and open reports, indexes the words of new messages, deletes
//! expired rows, continues the erasures of people's data, removes rooms after `RETENTION_DAYS`, and updates the search
//! texts of rooms and the inboxes after name changes. Concurrent runs are safe.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::IgnoredAny;
use shared::db::{messages, platform_messages, reports, rooms, trust, webhooks};
use shared::domain::Timestamp;
use shared::firebase::retention::remove_expired_rooms;
use shared::firebase::revoke::{Revocations, revoke_users};
use shared::metrics::{self, Metric};
use shared::runtime::{App, StartError, serve_event};

/// The number of rooms per closing statement.
const BATCH: i64 = 500;

/// The number of rooms whose names a run compares, which takes PostgreSQL about 25 ms.
const NAMES: i64 = 1000;

/// The largest number of messages whose words a statement indexes, which takes PostgreSQL about a quarter of a second.
const INDEXED: i64 = 1000;

/// The time after which a run starts no further batch of messages to index.
const INDEX_BUDGET: Duration = Duration::from_secs(8);

/// The number of expired rows of a kind that a run deletes.
const EXPIRED: i64 = 10_000;

/// The number of messages that an erasure changes per statement.
const ERASED: i64 = 1000;

/// The time after which a run starts no further batch of an erasure.
const ERASURE_BUDGET: Duration = Duration::from_secs(12);

#[derive(Serialize)]
struct Report {
    closed: usize,
    /// Customers who have not answered a call in time.
    unreachable: usize,
    #[serde(flatten)]
    revocations: Revocations,
    /// Messages whose words were indexed.
    indexed: i64,
    /// Messages of erasures that have become tombstones.
    erased: i64,
    /// Rooms that retention has removed.
    removed: usize,
}

async fn maintain_rooms(app: &'static App, _: IgnoredAny) -> Result<Report, StartError> {
    let database = &app.database;
    rooms::close_late(database).await?;
    let mut closed = 0;
    loop {
        let batch = rooms::close_due(database, BATCH).await?;
        closed += batch;
        if batch == 0 {
            break;
        }
    }
    let mut unreachable = 0;
    loop {
        let ended = rooms::end_calls(database, BATCH).await?;
        unreachable += ended.unreachable;
        if ended.all == 0 {
            break;
        }
    }
    let revocations = match &app.firebase {
        Some(firebase) => revoke_users(database, firebase).await?,
        None => Revocations::default(),
    };
    measure_activity(app).await?;
    let indexed = index_words(app).await;
    webhooks::delete_expired(database, EXPIRED).await?;
    platform_messages::delete_expired_ids(database, EXPIRED).await?;
    trust::delete_expired(database, EXPIRED).await?;
    let erased = erase_users(app).await?;
    let removed = match app.retention {
        Some(period) => remove_expired_rooms(database, app.firebase.as_ref(), period).await?,
        None => 0,
    };
    // This step is last and cannot fail the run, because it reads the platform's tables.
    if let Err(error) = rooms::refresh_names(database, NAMES).await {
        tracing::error!(%error, "names not updated");
    }
    Ok(Report {
        closed,
        unreachable,
        revocations,
        indexed,
        erased,
        removed,
    })
}

/// Indexes the words of the messages since the last run. A failure does not fail the run: the messages remain pending.
async fn index_words(app: &'static App) -> i64 {
    let deadline = Instant::now() + INDEX_BUDGET;
    let mut indexed = 0;
    loop {
        match messages::index_words(&app.database, INDEXED).await {
            Ok(0) => return indexed,
            Ok(batch) => indexed += batch,
            Err(error) => {
                tracing::error!(%error, "words not indexed");
                return indexed;
            }
        }
        if Instant::now() >= deadline {
            return indexed;
        }
    }
}

/// Continues the erasures of people's data. The mirror follows.
async fn erase_users(app: &'static App) -> Result<i64, StartError> {
    let deadline = Instant::now() + ERASURE_BUDGET;
    let mut messages = 0;
    loop {
        let batch = trust::erase_due(&app.database, ERASED).await?;
        messages += batch.messages;
        if !batch.found || Instant::now() >= deadline {
            return Ok(messages);
        }
    }
}

async fn measure_activity(app: &'static App) -> Result<(), StartError> {
    let a_minute_ago = Timestamp::now().0 - chrono::TimeDelta::minutes(1);
    let activity = messages::activity_since(&app.database, a_minute_ago).await?;
    let open_reports = reports::open(&app.database).await?;
    metrics::emit(&[
        Metric::ActiveRooms(activity.rooms),
        Metric::MessagesSent(activity.messages),
        Metric::OpenReports(open_reports.count),
        Metric::OpenReportAge(open_reports.age),
    ]);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event(maintain_rooms).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::db::firebase_users;
    use shared::domain::{PageNumber, PageSize, ResponseTime, RoomOrder, Search};
    use shared::testing::TestApp;
    use wiremock::ResponseTemplate;

    /// Returns the report of a run.
    async fn whole_run(test: &TestApp) -> Value {
        let event = json!({ "version": "0", "source": "aws.events", "detail": {} });
        let report = maintain_rooms(test.app, serde_json::from_value(event).unwrap());
        serde_json::to_value(report.await.unwrap()).unwrap()
    }

    /// Returns the report of a run without the number of indexed messages.
    async fn run(test: &TestApp) -> Value {
        let mut report = whole_run(test).await;
        report.as_object_mut().unwrap().remove("indexed");
        report
    }

    fn report(closed: u32, revoked: u32, restored: u32) -> Value {
        json!({
            "closed": closed, "unreachable": 0, "revoked": revoked, "restored": restored, "erased": 0, "removed": 0,
        })
    }

    #[tokio::test]
    async fn a_deactivated_or_deleted_user_is_revoked_in_firebase_until_active_again() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        for viewer in [driver, client] {
            firebase_users::note(&test.app.database, viewer)
                .await
                .unwrap();
        }
        test.say(driver, room, "Bonjour").await;
        assert_eq!(run(&test).await, report(0, 0, 0));
        let activate = async |is_active: bool| {
            let sql = "UPDATE users SET is_active = $1 WHERE id = $2";
            test.sql
                .execute(sql, &[&is_active, &client.0])
                .await
                .unwrap();
        };
        activate(false).await;
        assert_eq!(run(&test).await, report(0, 1, 0));
        assert_eq!(run(&test).await, report(0, 0, 0));
        activate(true).await;
        assert_eq!(run(&test).await, report(0, 0, 1));
        let delete = "DELETE FROM users WHERE id = $1";
        test.sql.execute(delete, &[&client.0]).await.unwrap();
        assert_eq!(run(&test).await, report(0, 1, 0));

        let path = format!("/revoked/{}.json", client.0);
        let expected = [
            ("PUT", json!(true)),
            ("DELETE", Value::Null),
            ("PUT", json!(true)),
        ];
        let writes = test.firebase.writes().await;
        assert_eq!(writes.len(), expected.len());
        for ((method, written, body), expected) in writes.iter().zip(expected) {
            assert_eq!((method.as_str(), body.clone()), expected);
            assert_eq!(*written, path);
        }
    }

    #[tokio::test]
    async fn a_revocation_that_firebase_rejects_is_written_by_the_next_run() {
        let test = TestApp::new().await;
        let (driver, ..) = test.room().await;
        firebase_users::note(&test.app.database, driver)
            .await
            .unwrap();
        let deactivate = "UPDATE users SET is_active = false";
        test.sql.execute(deactivate, &[]).await.unwrap();
        test.firebase.responds(ResponseTemplate::new(503));
        assert_eq!(run(&test).await, report(0, 0, 0));
        test.firebase.recovers();
        assert_eq!(run(&test).await, report(0, 1, 0));
    }

    #[tokio::test]
    async fn a_room_past_closes_at_is_closed_and_pending_for_the_mirror() {
        let test = TestApp::new().await;
        test.room().await;
        let ends = "UPDATE chat_rooms SET mirrored_revision = revision, closes_at = now()";
        test.sql.execute(ends, &[]).await.unwrap();
        assert_eq!(run(&test).await, report(1, 0, 0));
        let room = "SELECT is_active, revision > mirrored_revision FROM chat_rooms";
        let room = test.sql.query_one(room, &[]).await.unwrap();
        assert!(!room.get::<_, bool>(0) && room.get::<_, bool>(1));
        assert_eq!(run(&test).await, report(0, 0, 0));
    }

    #[tokio::test]
    async fn a_closed_room_is_an_event_and_events_are_deleted_after_thirty_days() {
        let (test, _endpoint) = TestApp::with_webhooks().await;
        test.room().await;
        let old =
            "UPDATE chat_webhook_events SET id = chat_webhook_event_id(now() - interval '31 days')";
        test.sql.execute(old, &[]).await.unwrap();
        let ends = "UPDATE chat_rooms SET closes_at = now()";
        test.sql.execute(ends, &[]).await.unwrap();
        run(&test).await;
        let left = "SELECT type FROM chat_webhook_events";
        let left = test.sql.query_one(left, &[]).await.unwrap();
        assert_eq!(left.get::<_, &str>(0), "room.closed");
    }

    #[tokio::test]
    async fn a_call_whose_time_is_up_ends_and_the_room_is_pending_for_the_mirror() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.arrived().await;
        let said = test.say(driver, room, "Je suis devant chez vous").await;
        test.backdate(said.id, 121).await;
        let time = ResponseTime::parse("1").unwrap();
        let called = rooms::call(&test.app.database, driver, room, time).await;
        assert!(called.unwrap().created);
        assert_eq!(run(&test).await, report(0, 0, 0), "it lasts a second");
        for (table, column) in [
            ("chat_unreachable_calls", "until"),
            ("chat_rooms", "unreachable_until"),
        ] {
            let over = format!(
                "UPDATE {table} SET {column} = called.until FROM (SELECT '2025-01-15Z'::timestamptz AS until) AS called"
            );
            test.sql.execute(&over, &[]).await.unwrap();
        }
        let mirrored = "UPDATE chat_rooms SET mirrored_revision = revision";
        test.sql.execute(mirrored, &[]).await.unwrap();
        assert_eq!(run(&test).await["unreachable"], 1);
        assert_eq!(run(&test).await, report(0, 0, 0));
        let room = "SELECT unreachable_until IS NULL, revision > mirrored_revision FROM chat_rooms";
        let room = test.sql.query_one(room, &[]).await.unwrap();
        assert!(room.get::<_, bool>(0) && room.get::<_, bool>(1));
    }

    #[tokio::test]
    async fn a_room_is_found_by_a_participants_new_name() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let rename = "UPDATE users SET full_name = 'Zoé Brûlé' WHERE id = $1";
        test.sql.execute(rename, &[&client.0]).await.unwrap();
        run(&test).await;
        let search = Search::parse("zoe brule").unwrap();
        let filter = rooms::Filter {
            search: Some(search),
            ..rooms::Filter::default()
        };
        let (order, size) = (RoomOrder::default(), PageSize::DEFAULT);
        let first = PageNumber::FIRST;
        let list = rooms::list(driver, &filter, order, first, size);
        let found = list.run(&test.app.database).await.unwrap().unwrap();
        assert_eq!(found.results[0].id, room);
    }

    #[tokio::test]
    async fn the_words_of_each_message_are_indexed_once() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        test.say(driver, room, "Bonjour").await;
        assert_eq!(whole_run(&test).await["indexed"], 1);
        assert_eq!(whole_run(&test).await["indexed"], 0);
        let indexed = "SELECT count(*) FROM chat_message_search";
        let indexed = test.sql.query_one(indexed, &[]).await.unwrap();
        assert_eq!(indexed.get::<_, i64>(0), 1);
    }

    #[tokio::test]
    async fn unreadable_names_do_not_fail_the_run() {
        let test = TestApp::new().await;
        test.room().await;
        let ends = "UPDATE chat_rooms SET closes_at = now()";
        test.sql.execute(ends, &[]).await.unwrap();
        let broken = "ALTER TABLE chat_rooms_search_progress RENAME TO gone";
        test.sql.batch_execute(broken).await.unwrap();
        assert_eq!(run(&test).await, report(1, 0, 0));
    }
}
