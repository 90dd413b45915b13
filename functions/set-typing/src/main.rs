//! `POST /api/v1/chat/rooms/{room_id}/typing/`: shows that the viewer is typing, or no longer is.
//!
//! For participants of an active room. Body: `is_typing`. Firebase gets it after the response and without a retry,
//! because an entry is valid for ten seconds only. At most one `is_typing: true` a second per participant and room is
//! written; the response is 200 even if nothing is written. 404 for others, 400 if the room is closed.

use serde::Serialize;
use shared::db::rooms;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

#[derive(Serialize)]
struct Done {
    success: bool,
}

async fn set_typing(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let room_id = request.room_id()?;
    let mut body = request.body()?;
    let is_typing = body.required("is_typing");
    let is_typing = body.finish(is_typing)?;

    if rooms::note_typing(&app.database, viewer, room_id, is_typing).await? {
        app.type_after_reply(room_id, viewer, is_typing);
    }
    ApiResponse::ok(&Done { success: true })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(set_typing).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn typing_is_shown_and_removed() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let call = |is_typing| {
            Call::post(&format!("/rooms/{room}/typing/")).json(json!({ "is_typing": is_typing }))
        };
        let on = test.call(set_typing, driver, call(true)).await.expect(200);
        assert_eq!(on, json!({ "success": true }));
        test.call(set_typing, driver, call(false).payload(Payload::V2))
            .await
            .expect(200);
        let writes = test.firebase.writes().await;
        let path = format!("/chats/{room}/typing/{}.json", driver.0);
        assert_eq!((writes[0].0.as_str(), &writes[0].1), ("PUT", &path));
        assert!(writes[0].2["timestamp"].as_str().unwrap().ends_with('Z'));
        assert_eq!((writes[1].0.as_str(), &writes[1].1), ("DELETE", &path));
        assert_eq!(writes.len(), 2);
        let again = test.call(set_typing, driver, call(true)).await;
        assert_eq!(again.expect(200), json!({ "success": true }));
        assert_eq!(test.firebase.writes().await.len(), 2, "once a second");
    }

    #[tokio::test]
    async fn only_participants_of_an_active_room_may_type() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        let call = |body| Call::post(&format!("/rooms/{room}/typing/")).json(body);
        test.call(set_typing, admin, call(json!({ "is_typing": true })))
            .await
            .expect(404);
        for body in [
            json!({}),
            json!({ "is_typing": "true" }),
            json!({ "is_typing": null }),
        ] {
            assert!(
                test.call(set_typing, driver, call(body)).await.expect(400)["is_typing"].is_array()
            );
        }
        test.close_rooms().await;
        test.call(set_typing, driver, call(json!({ "is_typing": true })))
            .await
            .expect(400);
        assert!(test.firebase.writes().await.is_empty());
    }
}
