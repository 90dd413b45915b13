//! `POST /api/v1/chat/events/`: receives an event of a delivery from the platform.
//!
//! For the platform's backend only: its token has the audience `chat-events` and no user. Body: `event_id`, `event`
//! (`assigned`, `picked_up`, `arriving`, `delivered` or `cancelled`), `delivery_id`, optionally `occurred_at`. The
//! delivery's rooms get a message and are opened or closed. Returns these rooms: 201, or 200 for a repeat of an `event_id`,
//! which changes nothing; 400 for bad fields, an unknown delivery, or an `event_id` of another event. The rooms are mirrored,
//! and both sides get a push.

use serde::Serialize;
use shared::db::events::{self, NewEvent};
use shared::domain::Platform;
use shared::error::Result;
use shared::http::{ApiResponse, Fields, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};
use uuid::Uuid;

#[derive(Serialize)]
struct Notified {
    event_id: Uuid,
    event: &'static str,
    delivery_id: Uuid,
    rooms: Vec<Uuid>,
}

async fn receive_event(
    app: &'static App,
    platform: Platform,
    request: Request,
) -> Result<ApiResponse> {
    let new = parse(request.body()?)?;

    let received = events::receive(&app.database, platform, &new, app.room_grace).await?;
    if received.created {
        app.messages_after_reply(&received.rooms);
    }
    let notified = Notified {
        event_id: new.event_id,
        event: new.event.as_str(),
        delivery_id: new.delivery_id,
        rooms: received.rooms,
    };
    ApiResponse::created(received.created, &notified)
}

fn parse(mut body: Fields) -> Result<NewEvent> {
    let event_id = body.required("event_id");
    let event = body.required("event");
    let delivery_id = body.required("delivery_id");
    let occurred_at = body.optional("occurred_at");
    let ((event_id, event), delivery_id) = body.finish(event_id.zip(event).zip(delivery_id))?;
    Ok(NewEvent {
        event_id,
        event,
        delivery_id,
        occurred_at,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(receive_event).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::testing::{Call, Payload, TestApp};

    fn post(body: Value) -> Call {
        Call::post("/events/").json(body)
    }

    #[tokio::test]
    async fn an_event_is_201_and_its_rooms_are_mirrored() {
        let test = TestApp::new().await;
        let (driver, client, _) = test.room().await;
        let delivery = test.delivery("LBN123456", driver, client).await;
        let event_id = Uuid::new_v4();
        let body = json!({ "event_id": event_id, "event": "assigned", "delivery_id": delivery });
        let notified = test
            .call_as_platform(receive_event, post(body.clone()))
            .await
            .expect(201);
        let room = notified["rooms"][0].as_str().unwrap().to_owned();
        let expected = json!({
            "event_id": event_id, "event": "assigned", "delivery_id": delivery, "rooms": [room],
        });
        assert_eq!(notified, expected);

        let room_id = room.parse().unwrap();
        let tree = test.firebase.room_writes(room_id).await.remove(0);
        let message = tree["messages"]
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap();
        assert_eq!(
            message["text"],
            "La livraison LBN123456 a été attribuée à Awa Koné."
        );
        assert_eq!(
            (&message["sender_id"], &message["message_type"]),
            (&json!(null), &json!("system"))
        );

        let again = post(body).payload(Payload::V2);
        let repeat = test
            .call_as_platform(receive_event, again)
            .await
            .expect(200);
        assert_eq!(repeat, expected);
        assert_eq!(test.firebase.writes().await.len(), 1);
    }

    #[tokio::test]
    async fn the_platform_gets_the_new_room_and_its_message_back() {
        let (test, endpoint) = TestApp::with_webhooks().await;
        let driver = test.user("driver", "Awa Koné").await;
        let client = test.user("client", "Jean Dupont").await;
        let delivery = test.delivery("LBN123456", driver, client).await;
        let body =
            json!({ "event_id": Uuid::new_v4(), "event": "assigned", "delivery_id": delivery });
        test.call_as_platform(receive_event, post(body))
            .await
            .expect(201);
        assert_eq!(endpoint.types().await, ["room.created", "message.created"]);
        let message = &endpoint.events().await[1].1["data"]["message"];
        assert_eq!(message["message_type"], "system");
        assert_eq!(message["is_read"], false);
    }

    #[tokio::test]
    async fn both_sides_devices_get_a_push_after_the_response() {
        let test = TestApp::new().await;
        let (driver, client, _) = test.room().await;
        let delivery = test.delivery("LBN123456", driver, client).await;
        test.device(driver, "driver-phone").await;
        test.device(client, "client-phone").await;
        let body =
            json!({ "event_id": Uuid::new_v4(), "event": "assigned", "delivery_id": delivery });
        test.call_as_platform(receive_event, post(body))
            .await
            .expect(201);
        let mut pushes: Vec<_> = test.fcm.messages().await;
        pushes.sort_by_key(|message| message["token"].to_string());
        let tokens: Vec<_> = pushes.iter().map(|message| &message["token"]).collect();
        assert_eq!(tokens, ["client-phone", "driver-phone"]);
    }

    #[tokio::test]
    async fn every_bad_field_is_named() {
        let test = TestApp::new().await;
        let (id, delivery) = (Uuid::new_v4(), Uuid::new_v4());
        for (body, fields) in [
            (json!({}), vec!["delivery_id", "event", "event_id"]),
            (
                json!({ "event_id": 1, "event": "eaten", "delivery_id": "x", "occurred_at": "today" }),
                vec!["delivery_id", "event", "event_id", "occurred_at"],
            ),
            (
                json!({ "event_id": null, "event": null, "delivery_id": null, "occurred_at": 1_736_951_400 }),
                vec!["delivery_id", "event", "event_id", "occurred_at"],
            ),
            (
                json!({ "event_id": id, "event": "delivered", "delivery_id": delivery }),
                vec!["delivery_id"],
            ),
        ] {
            let body = test
                .call_as_platform(receive_event, post(body.clone()))
                .await
                .expect(400);
            let named: Vec<_> = body.as_object().unwrap().keys().collect();
            assert_eq!(named, fields, "{body}");
        }
        assert!(test.firebase.writes().await.is_empty());
    }

    #[tokio::test]
    async fn only_the_platform_may_call_it_and_that_is_checked_first() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let body = test.call(receive_event, admin, post(json!({}))).await;
        let body = body.expect(401);
        assert_eq!(body["code"], "token_not_valid");
        let body = test.call_anonymously(receive_event, post(json!({}))).await;
        assert_eq!(body.expect(401)["code"], "not_authenticated");
    }
}
