//! Runs every minute per channel, and delivers pending items: after an outage, after an interrupted function, after a
//! full budget, or from writers that do not deliver themselves. The schedule's input names the channel: `{"channel":
//! "mirror"}`, `{"channel": "push"}` or `{"channel": "webhooks"}`. Concurrent runs lease different items.
//!
//! For operators: `{"channel": "webhooks", "resume": true}` makes all pending webhooks due at once, also after the
//! endpoint has responded with 410.

use std::time::Duration;

use serde::Deserialize;
use shared::db::{pushes, webhooks};
use shared::delivery::Channel;
use shared::delivery::sweep::{Sweep, sweep_all};
use shared::metrics::{self, Metric};
use shared::runtime::{App, StartError, serve_event};

/// The time in which new batches are leased. The last batch may take a channel's timeout longer, within the
/// function's timeout in template.yaml.
const BUDGET: Duration = Duration::from_secs(50);

#[derive(Deserialize)]
struct Input {
    channel: Name,
    /// For webhooks.
    #[serde(default)]
    resume: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Mirror,
    Push,
    Webhooks,
}

async fn deliver_pending(app: &'static App, input: Input) -> Result<Sweep, StartError> {
    match input.channel {
        Name::Mirror => deliver(app.mirrors()).await,
        Name::Push => {
            if app.pushes().is_none() {
                // A deployment without pushes must not accumulate them.
                pushes::delete_expired(&app.database).await?;
            }
            deliver(app.pushes()).await
        }
        Name::Webhooks => {
            let database = &app.database;
            if input.resume {
                webhooks::resume(database).await?;
            }
            let swept = deliver(app.webhooks()).await?;
            if app.webhooks().is_some() {
                let is_stopped = webhooks::state(database).await?.is_stopped;
                metrics::emit(&[Metric::WebhooksStopped(is_stopped)]);
            }
            Ok(swept)
        }
    }
}

async fn deliver<C: Channel>(channels: impl IntoIterator<Item = C>) -> Result<Sweep, StartError> {
    Ok(sweep_all(channels, BUDGET).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event(deliver_pending).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::testing::TestApp;
    use wiremock::ResponseTemplate;

    async fn run(test: &TestApp, channel: &str) -> Value {
        let input = serde_json::from_value(json!({ "channel": channel })).unwrap();
        serde_json::to_value(deliver_pending(test.app, input).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn pending_items_of_the_named_channel_are_delivered_once() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        test.device(client, "phone").await;
        test.say(driver, room, "Bonjour").await;
        let delivered = json!({ "delivered": 1, "failed": 0, "backlog": 0 });
        let nothing = json!({ "delivered": 0, "failed": 0, "backlog": 0 });

        assert_eq!(run(&test, "mirror").await, delivered);
        assert_eq!(run(&test, "mirror").await, nothing);
        assert_eq!(test.firebase.writes().await.len(), 1);
        assert!(test.fcm.messages().await.is_empty());

        assert_eq!(run(&test, "push").await, delivered);
        assert_eq!(run(&test, "push").await, nothing);
        let messages = test.fcm.messages().await;
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0]["notification"]["title"], "Awa Koné");
    }

    #[tokio::test]
    async fn a_gone_endpoint_gets_no_webhooks_until_an_operator_resumes_them() {
        let (test, endpoint) = TestApp::with_webhooks().await;
        test.room().await;
        endpoint.responds(ResponseTemplate::new(410));
        let pending = json!({ "delivered": 0, "failed": 1, "backlog": 1 });
        assert_eq!(run(&test, "webhooks").await, pending);
        endpoint.recovers();
        assert_eq!(run(&test, "webhooks").await["failed"], 0);
        assert_eq!(endpoint.types().await.len(), 1);

        let resume = json!({ "channel": "webhooks", "resume": true });
        let resumed = deliver_pending(test.app, serde_json::from_value(resume).unwrap()).await;
        assert_eq!(
            (
                resumed.as_ref().unwrap().delivered,
                resumed.unwrap().backlog
            ),
            (1, 0)
        );
        assert_eq!(endpoint.types().await, ["room.created", "room.created"]);
    }

    #[tokio::test]
    async fn a_deployment_without_channels_delivers_nothing() {
        let test = TestApp::with(|settings, _| {
            settings.firebase = None;
            settings.fcm_url = None;
        })
        .await;
        let (driver, client, room) = test.room().await;
        test.device(client, "phone").await;
        test.say(driver, room, "Bonjour").await;
        for channel in ["mirror", "push", "webhooks"] {
            assert_eq!(run(&test, channel).await["delivered"], 0);
        }
        assert!(test.firebase.writes().await.is_empty());
    }

    #[tokio::test]
    async fn a_deployment_without_pushes_deletes_them_after_an_hour() {
        let test = TestApp::with(|settings, _| settings.fcm_url = None).await;
        let (driver, client, room) = test.room().await;
        test.device(client, "phone").await;
        test.say(driver, room, "Bonjour").await;
        let pending = async || {
            let count = "SELECT count(*) FROM chat_pushes";
            let row = test.sql.query_one(count, &[]).await.unwrap();
            row.get::<_, i64>(0)
        };
        run(&test, "push").await;
        assert_eq!(pending().await, 1);
        let an_hour_ago = "UPDATE chat_pushes SET queued_at = queued_at - interval '1 hour'";
        test.sql.execute(an_hour_ago, &[]).await.unwrap();
        run(&test, "push").await;
        assert_eq!(pending().await, 0);
    }

    #[tokio::test]
    async fn an_unknown_channel_fails_the_invocation() {
        for input in [r#"{"channel": "fax"}"#, "{}"] {
            assert!(serde_json::from_str::<Input>(input).is_err(), "{input}");
        }
    }
}
