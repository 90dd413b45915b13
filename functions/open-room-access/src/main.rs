//! `POST /api/v1/chat/rooms/{room_id}/access/`: opens a room of others to the viewer for 60 minutes, for a dispute.
//!
//! For admins; 403 for others, 404 for an unknown room. Body: `reason`. Returns the end of the access: 201, or 200 if it
//! was extended. The access is for reading by the API only: the detail, the history with the earlier versions of messages,
//! and the search in the room. The grant and each read are recorded in the audit log.

use serde::Serialize;
use shared::db::trust;
use shared::domain::{Text, Timestamp, Viewer};
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct Opened {
    success: bool,
    expires_at: Timestamp,
    message: &'static str,
}

async fn open_room_access(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let room_id = request.room_id()?;
    let mut body = request.body()?;
    let reason = body.required::<Text>("reason");
    let reason = body.finish(reason)?;

    let (expires_at, is_new) = trust::open_access(&app.database, viewer, room_id, &reason).await?;
    ApiResponse::created(
        is_new,
        &Opened {
            success: true,
            expires_at,
            message: "Accès à la conversation ouvert",
        },
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(open_room_access).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn an_admin_gets_access_for_an_hour_and_extends_it() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let (_, _, room) = test.room().await;
        let call =
            || Call::post(&format!("/rooms/{room}/access/")).json(json!({ "reason": "Litige 12" }));
        let first = test.call(open_room_access, admin, call()).await.expect(201);
        assert_eq!(first["success"], true);
        assert_eq!(first["message"], "Accès à la conversation ouvert");
        let again = call().payload(Payload::V2);
        let again = test.call(open_room_access, admin, again).await.expect(200);
        assert!(again["expires_at"].as_str() > first["expires_at"].as_str());
    }

    #[tokio::test]
    async fn a_reason_is_required() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let (_, _, room) = test.room().await;
        let call = Call::post(&format!("/rooms/{room}/access/"));
        assert_eq!(
            test.call(open_room_access, admin, call).await.expect(400),
            json!({ "reason": ["Ce champ est obligatoire."] })
        );
    }

    #[tokio::test]
    async fn others_get_403_and_unknown_rooms_404() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let (driver, _, room) = test.room().await;
        let body = json!({ "reason": "Litige" });
        let call = Call::post(&format!("/rooms/{room}/access/")).json(body.clone());
        test.call(open_room_access, driver, call.clone())
            .await
            .expect(403);
        test.call_anonymously(open_room_access, call)
            .await
            .expect(401);
        for id in [admin.0.to_string(), "x".to_owned()] {
            let call = Call::post(&format!("/rooms/{id}/access/")).json(body.clone());
            test.call(open_room_access, admin, call).await.expect(404);
        }
    }
}
