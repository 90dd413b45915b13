//! `DELETE /api/v1/chat/messages/{message_id}/`: deletes a message for both participants.
//!
//! For its sender, within `EDIT_WINDOW_SECONDS` of sending, in an open room. Returns the tombstone, also for a repeat; 400
//! with a `detail` if it is too late or the room is closed; 403 for the other participant and for system messages, 404 for
//! another's room. The tombstone is mirrored, and the content is kept as evidence.

use shared::db::messages;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

async fn delete_message(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let message_id = request.message_id()?;

    let deleted = messages::delete(&app.database, viewer, message_id, app.edit_window).await?;
    if deleted.changed {
        app.mirror_after_reply(vec![deleted.message.chat_room]);
        app.webhooks_after_reply(vec![deleted.message.chat_room]);
    }
    ApiResponse::ok(&deleted.message)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(delete_message).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::EditWindow;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn a_tombstone_without_content_is_returned_and_mirrored_once() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let message = test.say(driver, room, "Code 4711").await;
        for payload in [Payload::V1, Payload::V2] {
            let call = Call::delete(&format!("/messages/{}/", message.id)).payload(payload);
            let body = test.call(delete_message, driver, call).await.expect(200);
            assert_eq!(
                body,
                json!({
                    "id": message.id, "chat_room": room, "seq": 1,
                    "sender": { "id": driver.0, "full_name": "Awa Koné", "profile_photo_url": null },
                    "message_type": "text", "text": "", "image_url": "", "latitude": null, "longitude": null,
                    "is_delivered": false, "is_read": false, "read_at": null,
                    "created_at": message.created_at, "edited_at": null,
                    "is_deleted": true, "deleted_at": body["deleted_at"], "revision": 3,
                })
            );
            assert!(body["deleted_at"].is_string());
        }
        let writes = test.firebase.writes().await;
        assert_eq!(writes.len(), 1, "a repeat changes nothing");
        assert!(!writes[0].2.to_string().contains("4711"));
        assert_eq!(test.unread(client).await, 0);
    }

    #[tokio::test]
    async fn another_participants_message_is_403_and_an_unknown_one_404() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        let message = test.say(driver, room, "Bonjour").await.id.to_string();
        for (viewer, id, status) in [
            (client, message.as_str(), 403),
            (admin, &message, 404),
            (driver, &room.to_string(), 404),
            (driver, "x", 404),
        ] {
            let call = Call::delete(&format!("/messages/{id}/"));
            test.call(delete_message, viewer, call).await.expect(status);
        }
        assert!(test.firebase.writes().await.is_empty());
    }

    #[tokio::test]
    async fn too_late_and_closed_are_told_apart() {
        let never = |settings: &mut shared::config::Settings, _: &mut _| {
            settings.edit_window = EditWindow::parse("0").unwrap();
        };
        let test = TestApp::with(never).await;
        let (driver, _, room) = test.room().await;
        let message = test.say(driver, room, "Bonjour").await;
        let delete = async || {
            let call = Call::delete(&format!("/messages/{}/", message.id));
            test.call(delete_message, driver, call).await.expect(400)
        };
        assert_eq!(
            delete().await,
            json!({ "detail": "Ce message ne peut plus être supprimé : le délai est dépassé." })
        );
        test.close_rooms().await;
        assert_eq!(
            delete().await,
            json!({ "detail": "Cette conversation est fermée." })
        );
    }
}
