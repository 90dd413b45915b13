//! `POST /api/v1/chat/firebase_token/`: returns a Firebase custom token for the viewer.
//!
//! For every user. Returns the token, its lifetime in seconds, the URLs of the databases, and the path of the viewer's
//! inbox in each of them; 503 without a mirror.

use serde::Serialize;
use shared::db::firebase_users;
use shared::domain::Viewer;
use shared::error::Result;
use shared::firebase::CustomToken;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct FirebaseToken<'a> {
    #[serde(flatten)]
    token: CustomToken,
    /// The first of `database_urls`.
    database_url: &'a str,
    database_urls: Vec<&'a str>,
    inbox_path: String,
}

async fn firebase_token(app: &'static App, viewer: Viewer, _: Request) -> Result<ApiResponse> {
    firebase_users::note(&app.database, viewer).await?;

    let database_urls = app.require_firebase()?.urls();
    ApiResponse::ok(&FirebaseToken {
        token: app.custom_token(viewer)?,
        database_url: database_urls[0],
        database_urls,
        inbox_path: format!("/inboxes/{}", viewer.0),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(firebase_token).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn the_token_is_signed_for_the_viewer() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa").await;
        for payload in [Payload::V1, Payload::V2] {
            let body = test
                .call(
                    firebase_token,
                    driver,
                    Call::post("/firebase_token/").payload(payload),
                )
                .await
                .expect(200);
            assert_eq!(
                (&body["expires_in"], &body["database_url"]),
                (&3600.into(), &"https://relais-test.firebaseio.com".into())
            );
            assert_eq!(
                body["database_urls"],
                json!(["https://relais-test.firebaseio.com"])
            );
            assert_eq!(body["inbox_path"], format!("/inboxes/{}", driver.0));
            assert_eq!(body["token"].as_str().unwrap().split('.').count(), 3);
        }
    }

    #[tokio::test]
    async fn a_deployment_without_a_mirror_returns_503_and_says_so() {
        let test = TestApp::with(|settings, _| settings.firebase = None).await;
        let driver = test.user("driver", "Awa").await;
        let body = test
            .call(firebase_token, driver, Call::post("/firebase_token/"))
            .await
            .expect(503);
        assert_eq!(
            body["detail"],
            "Le temps réel n'est pas configuré sur ce serveur."
        );
    }

    #[tokio::test]
    async fn an_unknown_user_gets_401() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa").await;
        test.sql.execute("DELETE FROM users", &[]).await.unwrap();
        let body = test
            .call(firebase_token, driver, Call::post("/firebase_token/"))
            .await
            .expect(401);
        assert_eq!(body["code"], "user_not_found");
    }
}
