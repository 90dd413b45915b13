//! `POST /api/v1/chat/rooms/{room_id}/mute/`: turns the viewer's pushes of a room off or on.
//!
//! For participants; the other one sees no difference. Body: `mute` (default true). Returns the new state; 404 for
//! others.

use serde::Serialize;
use shared::db::rooms;
use shared::domain::Viewer;
use shared::error::{Error, Result};
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct Muted {
    success: bool,
    is_muted: bool,
    message: &'static str,
}

async fn mute_room(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let room_id = request.room_id()?;
    let mut body = request.body()?;
    let mute = body.with_default("mute", true);
    let mute = body.finish(mute)?;

    if !rooms::mute(&app.database, viewer, room_id, mute).await? {
        return Err(Error::NotFound);
    }
    let message = if mute {
        "Notifications désactivées pour cette conversation"
    } else {
        "Notifications réactivées pour cette conversation"
    };
    ApiResponse::ok(&Muted {
        success: true,
        is_muted: mute,
        message,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(mute_room).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn a_room_is_muted_and_unmuted() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let call = || Call::post(&format!("/rooms/{room}/mute/"));
        let muted = json!({
            "success": true, "is_muted": true, "message": "Notifications désactivées pour cette conversation",
        });
        let not_muted = json!({
            "success": true, "is_muted": false, "message": "Notifications réactivées pour cette conversation",
        });
        for (call, expected) in [
            (call().json(json!({ "mute": true })), &muted),
            (
                call().json(json!({ "mute": false })).payload(Payload::V2),
                &not_muted,
            ),
            (call(), &muted),
            (call().json(json!({})), &muted),
        ] {
            assert_eq!(
                &test.call(mute_room, driver, call).await.expect(200),
                expected
            );
        }
        assert!(
            test.firebase.writes().await.is_empty(),
            "the other participant sees nothing of it"
        );
    }

    #[tokio::test]
    async fn a_value_that_is_not_a_boolean_returns_400_and_anothers_room_404() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let call = || Call::post(&format!("/rooms/{room}/mute/"));
        for value in [json!("true"), json!(1), json!(null)] {
            let body = test
                .call(mute_room, driver, call().json(json!({ "mute": value })))
                .await
                .expect(400);
            assert!(body["mute"].is_array(), "{body}");
        }
        let admin = test.user("admin", "Mariam").await;
        test.call(mute_room, admin, call()).await.expect(404);
    }
}
