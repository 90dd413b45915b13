//! Every five minutes: adds the log of events up to the counts that `chat-analytics` reads. Two runs may overlap.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::IgnoredAny;
use shared::db::analytics;
use shared::runtime::{App, StartError, serve_event};

/// The budget of a run, below the function's time-out. The next run starts after five minutes.
const RUN_BUDGET: Duration = Duration::from_secs(40);
/// Log rows per statement: about a second of work.
const BATCH: i64 = 5000;

#[derive(Serialize)]
struct RolledUp {
    notes: i64,
}

async fn roll_up_analytics(app: &'static App, _: IgnoredAny) -> Result<RolledUp, StartError> {
    let started = Instant::now();
    let mut notes = 0;
    while started.elapsed() < RUN_BUDGET {
        let taken = analytics::roll_up(&app.database, BATCH).await?;
        notes += taken;
        if taken < BATCH {
            break;
        }
    }
    Ok(RolledUp { notes })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event(roll_up_analytics).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::testing::TestApp;

    #[tokio::test]
    async fn every_event_is_counted_once() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        test.say(driver, room, "Bonjour").await;
        let run = async || {
            let event = serde_json::from_str(r#"{"source": "aws.events"}"#).unwrap();
            roll_up_analytics(test.app, event).await.unwrap().notes
        };
        assert_eq!(run().await, 2, "a room and a message");
        assert_eq!(run().await, 0);
    }
}
