//! `DELETE /api/v1/chat/devices/{token}/`: removes the viewer's device at sign-out.
//!
//! For every user. Returns 204, also if the device is not the viewer's, which changes nothing; 400 for an invalid token.

use shared::db::devices;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

async fn remove_device(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let token = request.device_token()?;

    devices::remove(&app.database, viewer, &token).await?;
    Ok(ApiResponse::no_content())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(remove_device).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn only_its_owner_removes_a_device() {
        let test = TestApp::new().await;
        let (driver, client, _) = test.room().await;
        test.device(driver, "a:b").await;
        let devices = async || {
            let count = "SELECT count(*) FROM chat_devices";
            test.sql
                .query_one(count, &[])
                .await
                .unwrap()
                .get::<_, i64>(0)
        };
        for (viewer, path, left) in [
            (client, "/devices/a:b/", 1),
            (driver, "/devices/unknown/", 1),
            (driver, "/devices/a%3Ab/", 0),
            (driver, "/devices/a:b/", 0),
        ] {
            let call = Call::delete(path).payload(Payload::V2);
            let reply = test.call(remove_device, viewer, call).await;
            assert!(!reply.headers.contains_key("content-type"));
            assert_eq!(reply.expect(204), json!(null));
            assert_eq!(devices().await, left, "{path}");
        }
    }

    #[tokio::test]
    async fn an_invalid_token_returns_400_and_a_missing_user_401() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa Koné").await;
        let call = || Call::delete("/devices/a%20b/");
        let body = test.call(remove_device, driver, call()).await.expect(400);
        assert!(body["token"].is_array(), "{body}");
        test.call_anonymously(remove_device, call())
            .await
            .expect(401);
    }
}
