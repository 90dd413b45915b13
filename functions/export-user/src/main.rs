//! `GET /api/v1/chat/users/{user_id}/export/`: returns everything that the chat stores of a person.
//!
//! For the platform's backend only: its token has the audience `chat-events` and no user. Returns pages of 1,000 rooms,
//! messages and receipts, and devices, settings, blocks and reports on the first; `next` leads to the next page. Returns 404
//! for an invalid id, 400 for an invalid `after`. An unknown person has empty pages. The export is recorded in the audit
//! log.

use serde::Serialize;
use shared::db::trust::{self, ExportPage};
use shared::domain::Platform;
use shared::error::Result;
use shared::http::{ApiResponse, Request, link_after};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct Export {
    next: Option<String>,
    #[serde(flatten)]
    page: ExportPage,
}

async fn export_user(
    app: &'static App,
    platform: Platform,
    request: Request,
) -> Result<ApiResponse> {
    let user_id = request.user_id()?;
    let mut query = request.query();
    let after = query.optional("after");
    query.finish(Some(()))?;

    let page = trust::export(&app.database, platform, user_id, after).await?;
    let next = link_after(&request, page.continues);
    ApiResponse::ok(&Export { next, page })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(export_user).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn a_person_gets_rooms_messages_and_receipts() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let sent = test.say(driver, room, "Bonjour").await;
        test.say(client, room, "Merci").await;
        test.device(driver, "token-of-awa").await;
        let call = Call::get(&format!("/users/{}/export/", driver.0)).payload(Payload::V2);
        let page = test.call_as_platform(export_user, call).await.expect(200);
        assert_eq!(page["next"], json!(null));
        assert_eq!(page["user_id"], json!(driver.0));
        assert_eq!(page["profile"]["devices"][0]["token"], "token-of-awa");
        assert_eq!(page["rooms"][0]["id"], json!(room));
        assert_eq!(
            page["messages"],
            json!([{
                "id": sent.id, "chat_room": room, "seq": 1, "message_type": "text", "text": "Bonjour", "image_url": "",
                "latitude": null, "longitude": null, "created_at": sent.created_at, "edited_at": null,
                "deleted_at": null, "versions": [],
            }])
        );
        assert_eq!(page["receipts"], json!([]), "nothing is read");
    }

    #[tokio::test]
    async fn an_invalid_position_is_400_and_an_invalid_id_404() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa Koné").await;
        let call = Call::get(&format!("/users/{}/export/", driver.0)).query("after", "x");
        let body = test.call_as_platform(export_user, call).await.expect(400);
        assert!(body["after"].is_array());
        let call = Call::get("/users/x/export/");
        test.call_as_platform(export_user, call).await.expect(404);
    }

    #[tokio::test]
    async fn only_the_platform_may_call_it() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let call = Call::get(&format!("/users/{}/export/", admin.0));
        let reply = test.call(export_user, admin, call.clone()).await;
        assert_eq!(reply.expect(401)["code"], "token_not_valid");
        let reply = test.call_anonymously(export_user, call).await;
        assert_eq!(reply.expect(401)["code"], "not_authenticated");
    }
}
