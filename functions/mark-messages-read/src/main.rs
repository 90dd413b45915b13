//! `POST /api/v1/chat/messages/mark_as_read/`: marks messages as read, by ids or by room.
//!
//! For every user. Body: `message_ids` (at most 1000; foreign and unknown ids are ignored) or `chat_room_id`; the ids win.
//! Returns how many were marked; 400 without either, 404 for another's room. The receipts are mirrored.

use serde::Serialize;
use shared::db::messages::{self, Unread};
use shared::domain::Viewer;
use shared::error::{FieldErrors, Result};
use shared::http::{ApiResponse, Fields, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

/// The most ids in one request.
const MAX_IDS: usize = 1000;

#[derive(Serialize)]
struct Done {
    success: bool,
    count: i64,
    message: String,
}

async fn mark_messages_read(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let unread = parse(request.body()?)?;

    let marked = messages::mark_read(&app.database, viewer, &unread).await?;
    app.mirror_after_reply(marked.rooms);
    let message = format!("{} message(s) marqué(s) comme lu(s)", marked.count);
    ApiResponse::ok(&Done {
        success: true,
        count: marked.count,
        message,
    })
}

fn parse(mut body: Fields) -> Result<Unread> {
    let ids = body.optional_list("message_ids", MAX_IDS);
    // Valid ids take precedence, also over an invalid other field.
    let unread = match ids {
        Some(ids) => Some(Unread::Messages(ids)),
        None => body.optional("chat_room_id").map(Unread::Room),
    };
    if unread.is_none() && body.is_valid() {
        body.reject::<()>(
            FieldErrors::NO_FIELD,
            "« message_ids » ou « chat_room_id » est obligatoire.",
        );
    }
    body.finish(unread)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(mark_messages_read).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn messages_are_marked_by_ids_or_by_room_and_the_ids_win() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let first = test.say(driver, room, "1").await;
        test.say(driver, room, "2").await;
        test.say(driver, room, "3").await;
        let mark = async |body, payload| {
            let call = Call::post("/messages/mark_as_read/")
                .json(body)
                .payload(payload);
            test.call(mark_messages_read, client, call)
                .await
                .expect(200)
        };
        let both = mark(
            json!({ "message_ids": [first.id, client.0], "chat_room_id": "x" }),
            Payload::V1,
        )
        .await;
        assert_eq!(
            both,
            json!({ "success": true, "count": 1, "message": "1 message(s) marqué(s) comme lu(s)" })
        );
        assert_eq!(
            mark(json!({ "chat_room_id": room }), Payload::V2).await["count"],
            2
        );
        assert_eq!(
            mark(json!({ "message_ids": [] }), Payload::V1).await["count"],
            0
        );
        let body = test.firebase.room_writes(room).await.remove(0);
        assert_eq!(body["messages"][first.id.to_string()]["is_read"], true);
    }

    #[tokio::test]
    async fn ids_or_a_room_are_required() {
        let test = TestApp::new().await;
        let (_, _, room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        let mark = async |body| {
            test.call(
                mark_messages_read,
                admin,
                Call::post("/messages/mark_as_read/").json(body),
            )
            .await
        };
        assert!(mark(json!({})).await.expect(400)["non_field_errors"].is_array());
        assert!(mark(json!({ "message_ids": "x" })).await.expect(400)["message_ids"].is_array());
        assert!(
            mark(json!({ "message_ids": vec![room; 1001] }))
                .await
                .expect(400)["message_ids"]
                .is_array()
        );
        assert_eq!(
            mark(json!({ "message_ids": [room, "x", 1] }))
                .await
                .expect(400),
            json!({ "message_ids": { "1": ["Doit être un UUID valide."], "2": ["Doit être un UUID valide."] } })
        );
        mark(json!({ "chat_room_id": room })).await.expect(404);
    }
}
