//! `POST /api/v1/chat/rooms/{room_id}/mute/`: turns the viewer's pushes of a room off or on.
//!
//! For participants. The viewer's inbox shows it; the other participant sees no difference. Body: `mute` (default true). Returns the new state; 404 for
//! others.

use serde::Serialize;
use shared::db::rooms::{self, Flagged};
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

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

    if rooms::mute(&app.database, viewer, room_id, mute).await? == Flagged::Changed {
        app.mirror_after_reply(vec![room_id]);
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
    serve_with_after_reply(mute_room).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn a_room_is_muted_and_unmuted() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
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
        let inbox = test.firebase.inbox_writes(driver).await;
        let shown: Vec<_> = inbox.iter().map(|it| &it[&room.to_string()]).collect();
        let is_muted: Vec<_> = shown.iter().map(|it| it["is_muted"] == true).collect();
        assert_eq!(
            is_muted,
            [true, false, true],
            "the last call changes nothing"
        );
        let other = test.firebase.inbox_writes(client).await.remove(0);
        assert_eq!(other[&room.to_string()]["is_muted"], false);
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
