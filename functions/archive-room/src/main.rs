//! `POST /api/v1/chat/rooms/{room_id}/archive/`: archives a room for the viewer, or restores it.
//!
//! For participants; the other one sees no difference. Body: `archive` (default true). Returns the new state; 404 for
//! others.

use serde::Serialize;
use shared::db::rooms;
use shared::domain::Viewer;
use shared::error::{Error, Result};
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct Archived {
    success: bool,
    is_archived: bool,
    message: &'static str,
}

async fn archive_room(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let room_id = request.room_id()?;
    let mut body = request.body()?;
    let archive = body.with_default("archive", true);
    let archive = body.finish(archive)?;

    if !rooms::archive(&app.database, viewer, room_id, archive).await? {
        return Err(Error::NotFound);
    }
    let message = if archive {
        "Conversation archivée"
    } else {
        "Conversation désarchivée"
    };
    ApiResponse::ok(&Archived {
        success: true,
        is_archived: archive,
        message,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(archive_room).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn a_room_is_archived_and_restored() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let call = || Call::post(&format!("/rooms/{room}/archive/"));
        let away =
            json!({ "success": true, "is_archived": true, "message": "Conversation archivée" });
        let back =
            json!({ "success": true, "is_archived": false, "message": "Conversation désarchivée" });
        for (call, expected) in [
            (call().json(json!({ "archive": true })), &away),
            (
                call()
                    .json(json!({ "archive": false }))
                    .payload(Payload::V2),
                &back,
            ),
            (call(), &away),
            (call().json(json!({})), &away),
        ] {
            assert_eq!(
                &test.call(archive_room, driver, call).await.expect(200),
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
        let call = || Call::post(&format!("/rooms/{room}/archive/"));
        for value in [json!("true"), json!(1), json!([]), json!(null)] {
            let body = test
                .call(
                    archive_room,
                    driver,
                    call().json(json!({ "archive": value })),
                )
                .await
                .expect(400);
            assert!(body["archive"].is_array(), "{body}");
        }
        let admin = test.user("admin", "Mariam").await;
        test.call(archive_room, admin, call()).await.expect(404);
    }
}
