//! `POST /api/v1/chat/platform_messages/`: sends a message in the platform's own words.
//!
//! For the platform's backend only, with the same token as its events. Body: `message_id`, `text`, either `delivery_id` or
//! `chat_room_id`, optionally `push` (default true). The open rooms of the delivery's current driver, or the room, get a
//! `system` message without a sender. Returns these rooms: 201, or 200 for a repeat of a `message_id`, which changes
//! nothing; 400 for bad fields, an unknown delivery or room, a closed room, or a `message_id` of another message. The rooms
//! are mirrored, and both sides get a push.

use serde::Serialize;
use shared::db::platform_messages::{self, Addressee, NewPlatformMessage};
use shared::domain::Platform;
use shared::error::{FieldErrors, Result};
use shared::http::{ApiResponse, Fields, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};
use uuid::Uuid;

#[derive(Serialize)]
struct Posted {
    message_id: Uuid,
    rooms: Vec<Uuid>,
}

async fn send_platform_message(
    app: &'static App,
    platform: Platform,
    request: Request,
) -> Result<ApiResponse> {
    let new = parse(request.body()?)?;

    let posted = platform_messages::send(&app.database, platform, &new).await?;
    if posted.created {
        app.messages_after_reply(&posted.rooms);
    }
    let body = Posted {
        message_id: new.message_id,
        rooms: posted.rooms,
    };
    ApiResponse::created(posted.created, &body)
}

fn parse(mut body: Fields) -> Result<NewPlatformMessage> {
    let message_id = body.required("message_id");
    let text = body.required("text");
    let push = body.with_default("push", true);
    let addressee = addressee(&mut body);
    let read = message_id.zip(text).zip(push).zip(addressee);
    let (((message_id, text), push), addressee) = body.finish(read)?;
    Ok(NewPlatformMessage {
        message_id,
        addressee,
        text,
        push,
    })
}

fn addressee(body: &mut Fields) -> Option<Addressee> {
    let delivery = body.optional("delivery_id").map(Addressee::Delivery);
    let room = body.optional("chat_room_id").map(Addressee::Room);
    let names = ["delivery_id", "chat_room_id"];
    match names.map(|name| body.is_set(name)) {
        [true, false] => delivery,
        [false, true] => room,
        [false, false] => body.reject(
            FieldErrors::NO_FIELD,
            "« delivery_id » ou « chat_room_id » est obligatoire.",
        ),
        [true, true] => body.reject(
            FieldErrors::NO_FIELD,
            "« delivery_id » et « chat_room_id » s'excluent.",
        ),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(send_platform_message).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::testing::{Call, Payload, TestApp};

    const TEXT: &str = "Votre livraison est prioritaire.";

    fn post(body: Value) -> Call {
        Call::post("/platform_messages/").json(body)
    }

    #[tokio::test]
    async fn a_message_is_201_mirrored_and_pushed_to_both_sides() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        test.device(driver, "driver-phone").await;
        test.device(client, "client-phone").await;
        let message_id = Uuid::new_v4();
        let body =
            json!({ "message_id": message_id, "chat_room_id": room, "text": format!(" {TEXT} ") });
        let expected = json!({ "message_id": message_id, "rooms": [room] });
        let posted = test
            .call_as_platform(send_platform_message, post(body.clone()))
            .await;
        assert_eq!(posted.expect(201), expected);

        let tree = test.firebase.room_writes(room).await.remove(0);
        let messages = tree["messages"].as_object().unwrap();
        let message = messages.values().next().unwrap();
        assert_eq!(
            (
                &message["text"],
                &message["message_type"],
                &message["sender_id"]
            ),
            (&json!(TEXT), &json!("system"), &json!(null))
        );
        assert_eq!(test.fcm.messages().await.len(), 2);

        let again = post(body).payload(Payload::V2);
        let repeat = test.call_as_platform(send_platform_message, again).await;
        assert_eq!(repeat.expect(200), expected);
        assert_eq!(test.firebase.writes().await.len(), 1);
    }

    #[tokio::test]
    async fn without_push_no_device_is_notified() {
        let test = TestApp::new().await;
        let (_, client, room) = test.room().await;
        test.device(client, "client-phone").await;
        let body = json!({
            "message_id": Uuid::new_v4(), "chat_room_id": room, "text": TEXT, "push": false,
        });
        test.call_as_platform(send_platform_message, post(body))
            .await
            .expect(201);
        assert!(test.fcm.messages().await.is_empty());
        assert_eq!(test.unread(client).await, 1);
    }

    #[tokio::test]
    async fn every_bad_field_is_named() {
        let test = TestApp::new().await;
        let id = Uuid::new_v4();
        let unknown = json!({ "message_id": id, "text": TEXT, "delivery_id": id });
        for (body, fields) in [
            (json!({}), vec!["message_id", "non_field_errors", "text"]),
            (
                json!({ "message_id": 1, "text": " ", "delivery_id": "x", "push": "no" }),
                vec!["delivery_id", "message_id", "push", "text"],
            ),
            (
                json!({ "message_id": id, "text": TEXT, "delivery_id": id, "chat_room_id": id }),
                vec!["non_field_errors"],
            ),
            (
                json!({ "message_id": id, "text": TEXT, "chat_room_id": 7, "delivery_id": null }),
                vec!["chat_room_id"],
            ),
            (unknown, vec!["delivery_id"]),
            (
                json!({ "message_id": id, "text": TEXT, "chat_room_id": id }),
                vec!["chat_room_id"],
            ),
        ] {
            let call = post(body.clone());
            let errors = test.call_as_platform(send_platform_message, call).await;
            let errors = errors.expect(400);
            let named: Vec<_> = errors.as_object().unwrap().keys().collect();
            assert_eq!(named, fields, "{body}");
        }
    }

    #[tokio::test]
    async fn only_the_platform_may_call_it_and_that_is_checked_first() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let call = test.call(send_platform_message, admin, post(json!({})));
        assert_eq!(call.await.expect(401)["code"], "token_not_valid");
        let call = test.call_anonymously(send_platform_message, post(json!({})));
        assert_eq!(call.await.expect(401)["code"], "not_authenticated");
    }
}
