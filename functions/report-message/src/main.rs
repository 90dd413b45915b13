//! `POST /api/v1/chat/messages/{message_id}/report/`: reports a message to the admins.
//!
//! For participants, of a message that they have received. Body: `reason` (`harassment`, `fraud`, `spam` or `other`) and
//! optionally `comment`. The message is stored as it is now. Returns the report: 201, or 200 for a repeat, which changes
//! nothing; 400 for the caller's own message and the platform's, 404 for others.

use shared::db::reports::{self, NewReport};
use shared::domain::{ReportReason, Viewer};
use shared::error::Result;
use shared::http::{ApiResponse, OptionalText, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

async fn report_message(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let message_id = request.message_id()?;
    let mut body = request.body()?;
    let reason = body.required::<ReportReason>("reason");
    let comment = body.optional::<OptionalText>("comment");
    let new = NewReport {
        message_id,
        reason: body.finish(reason)?,
        comment: comment.and_then(|OptionalText(text)| text),
    };

    let reported = reports::create(&app.database, viewer, &new).await?;
    if reported.created {
        app.webhooks_after_reply(vec![reported.report.chat_room]);
    }
    ApiResponse::created(reported.created, &reported.report)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(report_message).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};
    use uuid::Uuid;

    fn report(message: Uuid, body: serde_json::Value) -> Call {
        Call::post(&format!("/messages/{message}/report/")).json(body)
    }

    #[tokio::test]
    async fn a_report_is_201_and_a_repeat_returns_the_first() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let message = test.say(client, room, "Menace").await.id;
        let call = report(
            message,
            json!({ "reason": "harassment", "comment": " Il me menace " }),
        );
        let first = test.call(report_message, driver, call).await.expect(201);
        assert_eq!(
            first,
            json!({
                "id": first["id"], "message_id": message, "chat_room": room, "reason": "harassment",
                "comment": "Il me menace", "status": "open", "created_at": first["created_at"],
            })
        );
        let repeat = report(message, json!({ "reason": "spam" })).payload(Payload::V2);
        let repeat = test.call(report_message, driver, repeat).await;
        assert_eq!(repeat.expect(200), first);
    }

    #[tokio::test]
    async fn an_own_message_returns_400_and_anothers_room_404() {
        let test = TestApp::new().await;
        let (_, client, room) = test.room().await;
        let stranger = test.user("driver", "Ali").await;
        let message = test.say(client, room, "Bonjour").await.id;
        let call = |message| report(message, json!({ "reason": "spam" }));
        let own = test.call(report_message, client, call(message)).await;
        assert_eq!(
            own.expect(400),
            json!({ "detail": "Seul un message reçu d'une personne peut être signalé." })
        );
        test.call(report_message, stranger, call(message))
            .await
            .expect(404);
        test.call(report_message, client, call(room))
            .await
            .expect(404);
    }

    #[tokio::test]
    async fn every_bad_field_is_named() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let message = test.say(client, room, "Bonjour").await.id;
        for (body, fields) in [
            (json!({}), vec!["reason"]),
            (json!({ "reason": "boredom" }), vec!["reason"]),
            (
                json!({ "reason": null, "comment": "x".repeat(5001) }),
                vec!["comment", "reason"],
            ),
        ] {
            let body = test
                .call(report_message, driver, report(message, body))
                .await
                .expect(400);
            let named: Vec<_> = body.as_object().unwrap().keys().collect();
            assert_eq!(named, fields);
        }
    }
}
