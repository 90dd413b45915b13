//! `POST /api/v1/chat/rooms/{room_id}/archive/`: archives a room for the viewer, or restores it.
//!
//! For participants. The viewer's inbox shows it; the other participant sees no difference. Body: `archive` (default true). Returns the new state; 404 for
//! others.

use serde::Serialize;
use shared::db::rooms::{self, Flagged};
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

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

    if rooms::archive(&app.database, viewer, room_id, archive).await? == Flagged::Changed {
        app.mirror_after_reply(vec![room_id]);
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
    serve_with_after_reply(archive_room).await
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
        let inbox = test.firebase.inbox_writes(driver).await;
        let shown: Vec<_> = inbox.iter().map(|it| &it[&room.to_string()]).collect();
        assert_eq!(shown.len(), 3, "the last call changes nothing");
        assert_eq!((shown[0], shown[2]), (&json!(null), &json!(null)));
        assert_eq!(shown[1]["is_archived"], false);
    }

    #[tokio::test]
    async fn an_archived_room_with_unread_messages_stays_in_the_inbox() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        test.say(client, room, "Bonjour").await;
        let call = Call::post(&format!("/rooms/{room}/archive/"));
        test.call(archive_room, driver, call).await.expect(200);
        let inbox = test.firebase.inbox_writes(driver).await.remove(0);
        let entry = &inbox[&room.to_string()];
        assert_eq!(
            (&entry["is_archived"], &entry["unread_count"]),
            (&json!(true), &json!(1))
        );
        let other = test.firebase.inbox_writes(client).await.remove(0);
        assert_eq!(other[&room.to_string()]["is_archived"], false);
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
