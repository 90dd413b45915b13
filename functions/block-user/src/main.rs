//! `PUT /api/v1/chat/blocks/{user_id}/`: blocks a user.
//!
//! For every user. The blocked user can no longer write to the caller, and neither opens a new room with the other. Returns
//! the block: 201 if it is new, otherwise 200; 404 for an unknown user, 400 for the caller themselves. Firebase's rules
//! and the platform learn of the block after the response.

use shared::db::blocks;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

async fn block_user(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let user_id = request.user_id()?;

    let blocked = blocks::block(&app.database, viewer, user_id).await?;
    app.mirror_after_reply(blocked.rooms);
    if blocked.created {
        app.webhooks_after_reply(vec![viewer.0]);
    }
    ApiResponse::created(blocked.created, &blocked.block)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(block_user).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn a_block_is_201_then_200_and_is_in_firebase() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let call = || Call::put(&format!("/blocks/{}/", client.0));
        let block = test.call(block_user, driver, call()).await.expect(201);
        assert_eq!(
            block,
            json!({
                "user_id": client.0,
                "user": {
                    "id": client.0, "full_name": "Jean Dupont", "user_type": "client", "profile_photo_url": null,
                },
                "created_at": block["created_at"],
            })
        );
        let writes = test.firebase.writes().await;
        let (_, _, update) = &writes[0];
        let metadata = &update[format!("chats/{room}/metadata")];
        assert_eq!(metadata["blocked"], json!({ client.0.to_string(): true }));

        let repeat = call().payload(Payload::V2);
        assert_eq!(
            test.call(block_user, driver, repeat).await.expect(200),
            block
        );
        assert_eq!(test.firebase.writes().await.len(), 1);
    }

    #[tokio::test]
    async fn an_unknown_user_returns_404_and_the_caller_400() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        for id in [room.to_string(), "x".to_owned()] {
            let call = Call::put(&format!("/blocks/{id}/"));
            test.call(block_user, driver, call).await.expect(404);
        }
        let call = Call::put(&format!("/blocks/{}/", driver.0));
        let body = test.call(block_user, driver, call).await.expect(400);
        assert_eq!(
            body,
            json!({ "detail": "Impossible de se bloquer soi-même." })
        );
    }
}
