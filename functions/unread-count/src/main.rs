//! `GET /api/v1/chat/rooms/unread_count/`: counts the viewer's unread messages over all rooms.
//!
//! For every user. Archived rooms count too.

use serde::Serialize;
use shared::db::rooms;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct UnreadCount {
    unread_count: i64,
}

async fn unread_count(app: &'static App, viewer: Viewer, _: Request) -> Result<ApiResponse> {
    let unread_count = rooms::unread_count(&app.database, viewer).await?;
    ApiResponse::ok(&UnreadCount { unread_count })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(unread_count).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn the_total_is_returned() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        test.say(driver, room, "1").await;
        test.say(driver, room, "2").await;
        for payload in [Payload::V1, Payload::V2] {
            let call = Call::get("/rooms/unread_count/").payload(payload);
            assert_eq!(
                test.call(unread_count, client, call).await.expect(200),
                json!({ "unread_count": 2 })
            );
        }
    }
}
