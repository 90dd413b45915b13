//! For operators: compares Firebase with PostgreSQL, or rebuilds it.
//!
//! `{"action": "compare"}` reports the differences and changes nothing; `"after"` continues an earlier comparison.
//! `{"action": "rebuild"}` writes every room and its inbox entries again, completely, and removes rooms from shards to
//! which they do not belong. Both accept a `"room_id"`. Without
//! one, both also search the inboxes for stray entries, which `rebuild` removes; `"inbox"` continues there. The
//! invocation fails if Firebase is not configured, the room is unknown, or the event is malformed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::db::{firebase_users, mirror};
use shared::delivery::sweep::{Sweep, sweep_all};
use shared::firebase::compare::{Comparison, compare};
use shared::firebase::inboxes::{StrayEntries, find_stray_entries};
use shared::runtime::{App, StartError, serve_event};
use uuid::Uuid;

/// The time for writing rooms; `deliver-pending` writes the others.
const SWEEP_BUDGET: Duration = Duration::from_secs(30);
/// The time for searching the inboxes.
const INBOX_BUDGET: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Command {
    action: Action,
    room_id: Option<Uuid>,
    after: Option<Uuid>,
    inbox: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Rebuild,
    Compare,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Report {
    Rebuilt {
        rooms: usize,
        #[serde(flatten)]
        swept: Sweep,
        #[serde(flatten)]
        removed: StrayEntries,
    },
    Compared {
        #[serde(flatten)]
        comparison: Comparison,
        #[serde(flatten)]
        found: StrayEntries,
    },
}

async fn repair_mirror(app: &'static App, command: Command) -> Result<Report, StartError> {
    let database = &app.database;
    let Some(shards) = &app.firebase else {
        return Err("there is no mirror: FIREBASE_DATABASE_URL is empty".into());
    };
    if let Some(room_id) = command.room_id
        && mirror::read(database, room_id).await?.is_none()
    {
        return Err(format!("room_id: there is no room {room_id}").into());
    }
    let stray_entries = async |remove| {
        if command.room_id.is_some() {
            return Ok(StrayEntries::default());
        }
        let first = command.inbox.clone();
        find_stray_entries(database, shards, first, INBOX_BUDGET, remove).await
    };
    Ok(match command.action {
        Action::Rebuild => {
            let rooms = if let Some(room_id) = command.room_id {
                mirror::reset(database, &[room_id]).await?
            } else {
                // `maintain-rooms` writes them.
                firebase_users::reset(database).await?;
                mirror::reset_all(database).await?
            };
            let removed = stray_entries(true).await?;
            let swept = sweep_all(app.mirrors(), SWEEP_BUDGET).await?;
            Report::Rebuilt {
                rooms,
                swept,
                removed,
            }
        }
        Action::Compare => {
            let comparison = compare(database, shards, command.room_id, command.after).await?;
            let found = stray_entries(false).await?;
            Report::Compared { comparison, found }
        }
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event(repair_mirror).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::testing::TestApp;

    async fn run(test: &TestApp, command: Value) -> Result<Value, StartError> {
        let report = repair_mirror(test.app, serde_json::from_value(command)?).await?;
        Ok(serde_json::to_value(report)?)
    }

    #[tokio::test]
    async fn a_rebuild_writes_a_whole_room_again() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let message = test.say(driver, room, "Bonjour").await;
        let command = json!({ "action": "rebuild", "room_id": room });
        for revision in [3, 4] {
            let rebuilt = run(&test, command.clone()).await.unwrap();
            let expected = json!({
                "rooms": 1, "delivered": 1, "failed": 0, "backlog": 0,
                "stray_inbox_entries": [], "next_inbox": null,
            });
            assert_eq!(rebuilt, expected);
            let body = test.firebase.room_writes(room).await.pop().unwrap();
            assert_eq!(body["messages"][message.id.to_string()]["text"], "Bonjour");
            assert_eq!(body["metadata"]["revision"], revision);
        }
    }

    #[tokio::test]
    async fn a_rebuild_without_a_room_writes_all_rooms() {
        let test = TestApp::new().await;
        for _ in 0..3 {
            test.room().await;
        }
        let rebuilt = run(&test, json!({ "action": "rebuild" })).await.unwrap();
        assert_eq!(
            (&rebuilt["rooms"], &rebuilt["delivered"]),
            (&3.into(), &3.into())
        );
    }

    #[tokio::test]
    async fn an_unknown_room_fails_the_invocation() {
        let test = TestApp::new().await;
        for action in ["compare", "rebuild"] {
            let command = json!({ "action": action, "room_id": Uuid::from_u128(7) });
            let error = run(&test, command).await.unwrap_err().to_string();
            assert!(error.contains("there is no room"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_deployment_without_a_mirror_fails_the_invocation() {
        let test = TestApp::with(|settings, _| settings.firebase = None).await;
        for action in ["compare", "rebuild"] {
            let error = run(&test, json!({ "action": action })).await;
            let error = error.unwrap_err().to_string();
            assert!(error.contains("FIREBASE_DATABASE_URL"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_malformed_command_fails_the_invocation() {
        for command in [
            "{}",
            r#"{"action": "destroy"}"#,
            r#"{"action": "compare", "room_id": "7"}"#,
        ] {
            assert!(serde_json::from_str::<Command>(command).is_err());
        }
    }
}
