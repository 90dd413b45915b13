//! `GET /api/v1/chat/notification_settings/`: returns when the viewer gets pushes.
//!
//! For every user. By default every push is sent.

use shared::db::notification_settings;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

async fn get_notification_settings(
    app: &'static App,
    viewer: Viewer,
    _: Request,
) -> Result<ApiResponse> {
    ApiResponse::ok(&notification_settings::get(&app.database, viewer).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(get_notification_settings).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, TestApp};

    #[tokio::test]
    async fn by_default_every_push_is_sent() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa Koné").await;
        let call = || Call::get("/notification_settings/");
        let body = test
            .call(get_notification_settings, driver, call())
            .await
            .expect(200);
        assert_eq!(
            body,
            json!({ "push_enabled": true, "quiet_from": null, "quiet_to": null, "time_zone": "Africa/Abidjan" })
        );
        test.call_anonymously(get_notification_settings, call())
            .await
            .expect(401);
        test.sql.execute("DELETE FROM users", &[]).await.unwrap();
        let reply = test.call(get_notification_settings, driver, call()).await;
        assert_eq!(reply.expect(401)["code"], "user_not_found");
    }
}
