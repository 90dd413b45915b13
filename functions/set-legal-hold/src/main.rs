//! `PUT /api/v1/chat/rooms/{room_id}/legal_hold/`: keeps a room: neither retention nor an erasure changes it.
//!
//! For admins; 403 for others, 404 for an unknown room. Body: `reason`. Returns the new state; a repeat changes nothing.
//! The change is recorded in the audit log.

use serde::Serialize;
use shared::db::trust;
use shared::domain::{Text, Viewer};
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct Held {
    success: bool,
    legal_hold: bool,
    message: &'static str,
}

async fn set_legal_hold(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let room_id = request.room_id()?;
    let mut body = request.body()?;
    let reason = body.required::<Text>("reason");
    let reason = body.finish(reason)?;

    trust::set_legal_hold(&app.database, viewer, room_id, true, reason.as_str()).await?;
    ApiResponse::ok(&Held {
        success: true,
        legal_hold: true,
        message: "Conversation conservée",
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(set_legal_hold).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn a_room_is_put_under_legal_hold_once() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let (_, _, room) = test.room().await;
        for payload in [Payload::V1, Payload::V2] {
            let call = Call::put(&format!("/rooms/{room}/legal_hold/"));
            let call = call.json(json!({ "reason": "Plainte" })).payload(payload);
            assert_eq!(
                test.call(set_legal_hold, admin, call).await.expect(200),
                json!({ "success": true, "legal_hold": true, "message": "Conversation conservée" })
            );
        }
        let log = "SELECT reason FROM chat_audit_log WHERE action = 'set_legal_hold'";
        let log = test.sql.query(log, &[]).await.unwrap();
        assert_eq!(log.len(), 1);
        assert_eq!(log[0].get::<_, &str>(0), "Plainte");
    }

    #[tokio::test]
    async fn a_reason_is_required_others_get_403_and_unknown_rooms_404() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let (driver, _, room) = test.room().await;
        let path = format!("/rooms/{room}/legal_hold/");
        let body = json!({ "reason": "Plainte" });
        test.call(set_legal_hold, admin, Call::put(&path))
            .await
            .expect(400);
        let call = Call::put(&path).json(body.clone());
        test.call(set_legal_hold, driver, call.clone())
            .await
            .expect(403);
        test.call_anonymously(set_legal_hold, call)
            .await
            .expect(401);
        let unknown = Call::put(&format!("/rooms/{}/legal_hold/", admin.0)).json(body);
        test.call(set_legal_hold, admin, unknown).await.expect(404);
    }
}
