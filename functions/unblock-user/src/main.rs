//! `DELETE /api/v1/chat/blocks/{user_id}/`: removes the caller's block of a user.
//!
//! For every user. Returns 204, also if there is no block. Firebase's rules learn of it after the response.

use shared::db::blocks;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

async fn unblock_user(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let user_id = request.user_id()?;

    let rooms = blocks::unblock(&app.database, viewer, user_id).await?;
    app.mirror_after_reply(rooms);
    Ok(ApiResponse::no_content())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(unblock_user).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::db::rooms;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn only_the_blocker_removes_a_block() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        blocks::block(&test.app.database, driver, client.0)
            .await
            .unwrap();
        let is_blocked = async || {
            let room = rooms::get(&test.app.database, driver, room).await.unwrap();
            room.unwrap().is_blocked
        };
        let call = |user: Viewer| Call::delete(&format!("/blocks/{}/", user.0));
        for (viewer, other, still) in [
            (client, driver, true),
            (driver, client, false),
            (driver, client, false),
        ] {
            let call = call(other).payload(Payload::V2);
            let reply = test.call(unblock_user, viewer, call).await;
            assert_eq!(reply.expect(204), json!(null));
            assert_eq!(is_blocked().await, still);
        }
        let writes = test.firebase.writes().await;
        assert_eq!(writes.len(), 1, "only the change is mirrored");
        let metadata = &writes[0].2[format!("chats/{room}/metadata")];
        assert!(metadata["revision"].is_i64());
        assert_eq!(metadata["blocked"], json!(null));
    }
}
