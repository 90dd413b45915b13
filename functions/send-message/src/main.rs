//! `POST /api/v1/chat/messages/`: sends a message.
//!
//! For participants of an active room; `system` for admins only. Body: `chat_room_id`, `message_type` (default `text`), the
//! fields of that type (for a text also `quick_reply_key` instead of `text`), optionally `client_message_id`. Returns the message: 201, or 200 for a repeat of a
//! `client_message_id`, which changes nothing; 400 for bad fields or a closed room, 404 for another's room, 429 above the
//! limit. The message is mirrored, and the recipient's devices get a push.

use shared::db::messages::{self, NewMessage, NewQuickReply};
use shared::domain::{
    Content, Coordinates, ImageHosts, ImageUrl, Invalid, Language, MessageType, Text, Viewer,
};
use shared::error::Result;
use shared::http::{ApiResponse, Fields, OptionalText, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

async fn send_message(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let (database, limits) = (&app.database, &app.send_limits);
    let sent = match parse(request.body()?, request.language(), &app.image_hosts)? {
        New::Message(new) => messages::send(database, viewer, &new, limits).await?,
        New::QuickReply(new) => messages::send_quick_reply(database, viewer, &new, limits).await?,
    };
    if sent.created {
        app.messages_after_reply(&[sent.message.chat_room]);
    }
    ApiResponse::created(sent.created, &sent.message)
}

/// The message to send: its content, or the key of a quick reply.
enum New {
    Message(NewMessage),
    QuickReply(NewQuickReply),
}

fn parse(mut body: Fields, language: Language, image_hosts: &ImageHosts) -> Result<New> {
    let room_id = body.required("chat_room_id");
    let client_message_id = body.optional("client_message_id");
    let message_type = body.with_default("message_type", MessageType::default());
    if message_type == Some(MessageType::Text) && body.is_set("quick_reply_key") {
        let key = quick_reply_key(&mut body);
        let (room_id, key) = body.finish(room_id.zip(key))?;
        return Ok(New::QuickReply(NewQuickReply {
            room_id,
            key,
            language,
            client_message_id,
        }));
    }
    let content =
        message_type.and_then(|message_type| content(&mut body, message_type, image_hosts));
    let (room_id, content) = body.finish(room_id.zip(content))?;
    Ok(New::Message(NewMessage {
        room_id,
        content,
        client_message_id,
    }))
}

/// Parses the key of a quick reply, which replaces the text.
fn quick_reply_key(body: &mut Fields) -> Option<String> {
    if let Some(OptionalText(Some(_))) = body.optional("text") {
        let reason = "« text » et « quick_reply_key » s'excluent.";
        return body.reject("quick_reply_key", reason);
    }
    body.required::<Text>("quick_reply_key")
        .map(|key| key.as_str().to_owned())
}

/// Parses the fields of this type and ignores those of others.
fn content(
    body: &mut Fields,
    message_type: MessageType,
    image_hosts: &ImageHosts,
) -> Option<Content> {
    match message_type {
        MessageType::Text => body.required("text").map(Content::Text),
        MessageType::System => body.required("text").map(Content::System),
        MessageType::Image => {
            let caption = body
                .optional::<OptionalText>("text")
                .and_then(|OptionalText(text)| text);
            let url: ImageUrl = body.required("image_url")?;
            match image_hosts.check(&url) {
                Ok(()) => Some(Content::Image(url, caption)),
                Err(Invalid(reason)) => body.reject("image_url", reason),
            }
        }
        MessageType::Location => {
            let caption = body
                .optional::<OptionalText>("text")
                .and_then(|OptionalText(text)| text);
            let (latitude, longitude) = (body.required("latitude"), body.required("longitude"));
            let coordinates = latitude
                .zip(longitude)
                .map(|(latitude, longitude)| Coordinates {
                    latitude,
                    longitude,
                });
            coordinates.map(|coordinates| Content::Location(coordinates, caption))
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(send_message).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::domain::RateLimit;
    use shared::testing::{Call, Payload, TestApp};
    use uuid::Uuid;

    fn post(body: Value) -> Call {
        Call::post("/messages/").json(body)
    }

    #[tokio::test]
    async fn the_platform_gets_the_message_after_the_response_and_a_repeat_not_again() {
        let (test, endpoint) = TestApp::with_webhooks().await;
        let (driver, _, room) = test.room().await;
        let body =
            json!({ "chat_room_id": room, "text": "Oui", "client_message_id": Uuid::new_v4() });
        let mut sent = Vec::new();
        for status in [201, 200] {
            let reply = test.call(send_message, driver, post(body.clone())).await;
            sent.push(reply.expect(status));
        }
        assert_eq!(endpoint.types().await, ["room.created", "message.created"]);
        assert_eq!(endpoint.events().await[1].1["data"]["message"], sent[0]);
    }

    #[tokio::test]
    async fn a_message_is_201_and_mirrored() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let message = test
            .call(
                send_message,
                driver,
                post(json!({ "chat_room_id": room, "text": " Oui " })),
            )
            .await;
        let message = message.expect(201);
        assert_eq!(
            (&message["text"], &message["seq"], &message["message_type"]),
            (&json!("Oui"), &json!(1), &json!("text"))
        );

        let body = test.firebase.room_writes(room).await.remove(0);
        assert_eq!(
            body["messages"],
            json!({ message["id"].as_str().unwrap(): {
                "id": message["id"], "seq": 1, "sender_id": driver.0, "message_type": "text", "text": "Oui",
                "image_url": "", "latitude": null, "longitude": null, "timestamp": message["created_at"],
                "is_read": false, "read_at": null, "edited_at": null, "is_deleted": false, "revision": 2,
            }})
        );
        let query = test.firebase.queries().await.remove(0);
        assert_eq!(
            query,
            "print=silent&auth_variable_override=%7B%22uid%22%3A%22chat-backend%22%7D&ns=relais-test"
        );
    }

    #[tokio::test]
    async fn the_recipients_devices_get_a_push_after_the_response() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        test.device(client, "phone").await;
        test.device(driver, "driver").await;
        let call = post(json!({ "chat_room_id": room, "text": "J'arrive" }));
        let message = test.call(send_message, driver, call).await.expect(201);
        let pushes = test.fcm.messages().await;
        assert_eq!(pushes.len(), 1);
        assert_eq!(pushes[0]["token"], "phone");
        assert_eq!(
            pushes[0]["notification"],
            json!({ "title": "Awa Koné", "body": "J'arrive" })
        );
        assert_eq!(pushes[0]["data"]["message_id"], message["id"]);
        assert_eq!(pushes[0]["apns"]["payload"]["aps"]["badge"], 1);
    }

    #[tokio::test]
    async fn a_repeat_is_200_with_the_same_message_and_is_not_mirrored() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let call =
            || post(json!({ "chat_room_id": room, "text": "Oui", "client_message_id": client.0 }));
        let first = test.call(send_message, driver, call()).await.expect(201);
        let again = test
            .call(send_message, driver, call().payload(Payload::V2))
            .await
            .expect(200);
        assert_eq!(first, again);
        assert_eq!(test.firebase.writes().await.len(), 1);
    }

    #[tokio::test]
    async fn a_quick_reply_is_sent_by_its_key_in_the_language_of_the_header() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        for (call, text) in [
            (
                post(json!({ "chat_room_id": room, "quick_reply_key": "driver_outside" })),
                "Je suis devant chez vous.",
            ),
            (
                post(json!({ "chat_room_id": room, "quick_reply_key": "driver_outside", "text": " " }))
                    .header("accept-language", "en"),
                "I am outside.",
            ),
            (
                post(json!({ "chat_room_id": room, "quick_reply_key": null, "text": "Oui" })),
                "Oui",
            ),
        ] {
            let message = test.call(send_message, driver, call).await.expect(201);
            assert_eq!(
                (&message["text"], &message["message_type"]),
                (&json!(text), &json!("text"))
            );
        }
        assert_eq!(test.firebase.writes().await.len(), 3);
    }

    #[tokio::test]
    async fn an_unknown_key_or_one_besides_a_text_is_400_and_names_the_field() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        for (key, text) in [
            (json!("nothing"), json!(null)),
            (json!("driver_outside"), json!("Oui")),
            (json!(7), json!(null)),
            (json!(" "), json!(null)),
        ] {
            let body = json!({ "chat_room_id": room, "quick_reply_key": key, "text": text });
            let errors = test.call(send_message, driver, post(body)).await;
            let errors = errors.expect(400);
            let named: Vec<_> = errors.as_object().unwrap().keys().collect();
            assert_eq!(named, ["quick_reply_key"], "{errors}");
        }
        let photo = json!({
            "chat_room_id": room, "message_type": "image", "image_url": "https://a.ci/1.jpg",
            "quick_reply_key": "driver_outside",
        });
        let photo = test.call(send_message, driver, post(photo)).await;
        assert_eq!(photo.expect(201)["text"], "", "a field of another type");
    }

    #[tokio::test]
    async fn fields_of_another_type_are_ignored() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let sent = async |body| {
            test.call(send_message, driver, post(body))
                .await
                .expect(201)
        };
        let message = sent(
            json!({ "chat_room_id": room, "text": "a", "image_url": 1, "latitude": "x", "seq": 9 }),
        )
        .await;
        assert_eq!(
            (&message["image_url"], &message["latitude"], &message["seq"]),
            (&json!(""), &json!(null), &json!(1))
        );
        let location = json!({ "chat_room_id": room, "message_type": "location", "latitude": 5.345_317, "longitude": -4 });
        let location = sent(location).await;
        assert_eq!(
            (&location["latitude"], &location["longitude"]),
            (&json!(5.345_317), &json!(-4.0))
        );
        let image = json!({ "chat_room_id": room, "message_type": "image", "image_url": "https://a.ci/1.jpg", "text": "" });
        assert_eq!(sent(image).await["image_url"], "https://a.ci/1.jpg");
    }

    #[tokio::test]
    async fn a_coordinate_is_returned_and_mirrored_as_it_was_sent() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        // From serde_json's list of values that it misreads by one bit without `float_roundtrip`.
        let body = format!(
            r#"{{"chat_room_id":"{room}","message_type":"location","latitude":51.248178375505404,"longitude":-93.31137037688033}}"#
        );
        let call = Call::post("/messages/")
            .header("content-type", "application/json")
            .raw(body);
        let sent = test.call(send_message, driver, call).await.expect(201);
        assert_eq!(sent["latitude"].to_string(), "51.248178375505404");
        assert_eq!(sent["longitude"].to_string(), "-93.31137037688033");
        let body = test.firebase.room_writes(room).await.remove(0);
        let mirrored = &body["messages"][sent["id"].as_str().unwrap()];
        assert_eq!(
            (&mirrored["latitude"], &mirrored["longitude"]),
            (&sent["latitude"], &sent["longitude"])
        );
    }

    #[tokio::test]
    async fn every_bad_field_is_named() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        for (body, fields) in [
            (json!({}), vec!["chat_room_id", "text"]),
            (
                json!({ "chat_room_id": "x", "text": " ", "client_message_id": 1 }),
                vec!["chat_room_id", "client_message_id", "text"],
            ),
            (json!({ "chat_room_id": room, "text": null }), vec!["text"]),
            (
                json!({ "chat_room_id": room, "text": "a\0b" }),
                vec!["text"],
            ),
            (
                json!({ "chat_room_id": room, "text": "é".repeat(5001) }),
                vec!["text"],
            ),
            (
                json!({ "chat_room_id": room, "message_type": "video", "text": "a" }),
                vec!["message_type"],
            ),
            (
                json!({ "chat_room_id": room, "message_type": "system", "text": "a" }),
                vec!["message_type"],
            ),
            (
                json!({ "chat_room_id": room, "message_type": "image", "image_url": "http://a.ci/1.jpg" }),
                vec!["image_url"],
            ),
            (
                json!({ "chat_room_id": room, "message_type": "location", "latitude": 91 }),
                vec!["latitude", "longitude"],
            ),
            (
                json!({ "chat_room_id": room, "message_type": "location", "latitude": "5", "longitude": true }),
                vec!["latitude", "longitude"],
            ),
        ] {
            let body = test
                .call(send_message, driver, post(body.clone()))
                .await
                .expect(400);
            assert_eq!(
                body.as_object().unwrap().keys().collect::<Vec<_>>(),
                fields,
                "{body}"
            );
        }
        assert!(test.firebase.writes().await.is_empty());
    }

    #[tokio::test]
    async fn a_photo_must_be_on_an_allowed_host() {
        let test = TestApp::with(|settings, _| {
            settings.image_hosts = ImageHosts::parse("res.cloudinary.com").unwrap();
        })
        .await;
        let (driver, _, room) = test.room().await;
        let image = |url: &str| {
            post(json!({ "chat_room_id": room, "message_type": "image", "image_url": url }))
        };
        let good = image("https://RES.cloudinary.com/demo/1.jpg");
        test.call(send_message, driver, good).await.expect(201);
        let bad = image("https://res.cloudinary.com@evil.ci/1.jpg");
        let body = test.call(send_message, driver, bad).await.expect(400);
        assert_eq!(
            body,
            json!({ "image_url": ["Cette image n'est pas hébergée sur un site autorisé."] })
        );
    }

    #[tokio::test]
    async fn messages_above_the_limit_return_429_with_retry_after() {
        let test = TestApp::with(|settings, _| {
            settings.send_limits.delivery = RateLimit::parse("1/0.001").unwrap();
        })
        .await;
        let (driver, client, room) = test.room().await;
        let call = |id: Option<Uuid>| {
            post(json!({ "chat_room_id": room, "text": "Oui", "client_message_id": id }))
        };
        let id = Some(Uuid::nil());
        test.call(send_message, driver, call(id)).await.expect(201);
        let reply = test.call(send_message, driver, call(None)).await;
        let seconds = reply.headers["retry-after"].to_str().unwrap().to_owned();
        assert!((900..=1_000).contains(&seconds.parse().unwrap()));
        let detail = format!("Requête ralentie. Disponible à nouveau dans {seconds} secondes.");
        assert_eq!(reply.expect(429), json!({ "detail": detail }));
        test.call(send_message, driver, call(id)).await.expect(200);
        test.call(send_message, client, call(None))
            .await
            .expect(201);
        assert_eq!(test.firebase.writes().await.len(), 2);
    }

    #[tokio::test]
    async fn a_malformed_body_is_a_clear_4xx() {
        let test = TestApp::new().await;
        let (driver, _, _) = test.room().await;
        for (call, status) in [
            (Call::post("/messages/").raw("{"), 400),
            (Call::post("/messages/").raw("{\"text\": \"\\ud800\"}"), 400),
            (Call::post("/messages/").raw("[".repeat(100_000)), 400),
            (Call::post("/messages/").json(json!([1])), 400),
            (
                Call::post("/messages/")
                    .header("content-type", "text/plain")
                    .raw("a"),
                415,
            ),
            (Call::post("/messages/").raw("x".repeat(6_000_000)), 413),
        ] {
            test.call(send_message, driver, call).await.expect(status);
        }
    }
}
