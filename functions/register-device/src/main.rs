//! `PUT /api/v1/chat/devices/{token}/`: registers the viewer's device for pushes.
//!
//! For every user. `token` is FCM's registration token; if it belonged to another user, it now belongs to the viewer.
//! Returns 201 if the device is new to the viewer, otherwise 200; 400 for an invalid token. An eleventh device replaces the
//! one that was registered longest ago. A deployment without pushes stores devices too, for when it has pushes.

use serde::Serialize;
use shared::db::devices;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct Registered {
    success: bool,
    message: &'static str,
}

async fn register_device(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let token = request.device_token()?;
    let is_new = devices::register(&app.database, viewer, &token).await?;
    ApiResponse::created(
        is_new,
        &Registered {
            success: true,
            message: "Appareil enregistré",
        },
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(register_device).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::DeviceToken;
    use shared::testing::{Call, Payload, TestApp};

    async fn tokens(test: &TestApp, viewer: Viewer) -> Vec<String> {
        let sql = "SELECT token FROM chat_devices WHERE user_id = $1 ORDER BY registered_at";
        let rows = test.sql.query(sql, &[&viewer.0]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    #[tokio::test]
    async fn a_device_is_201_and_then_200() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa Koné").await;
        let call = || Call::put("/devices/cR1:APA91b-_x/");
        let registered = json!({ "success": true, "message": "Appareil enregistré" });
        for (status, call) in [(201, call()), (200, call().payload(Payload::V2))] {
            let body = test.call(register_device, driver, call).await;
            assert_eq!(body.expect(status), registered);
        }
        assert_eq!(tokens(&test, driver).await, ["cR1:APA91b-_x"]);
    }

    #[tokio::test]
    async fn a_token_is_the_same_whether_or_not_the_gateway_has_decoded_it() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa Koné").await;
        for (status, path) in [(201, "/devices/a:b/"), (200, "/devices/a%3Ab/")] {
            test.call(register_device, driver, Call::put(path))
                .await
                .expect(status);
        }
        assert_eq!(tokens(&test, driver).await, ["a:b"]);
    }

    #[tokio::test]
    async fn a_device_moves_to_the_user_who_signs_in_on_it() {
        let test = TestApp::new().await;
        let (driver, client, _) = test.room().await;
        let call = || Call::put("/devices/shared/");
        for (status, viewer) in [(201, driver), (201, client), (200, client), (201, driver)] {
            test.call(register_device, viewer, call())
                .await
                .expect(status);
        }
        assert_eq!(tokens(&test, driver).await, ["shared"]);
        assert!(tokens(&test, client).await.is_empty());
    }

    #[tokio::test]
    async fn an_eleventh_device_replaces_the_oldest() {
        let test = TestApp::new().await;
        let (driver, client, _) = test.room().await;
        test.device(client, "another's").await;
        for n in 0..11 {
            test.device(driver, &format!("device-{n}")).await;
        }
        test.device(driver, "device-1").await;
        test.device(driver, "device-11").await;
        let expected: Vec<_> = [3, 4, 5, 6, 7, 8, 9, 10, 1, 11]
            .map(|n| format!("device-{n}"))
            .into();
        assert_eq!(tokens(&test, driver).await, expected);
        assert_eq!(tokens(&test, client).await, ["another's"]);
    }

    #[tokio::test]
    async fn ten_of_thirty_concurrent_devices_stay() {
        let test = TestApp::new().await;
        let (driver, client, _) = test.room().await;
        for n in 0..5 {
            test.device(client, &format!("device-{n}")).await;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..30 {
            let database = &test.app.database;
            tasks.spawn(async move {
                let token = DeviceToken::parse(&format!("device-{n}")).unwrap();
                devices::register(database, driver, &token).await.unwrap()
            });
        }
        assert!(tasks.join_all().await.into_iter().all(|is_new| is_new));
        assert_eq!(tokens(&test, driver).await.len(), 10);
    }

    #[tokio::test]
    async fn an_invalid_token_returns_400_and_an_unknown_user_401_first() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa Koné").await;
        for bad in ["a%20b", "%C3%A9", "a%00", &"x".repeat(1025)] {
            let call = Call::put(&format!("/devices/{bad}/"));
            let body = test.call(register_device, driver, call).await.expect(400);
            assert!(body["token"].is_array(), "{body}");
        }
        test.deactivate(driver).await;
        for path in ["/devices/a%20b/", "/devices/a/"] {
            let reply = test.call(register_device, driver, Call::put(path)).await;
            assert_eq!(reply.expect(401)["code"], "user_inactive");
        }
        assert!(tokens(&test, driver).await.is_empty());
    }

    #[tokio::test]
    async fn a_device_is_stored_also_without_pushes() {
        let test = TestApp::with(|settings, _| settings.fcm_url = None).await;
        let driver = test.user("driver", "Awa Koné").await;
        let reply = test
            .call(register_device, driver, Call::put("/devices/a/"))
            .await;
        reply.expect(201);
        assert_eq!(tokens(&test, driver).await, ["a"]);
    }
}
