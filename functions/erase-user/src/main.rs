//! `POST /api/v1/chat/users/{user_id}/erase/`: erases a person's data.
//!
//! For the platform's backend only: its token has the audience `chat-events` and no user. Body: `deleted_photos`, photos of
//! earlier responses that the platform has deleted; `again`, to start a finished erasure again. Returns the progress: 202
//! while `maintain-rooms` continues in batches, 200 when it is finished. A repeat returns the progress; it starts nothing.
//! Returns 404 for an invalid id, 400 for bad fields. Each start is recorded in the audit log.

use shared::db::trust::{self, ErasureRequest};
use shared::domain::{Platform, Text};
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

/// The number of photos that a request may confirm: those of one response.
const PHOTOS: usize = 1000;

async fn erase_user(
    app: &'static App,
    platform: Platform,
    request: Request,
) -> Result<ApiResponse> {
    let user_id = request.user_id()?;
    let mut body = request.body()?;
    let deleted_photos = body.optional_list::<Text>("deleted_photos", PHOTOS);
    let again = body.with_default("again", false);
    let again = body.finish(again)?;

    let photos = deleted_photos.unwrap_or_default();
    let request = ErasureRequest {
        deleted_photos: photos.iter().map(|url| url.as_str().to_owned()).collect(),
        again,
    };
    let erasure = trust::erase(&app.database, platform, user_id, &request).await?;
    if erasure.is_finished {
        ApiResponse::ok(&erasure)
    } else {
        ApiResponse::accepted(&erasure)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(erase_user).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn an_erasure_is_accepted_goes_on_in_batches_and_ends() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        test.say(driver, room, "Bonjour").await;
        let path = format!("/users/{}/erase/", driver.0);
        let call = || test.call_as_platform(erase_user, Call::post(&path).payload(Payload::V2));
        let started = json!({
            "user_id": driver.0, "is_finished": false, "rooms_remaining": 1, "messages_erased": 0,
            "rooms_on_hold": [], "photos": [], "profile_remains": true,
        });
        for _ in 0..2 {
            assert_eq!(call().await.expect(202), started);
        }
        while trust::erase_due(&test.app.database, 10)
            .await
            .unwrap()
            .found
        {}
        let ended = call().await.expect(200);
        assert_eq!(ended["is_finished"], true);
        assert_eq!(
            (&ended["rooms_remaining"], &ended["messages_erased"]),
            (&json!(0), &json!(1))
        );
        let again = Call::post(&path).json(json!({ "again": true }));
        test.call_as_platform(erase_user, again).await.expect(202);
    }

    #[tokio::test]
    async fn bad_fields_are_400_and_an_invalid_id_404() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa Koné").await;
        let call = Call::post(&format!("/users/{}/erase/", driver.0));
        let call = call.json(json!({ "deleted_photos": [1], "again": "x" }));
        assert_eq!(
            test.call_as_platform(erase_user, call).await.expect(400),
            json!({
                "deleted_photos": { "0": ["Chaîne de caractère invalide."] },
                "again": ["Doit être un booléen valide."],
            })
        );
        let call = Call::post("/users/x/erase/");
        test.call_as_platform(erase_user, call).await.expect(404);
    }

    #[tokio::test]
    async fn only_the_platform_may_call_it() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let call = Call::post(&format!("/users/{}/erase/", admin.0));
        let reply = test.call(erase_user, admin, call.clone()).await;
        assert_eq!(reply.expect(401)["code"], "token_not_valid");
        let reply = test.call_anonymously(erase_user, call).await;
        assert_eq!(reply.expect(401)["code"], "not_authenticated");
    }
}
