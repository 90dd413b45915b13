//! `PATCH /api/v1/chat/messages/{message_id}/`: replaces the text of a message, or the caption of a photo or a location.
//!
//! For its sender, within `EDIT_WINDOW_SECONDS` of sending, in an open room. Body: `text`; blank removes a caption. Returns
//! the message, also if nothing changes; 400 for a bad text, or with a `detail` if it is too late, the message is deleted or
//! the room is closed; 403 for the other participant and for system messages, 404 for another's room, 429 above
//! `SEND_LIMIT_DELIVERY` or `SEND_LIMIT_SUPPORT`, which messages and edits share. The message is mirrored, and its former
//! text is kept.

use shared::db::messages::{self, EditRules};
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, OptionalText, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

async fn edit_message(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let message_id = request.message_id()?;
    let mut body = request.body()?;
    let text = body.required("text");
    let OptionalText(text) = body.finish(text)?;

    let rules = EditRules {
        window: app.edit_window,
        limits: app.send_limits,
    };
    let edited = messages::edit(&app.database, viewer, message_id, text.as_ref(), &rules).await?;
    if edited.changed {
        app.mirror_after_reply(vec![edited.message.chat_room]);
        app.webhooks_after_reply(vec![edited.message.chat_room]);
    }
    ApiResponse::ok(&edited.message)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(edit_message).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::domain::{EditWindow, RateLimit};
    use shared::testing::{Call, Payload, TestApp};

    fn patch(id: impl std::fmt::Display, body: Value) -> Call {
        Call::patch(&format!("/messages/{id}/")).json(body)
    }

    #[tokio::test]
    async fn an_edited_message_is_returned_and_mirrored_once() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let message = test.say(driver, room, "J'arive").await;
        for payload in [Payload::V1, Payload::V2] {
            let call = patch(message.id, json!({ "text": " J'arrive " })).payload(payload);
            let body = test.call(edit_message, driver, call).await.expect(200);
            assert_eq!(
                (&body["text"], &body["id"], &body["revision"]),
                (&json!("J'arrive"), &json!(message.id), &json!(3))
            );
            assert!(body["edited_at"].is_string());
        }
        let writes = test.firebase.writes().await;
        assert_eq!(writes.len(), 1, "a repeat changes nothing");
        assert!(writes[0].2.to_string().contains("J'arrive"));
    }

    #[tokio::test]
    async fn a_bad_text_a_foreign_message_and_an_unknown_one_are_rejected() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        let message = test.say(driver, room, "Bonjour").await;
        let call = async |viewer, id, body| test.call(edit_message, viewer, patch(id, body)).await;
        for body in [
            json!({}),
            json!({ "text": null }),
            json!({ "text": " " }),
            json!({ "text": 1 }),
            json!({ "text": "é".repeat(5001) }),
        ] {
            let body = call(driver, message.id.to_string(), body).await.expect(400);
            assert!(body["text"].is_array(), "{body}");
        }
        let changed = json!({ "text": "Bonsoir" });
        call(client, message.id.to_string(), changed.clone())
            .await
            .expect(403);
        for (viewer, id) in [
            (admin, message.id.to_string()),
            (driver, room.to_string()),
            (driver, "x".to_owned()),
        ] {
            call(viewer, id, changed.clone()).await.expect(404);
        }
        assert!(test.firebase.writes().await.is_empty());
    }

    #[tokio::test]
    async fn edits_above_the_limit_return_429_with_retry_after() {
        let test = TestApp::with(|settings, _| {
            settings.send_limits.delivery = RateLimit::parse("1/0.001").unwrap();
        })
        .await;
        let (driver, _, room) = test.room().await;
        let message = test.say(driver, room, "Bonjour").await;
        let edit = async |text| {
            let call = patch(message.id, json!({ "text": text }));
            test.call(edit_message, driver, call).await
        };
        edit("Bonsoir").await.expect(200);
        let reply = edit("Bonne nuit").await;
        let seconds = reply.headers["retry-after"].to_str().unwrap().to_owned();
        assert!((900..=1_000).contains(&seconds.parse().unwrap()));
        let detail = format!("Requête ralentie. Disponible à nouveau dans {seconds} secondes.");
        assert_eq!(reply.expect(429), json!({ "detail": detail }));
        edit("Bonsoir").await.expect(200);
        assert_eq!(test.firebase.writes().await.len(), 1);
    }

    #[tokio::test]
    async fn too_late_and_closed_are_told_apart() {
        let never = |settings: &mut shared::config::Settings, _: &mut _| {
            settings.edit_window = EditWindow::parse("0").unwrap();
        };
        let test = TestApp::with(never).await;
        let (driver, _, room) = test.room().await;
        let message = test.say(driver, room, "Bonjour").await;
        let edit = async || {
            let call = patch(message.id, json!({ "text": "Bonsoir" }));
            test.call(edit_message, driver, call).await.expect(400)
        };
        assert_eq!(
            edit().await,
            json!({ "detail": "Ce message ne peut plus être modifié : le délai est dépassé." })
        );
        test.close_rooms().await;
        assert_eq!(
            edit().await,
            json!({ "detail": "Cette conversation est fermée." })
        );
    }
}
