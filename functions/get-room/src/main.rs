//! `GET /api/v1/chat/rooms/{room_id}/`: returns a room, also an archived or closed one.
//!
//! For participants; 404 for others.

use shared::db::rooms;
use shared::domain::Viewer;
use shared::error::{Error, Result};
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

async fn get_room(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let room_id = request.room_id()?;

    let room = rooms::get(&app.database, viewer, room_id).await?;
    let room = room.ok_or(Error::NotFound)?;
    ApiResponse::ok(&app.room_response(room, viewer))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(get_room).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::EditWindow;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn the_room_has_the_api_guides_fields() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let message = test.say(driver, room, "Bonjour").await;
        for payload in [Payload::V1, Payload::V2] {
            let call = Call::get(&format!("/rooms/{room}/")).payload(payload);
            let body = test.call(get_room, client, call).await.expect(200);
            let awa = json!({
                "id": driver.0, "full_name": "Awa Koné", "phone_number": "+2250701020304",
                "user_type": "driver", "profile_photo_url": null,
            });
            assert_eq!(
                body,
                json!({
                    "id": room,
                    "room_type": "delivery",
                    "driver": awa,
                    "other_participant": awa,
                    "delivery_info": null,
                    "last_message_text": "Bonjour",
                    "last_message_at": message.created_at,
                    "unread_count": 1,
                    "is_active": true,
                    "closes_at": null, "unreachable_until": null,
                    "is_archived": false,
                    "is_muted": false,
                    "is_blocked": false,
                    "created_at": body["created_at"],
                    "firebase_path": format!("/chats/{room}"),
                    "edit_window_seconds": 900,
                    "firebase_database_url": "https://relais-test.firebaseio.com",
                })
            );
        }
    }

    #[tokio::test]
    async fn the_room_has_the_deployments_time_for_edits() {
        let test = TestApp::with(|settings, _| {
            settings.edit_window = EditWindow::parse("60").unwrap();
        })
        .await;
        let (driver, _, room) = test.room().await;
        let call = Call::get(&format!("/rooms/{room}/"));
        let body = test.call(get_room, driver, call).await.expect(200);
        assert_eq!(body["edit_window_seconds"], 60);
    }

    #[tokio::test]
    async fn a_foreign_room_an_unknown_one_and_an_invalid_id_return_the_same_404() {
        let test = TestApp::new().await;
        let (_, _, room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        for id in [room.to_string(), admin.0.to_string(), "x".to_owned()] {
            let body = test
                .call(get_room, admin, Call::get(&format!("/rooms/{id}/")))
                .await
                .expect(404);
            assert_eq!(body, json!({ "detail": "Pas trouvé." }));
        }
    }

    #[tokio::test]
    async fn an_unknown_user_gets_401_before_any_other_error() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let reply = test
            .call_anonymously(get_room, Call::get(&format!("/rooms/{room}/")))
            .await;
        assert_eq!(reply.headers["www-authenticate"], "Bearer realm=\"api\"");
        assert_eq!(
            reply.headers["access-control-allow-origin"],
            "https://relais.example"
        );
        assert_eq!(reply.expect(401)["code"], "not_authenticated");
        test.deactivate(driver).await;
        for id in [room.to_string(), "x".to_owned()] {
            let body = test
                .call(get_room, driver, Call::get(&format!("/rooms/{id}/")))
                .await
                .expect(401);
            assert_eq!(body["code"], "user_inactive");
        }
    }

    #[tokio::test]
    async fn every_response_has_an_id_and_is_never_stored() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        for payload in [Payload::V1, Payload::V2] {
            for (id, status) in [(room, 200), (driver.0, 404)] {
                let call = Call::get(&format!("/rooms/{id}/")).payload(payload);
                let reply = test.call(get_room, driver, call).await;
                assert_eq!(reply.status, status);
                assert_eq!(reply.headers["x-request-id"], "r", "the gateway's");
                assert_eq!(reply.headers["cache-control"], "no-store");
                assert_eq!(
                    reply.headers["access-control-expose-headers"],
                    "x-request-id, retry-after"
                );
            }
        }
    }

    #[tokio::test]
    async fn head_is_get_without_its_body() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        for (id, status) in [(room, 200), (driver.0, 404)] {
            let path = format!("/rooms/{id}/");
            let get = test.call(get_room, driver, Call::get(&path)).await;
            let head = test.call(get_room, driver, Call::head(&path)).await;
            assert_eq!((head.status, get.status), (status, status));
            assert_eq!(head.headers, get.headers);
            assert_eq!(head.body, serde_json::Value::Null);
        }
    }

    #[tokio::test]
    async fn an_internal_error_returns_500_without_details() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        test.sql
            .batch_execute("ALTER TABLE chat_rooms RENAME TO gone")
            .await
            .unwrap();
        let body = test
            .call(get_room, driver, Call::get(&format!("/rooms/{room}/")))
            .await
            .expect(500);
        assert_eq!(
            body,
            json!({ "detail": "Une erreur du serveur est survenue." })
        );
    }
}
