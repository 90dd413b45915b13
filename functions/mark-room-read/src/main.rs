//! `POST /api/v1/chat/rooms/{room_id}/mark_as_read/`: marks all messages of a room as read.
//!
//! For participants; it also repairs a counter that an app got wrong. Returns a message; 404 for others. The receipts are
//! mirrored.

use serde::Serialize;
use shared::db::messages::{self, Unread};
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

#[derive(Serialize)]
struct Done {
    success: bool,
    message: &'static str,
}

async fn mark_room_read(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let room_id = request.room_id()?;

    let marked = messages::mark_read(&app.database, viewer, &Unread::Room(room_id)).await?;
    app.mirror_after_reply(marked.rooms);
    ApiResponse::ok(&Done {
        success: true,
        message: "Conversation marquée comme lue",
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(mark_room_read).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn all_messages_are_read_and_the_receipts_mirrored() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let message = test.say(driver, room, "Bonjour").await;
        let call = |payload| Call::post(&format!("/rooms/{room}/mark_as_read/")).payload(payload);
        let body = test
            .call(mark_room_read, client, call(Payload::V1))
            .await
            .expect(200);
        assert_eq!(
            body,
            json!({ "success": true, "message": "Conversation marquée comme lue" })
        );
        let writes = test.firebase.room_writes(room).await;
        assert_eq!(
            writes[0]["messages"][message.id.to_string()]["is_read"],
            true
        );

        assert_eq!(
            test.call(mark_room_read, client, call(Payload::V2))
                .await
                .expect(200),
            body
        );
        assert_eq!(
            test.firebase.writes().await.len(),
            1,
            "nothing changed, so nothing is mirrored"
        );
    }

    #[tokio::test]
    async fn anothers_room_returns_404() {
        let test = TestApp::new().await;
        let (_, _, room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        test.call(
            mark_room_read,
            admin,
            Call::post(&format!("/rooms/{room}/mark_as_read/")),
        )
        .await
        .expect(404);
    }
}
