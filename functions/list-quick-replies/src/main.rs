//! `GET /api/v1/chat/rooms/{room_id}/quick_replies/`: lists what the viewer is likely to say in the room now.
//!
//! For participants. The quick replies suit the types of both participants and the delivery's last event. The texts are in
//! the viewer's language (`users.language`, otherwise `Accept-Language`, otherwise French). Returns `language`, `event` and
//! `results`, which is empty for a closed room; 404 for another's room.

use shared::db::quick_replies;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

async fn list_quick_replies(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let (room_id, language) = (request.room_id()?, request.language());

    let replies = quick_replies::list(&app.database, viewer, room_id, language).await?;
    ApiResponse::ok(&replies)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(list_quick_replies).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, TestApp};

    #[tokio::test]
    async fn the_replies_are_in_the_language_of_the_header() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let call = || Call::get(&format!("/rooms/{room}/quick_replies/"));
        let french = test.call(list_quick_replies, driver, call()).await;
        let french = french.expect(200);
        assert_eq!(
            (&french["language"], &french["event"]),
            (&json!("fr"), &json!(null))
        );
        assert_eq!(
            french["results"][0],
            json!({ "key": "driver_hello", "text": "Bonjour, je suis votre livreur." })
        );
        let english = call().header("accept-language", "en-GB, fr;q=0.5");
        let english = test.call(list_quick_replies, client, english).await;
        let english = english.expect(200);
        assert_eq!(english["language"], "en");
        assert_eq!(english["results"][0]["key"], "client_where_is_it");
        assert_eq!(
            english["results"][0]["text"],
            "Hello, how is my delivery going?"
        );
    }

    #[tokio::test]
    async fn anothers_room_is_404() {
        let test = TestApp::new().await;
        let (.., room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        for path in [
            format!("/rooms/{room}/quick_replies/"),
            "/rooms/x/quick_replies/".to_owned(),
        ] {
            test.call(list_quick_replies, admin, Call::get(&path))
                .await
                .expect(404);
        }
    }
}
