//! `DELETE /api/v1/chat/rooms/{room_id}/access/`: ends the viewer's access to a room of others.
//!
//! For admins; 403 for others. Returns 204, also without access, which changes nothing; 404 for an invalid id. The end is
//! recorded in the audit log.

use shared::db::trust;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

async fn close_room_access(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let room_id = request.room_id()?;

    trust::close_access(&app.database, viewer, room_id).await?;
    Ok(ApiResponse::no_content())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(close_room_access).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::db::{rooms, trust};
    use shared::domain::Text;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn the_access_ends_and_a_repeat_changes_nothing() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let (_, _, room) = test.room().await;
        let reason = Text::parse("Litige").unwrap();
        let database = &test.app.database;
        trust::open_access(database, admin, room, &reason)
            .await
            .unwrap();
        assert!(rooms::get(database, admin, room).await.unwrap().is_some());
        for payload in [Payload::V1, Payload::V2] {
            let call = Call::delete(&format!("/rooms/{room}/access/")).payload(payload);
            test.call(close_room_access, admin, call).await.expect(204);
            assert!(rooms::get(database, admin, room).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn others_get_403() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let call = Call::delete(&format!("/rooms/{room}/access/"));
        test.call(close_room_access, driver, call.clone())
            .await
            .expect(403);
        test.call_anonymously(close_room_access, call)
            .await
            .expect(401);
    }
}
