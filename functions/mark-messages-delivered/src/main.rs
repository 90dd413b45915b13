//! `POST /api/v1/chat/messages/mark_as_delivered/`: reports up to which message a device has received its rooms.
//!
//! For every user. Body: `receipts`, at most 100 of `{"chat_room_id", "seq"}`; foreign and unknown rooms are ignored. A
//! watermark only grows, up to the room's last message. Returns how many have grown; 400 for bad receipts. The watermarks
//! are mirrored.

use serde::Serialize;
use serde_json::Value;
use shared::db::messages;
use shared::domain::{Invalid, Viewer};
use shared::error::Result;
use shared::http::{ApiResponse, Field, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};
use uuid::Uuid;

/// The most receipts in one request.
const MAX_RECEIPTS: usize = 100;

struct Receipt(messages::Receipt);

impl Field for Receipt {
    fn read(value: &Value) -> Result<Self, Invalid> {
        let room_id = value.get("chat_room_id").unwrap_or(&Value::Null);
        let room_id = Uuid::read(room_id)
            .map_err(|Invalid(reason)| Invalid::from(format!("« chat_room_id » : {reason}")))?;
        let seq = value.get("seq").and_then(Value::as_i64);
        let seq = seq
            .filter(|seq| *seq >= 0)
            .ok_or("« seq » : Un nombre entier valide est requis.")?;
        Ok(Self(messages::Receipt { room_id, seq }))
    }
}

#[derive(Serialize)]
struct Done {
    success: bool,
    count: usize,
}

async fn mark_messages_delivered(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let mut body = request.body()?;
    let receipts = body.required_list("receipts", MAX_RECEIPTS);
    let receipts = body.finish(receipts)?;
    let receipts: Vec<_> = receipts.into_iter().map(|Receipt(it)| it).collect();

    let grown = messages::mark_delivered(&app.database, viewer, &receipts).await?;
    let count = grown.len();
    app.mirror_after_reply(grown);
    ApiResponse::ok(&Done {
        success: true,
        count,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(mark_messages_delivered).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, Reply, TestApp};

    async fn mark(test: &TestApp, viewer: Viewer, body: Value, payload: Payload) -> Reply {
        let call = Call::post("/messages/mark_as_delivered/")
            .json(body)
            .payload(payload);
        test.call(mark_messages_delivered, viewer, call).await
    }

    #[tokio::test]
    async fn watermarks_that_grow_are_counted_and_mirrored() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        test.say(driver, room, "1").await;
        let body = json!({ "receipts": [
            { "chat_room_id": room, "seq": 1 }, { "chat_room_id": Uuid::new_v4(), "seq": 1 },
        ] });
        let done = |count| json!({ "success": true, "count": count });
        let first = mark(&test, client, body.clone(), Payload::V1).await;
        assert_eq!(first.expect(200), done(1));
        let repeat = mark(&test, client, body, Payload::V2).await;
        assert_eq!(repeat.expect(200), done(0));
        let none = mark(&test, client, json!({ "receipts": [] }), Payload::V1).await;
        assert_eq!(none.expect(200), done(0));
        assert_eq!(test.firebase.writes().await.len(), 1);
    }

    #[tokio::test]
    async fn bad_receipts_are_named_by_their_index() {
        let test = TestApp::new().await;
        let (_, client, room) = test.room().await;
        let seq = |seq: Value| json!({ "chat_room_id": room, "seq": seq });
        let body = json!({ "receipts": [
            seq(json!(0)), seq(json!(-1)), seq(json!("1")), seq(json!(1.5)), { "seq": 1 }, { "chat_room_id": "x", "seq": 1 },
            "x", null,
        ] });
        let bad = mark(&test, client, body, Payload::V1).await.expect(400);
        let (no_seq, no_room) = (
            json!(["« seq » : Un nombre entier valide est requis."]),
            json!(["« chat_room_id » : Doit être un UUID valide."]),
        );
        assert_eq!(
            bad,
            json!({ "receipts": {
                "1": no_seq, "2": no_seq, "3": no_seq, "4": no_room, "5": no_room, "6": no_room,
                "7": ["Ce champ ne peut être nul."],
            } })
        );
        for body in [
            json!({}),
            json!({ "receipts": null }),
            json!({ "receipts": "x" }),
            json!({ "receipts": vec![seq(json!(1)); 101] }),
        ] {
            let bad = mark(&test, client, body, Payload::V1).await.expect(400);
            assert!(bad["receipts"].is_array(), "{bad}");
        }
    }
}
