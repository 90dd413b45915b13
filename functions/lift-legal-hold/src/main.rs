//! `DELETE /api/v1/chat/rooms/{room_id}/legal_hold/`: lifts the legal hold of a room.
//!
//! For admins; 403 for others, 404 for an unknown room. Returns 204; a repeat changes nothing. Retention and erasures that
//! have left the room go on. The change is recorded in the audit log.

use shared::db::trust;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

async fn lift_legal_hold(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let room_id = request.room_id()?;

    trust::set_legal_hold(&app.database, viewer, room_id, false, "").await?;
    Ok(ApiResponse::no_content())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(lift_legal_hold).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn the_hold_is_lifted_once() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let (_, _, room) = test.room().await;
        let hold = trust::set_legal_hold(&test.app.database, admin, room, true, "Plainte");
        hold.await.unwrap();
        for payload in [Payload::V1, Payload::V2] {
            let call = Call::delete(&format!("/rooms/{room}/legal_hold/")).payload(payload);
            test.call(lift_legal_hold, admin, call).await.expect(204);
        }
        let log = "SELECT count(*) FROM chat_audit_log WHERE action = 'lift_legal_hold'";
        let log = test.sql.query_one(log, &[]).await.unwrap();
        assert_eq!(log.get::<_, i64>(0), 1);
    }

    #[tokio::test]
    async fn others_get_403_and_unknown_rooms_404() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let (driver, _, room) = test.room().await;
        let call = Call::delete(&format!("/rooms/{room}/legal_hold/"));
        test.call(lift_legal_hold, driver, call.clone())
            .await
            .expect(403);
        test.call_anonymously(lift_legal_hold, call)
            .await
            .expect(401);
        let unknown = Call::delete(&format!("/rooms/{}/legal_hold/", admin.0));
        test.call(lift_legal_hold, admin, unknown).await.expect(404);
    }
}
