//! `GET /api/v1/chat/webhook_events/?after=…`: lists the events that were sent as webhooks, for a replay.
//!
//! For the platform's backend only: its token has the audience `chat-events` and no user. Query: `after`, the id of an
//! event; `page_size`. Returns the events after it, oldest first, for 30 days; without `after` all. Returns 400 for an
//! `after` that is not a UUID. Without webhooks there are no events.

use shared::db::webhooks;
use shared::domain::{PageSize, Platform};
use shared::error::Result;
use shared::http::{ApiResponse, CursorPage, Request};
use shared::runtime::{App, StartError, serve};

async fn list_webhook_events(
    app: &'static App,
    platform: Platform,
    request: Request,
) -> Result<ApiResponse> {
    let mut query = request.query();
    let after = query.optional("after");
    let size = PageSize::parse(query.text("page_size"));
    query.finish(Some(()))?;

    let (events, has_more) = webhooks::list(&app.database, platform, after, size).await?;
    let last = events.last().map(|event| event.id).filter(|_| has_more);
    ApiResponse::ok(&CursorPage::after(&request, events, last))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(list_webhook_events).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    fn get() -> Call {
        Call::get("/webhook_events/")
    }

    async fn age(test: &TestApp) {
        let age = "UPDATE chat_webhook_events SET created_at = created_at - interval '10 seconds'";
        test.sql.execute(age, &[]).await.unwrap();
    }

    #[tokio::test]
    async fn events_are_listed_by_pages_as_they_are_sent() {
        let (test, endpoint) = TestApp::with_webhooks().await;
        let (driver, _, room) = test.room().await;
        test.say(driver, room, "Bonjour").await;
        age(&test).await;
        let first = get().query("page_size", "1").payload(Payload::V2);
        let first = test.call_as_platform(list_webhook_events, first).await;
        let first = first.expect(200);
        assert_eq!(first["results"][0]["type"], "room.created");
        let id = first["results"][0]["id"].as_str().unwrap();
        let next = first["next"].as_str().unwrap();
        assert!(
            next.contains("page_size=1") && next.contains(&format!("after={id}")),
            "{next}"
        );

        let second = test
            .call_as_platform(list_webhook_events, get().query("after", id))
            .await;
        let second = second.expect(200);
        assert_eq!(
            (&second["next"], &second["previous"]),
            (&json!(null), &json!(null))
        );
        let listed = &second["results"][0];
        assert_eq!(listed["state"], "pending");
        assert_eq!(listed["data"]["message"]["text"], "Bonjour");

        test.app.webhooks_after_reply(vec![room]);
        test.app.after_reply.idle().await;
        let (sent_id, sent) = endpoint.events().await.pop().unwrap();
        assert_eq!(listed["id"], json!(sent_id));
        assert_eq!(listed["data"], sent["data"]);
    }

    #[tokio::test]
    async fn an_invalid_id_is_400() {
        let test = TestApp::new().await;
        let reply = test
            .call_as_platform(list_webhook_events, get().query("after", "x"))
            .await;
        assert_eq!(
            reply.expect(400),
            json!({ "after": ["Doit être un UUID valide."] })
        );
    }

    #[tokio::test]
    async fn only_the_platform_may_call_it() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let reply = test.call(list_webhook_events, admin, get()).await;
        assert_eq!(reply.expect(401)["code"], "token_not_valid");
        let reply = test.call_anonymously(list_webhook_events, get()).await;
        assert_eq!(reply.expect(401)["code"], "not_authenticated");
    }
}
