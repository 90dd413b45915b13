//! `POST /api/v1/chat/rooms/`: opens a room, or returns the existing one.
//!
//! For drivers and their counterparts. Body: `other_user_id`, `room_type`, optionally `delivery_id` and `initial_message`.
//! Returns the room: 201 if it is new, 200 if it exists (the message is then not sent); 400 if these two may not have it,
//! 403 if one has blocked the other, 429 above `ROOM_LIMIT`, which counts new rooms only. A new room is mirrored, and the recipient's devices get a push for
//! the message.

use shared::db::rooms::{self, NewRoom, OpeningRules};
use shared::domain::{RoomType, Viewer};
use shared::error::Result;
use shared::http::{ApiResponse, Fields, OptionalText, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};
use uuid::Uuid;

async fn create_room(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let new = parse(request.body()?, viewer)?;

    let rules = OpeningRules {
        limit: app.person_limits.rooms,
        without_delivery: app.rooms_without_delivery,
    };
    let opened = rooms::create(&app.database, viewer, &new, &rules).await?;
    if opened.created {
        app.mirror_after_reply(vec![opened.room.id]);
        app.webhooks_after_reply(vec![opened.room.id]);
        if new.initial_message.is_some() {
            app.push_after_reply(vec![opened.room.id]);
        }
    }
    ApiResponse::created(opened.created, &app.room_response(opened.room, viewer))
}

fn parse(mut body: Fields, viewer: Viewer) -> Result<NewRoom> {
    let other_user_id = body.required("other_user_id");
    let room_type = body.required("room_type");
    let delivery_id: Option<Uuid> = body.optional("delivery_id");
    let initial_message = body
        .optional::<OptionalText>("initial_message")
        .and_then(|OptionalText(text)| text);
    if other_user_id == Some(viewer.0) {
        body.reject::<()>(
            "other_user_id",
            "Impossible d'ouvrir une conversation avec soi-même.",
        );
    }
    if room_type == Some(RoomType::Support) && delivery_id.is_some() {
        body.reject::<()>(
            "delivery_id",
            "Une conversation de support ne concerne aucune livraison.",
        );
    }
    let (other_user_id, room_type) = body.finish(other_user_id.zip(room_type))?;
    Ok(NewRoom {
        other_user_id,
        delivery_id,
        room_type,
        initial_message,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(create_room).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::RateLimit;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn the_platform_gets_the_room_before_its_first_message() {
        let (test, endpoint) = TestApp::with_webhooks().await;
        let driver = test.user("driver", "Awa Koné").await;
        let client = test.user("client", "Jean Dupont").await;
        let body = json!({ "room_type": "delivery", "other_user_id": client.0, "initial_message": "Bonjour" });
        for status in [201, 200] {
            let call = Call::post("/rooms/").json(body.clone());
            test.call(create_room, driver, call).await.expect(status);
        }
        assert_eq!(endpoint.types().await, ["room.created", "message.created"]);
    }

    #[tokio::test]
    async fn a_new_room_is_201_and_mirrored_with_its_first_message() {
        let test = TestApp::new().await;
        let (driver, client) = (
            test.user("driver", "Awa").await,
            test.user("client", "Jean").await,
        );
        let delivery = test.delivery("LBN1", driver, client).await;
        test.device(client, "phone").await;
        let call = || {
            Call::post("/rooms/").json(json!({
                "other_user_id": client.0, "delivery_id": delivery, "room_type": "delivery",
                "initial_message": " Bonjour ", "unknown": [1],
            }))
        };
        let room = test.call(create_room, driver, call()).await.expect(201);
        assert_eq!(room["last_message_text"], "Bonjour");
        assert_eq!(room["delivery_info"]["tracking_number"], "LBN1");

        let again = test
            .call(create_room, driver, call().payload(Payload::V2))
            .await
            .expect(200);
        assert_eq!(again, room);

        let room_id = room["id"].as_str().unwrap().parse().unwrap();
        let writes = test.firebase.room_writes(room_id).await;
        let [body] = &writes[..] else {
            panic!("{writes:?}")
        };
        assert_eq!(
            body["metadata"],
            json!({
                "id": room["id"], "room_type": "delivery", "driver_id": driver.0, "other_user_id": client.0,
                "delivery_id": delivery, "created_at": room["created_at"], "is_active": true, "closes_at_ms": null, "unreachable_until": null, "blocked": null,
                "last_message_text": "Bonjour", "last_message_at": room["last_message_at"],
                "last_message_sender_id": driver.0, "revision": 1,
            })
        );
        assert_eq!(
            body["messages"].as_object().map(serde_json::Map::len),
            Some(1)
        );
        let pushes = test.fcm.messages().await;
        assert_eq!(pushes.len(), 1);
        assert_eq!(pushes[0]["notification"]["body"], "Bonjour");
    }

    #[tokio::test]
    async fn new_rooms_above_the_limit_return_429_with_retry_after() {
        let test = TestApp::with(|settings, _| {
            settings.person_limits.rooms = RateLimit::parse("1/1/h").unwrap();
        })
        .await;
        let driver = test.user("driver", "Awa").await;
        let clients = [
            test.user("client", "Jean").await,
            test.user("client", "Ali").await,
        ];
        let open = async |client: Viewer| {
            let body = json!({ "other_user_id": client.0, "room_type": "delivery" });
            test.call(create_room, driver, Call::post("/rooms/").json(body))
                .await
        };
        open(clients[0]).await.expect(201);
        let reply = open(clients[1]).await;
        let seconds = reply.headers["retry-after"].to_str().unwrap().to_owned();
        assert!((3_500..=3_600).contains(&seconds.parse().unwrap()));
        let detail = format!("Requête ralentie. Disponible à nouveau dans {seconds} secondes.");
        assert_eq!(reply.expect(429), json!({ "detail": detail }));
        open(clients[0]).await.expect(200);
    }

    #[tokio::test]
    async fn every_bad_field_is_named() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa").await;
        let rejected = async |body| {
            test.call(create_room, driver, Call::post("/rooms/").json(body))
                .await
                .expect(400)
        };
        assert_eq!(
            rejected(json!({ "room_type": "x", "delivery_id": 1, "initial_message": {} })).await,
            json!({
                "other_user_id": ["Ce champ est obligatoire."],
                "room_type": ["« x » n'est pas un choix valide."],
                "delivery_id": ["Doit être un UUID valide."],
                "initial_message": ["Chaîne de caractère invalide."],
            })
        );
        let oneself = rejected(json!({ "other_user_id": driver.0, "room_type": "delivery" })).await;
        assert!(oneself["other_user_id"].is_array());
        let delivery = driver.0;
        let support = rejected(
            json!({ "other_user_id": delivery, "room_type": "support", "delivery_id": delivery }),
        )
        .await;
        assert!(support["delivery_id"].is_array());
        assert!(test.firebase.writes().await.is_empty());
    }
}
