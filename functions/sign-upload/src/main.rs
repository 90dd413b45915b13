//! `POST /api/v1/chat/uploads/`: signs the upload of a photo to Cloudinary.
//!
//! For the participants of an active conversation. Body: `chat_room_id`. Returns the URL and the form fields of the
//! upload, signed for ten minutes. Cloudinary's response has `eager[0].secure_url`, which the client sends as the
//! `image_url` of a message. Returns 404 for other users, 400 if the conversation is closed, 429 above
//! `UPLOAD_LIMIT`, and 503 if Cloudinary is not configured.

use shared::db::uploads;
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

async fn sign_upload(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let mut body = request.body()?;
    let room_id = body.required("chat_room_id");
    let room_id = body.finish(room_id)?;

    uploads::authorize(&app.database, viewer, room_id, app.person_limits.uploads).await?;
    ApiResponse::ok(&app.sign_upload(room_id)?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(sign_upload).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::cloudinary::Cloudinary;
    use shared::testing::{Call, Payload, TestApp};

    fn post(body: Value) -> Call {
        Call::post("/uploads/").json(body)
    }

    async fn test() -> TestApp {
        TestApp::with(|_, secret| {
            secret.cloudinary = Cloudinary::parse("cloudinary://1234:abcd@demo").ok();
        })
        .await
    }

    #[tokio::test]
    async fn a_participant_gets_an_upload_below_the_rooms_path() {
        let test = test().await;
        let (driver, client, room) = test.room().await;
        let mut photos = vec![];
        for (viewer, payload) in [(driver, Payload::V1), (client, Payload::V2)] {
            let call = post(json!({ "chat_room_id": room })).payload(payload);
            let upload = test.call(sign_upload, viewer, call).await.expect(200);
            assert_eq!(
                upload["upload_url"],
                "https://api.cloudinary.com/v1_1/demo/image/upload"
            );
            assert_eq!(
                (&upload["max_bytes"], &upload["expires_in"]),
                (&json!(10_485_760), &json!(600))
            );
            let fields = upload["fields"].as_object().unwrap();
            assert!(fields.values().all(Value::is_string), "as a form has them");
            assert_eq!(
                fields.keys().collect::<Vec<_>>(),
                [
                    "allowed_formats",
                    "api_key",
                    "eager",
                    "overwrite",
                    "public_id",
                    "signature",
                    "timestamp",
                    "transformation",
                ]
            );
            let photo = fields["public_id"].as_str().unwrap();
            assert!(photo.starts_with(&format!("relais/{room}/")), "{photo}");
            photos.push(fields["public_id"].clone());
        }
        assert_ne!(photos[0], photos[1], "each is one photo's");
    }

    #[tokio::test]
    async fn other_users_and_closed_rooms_are_rejected() {
        let test = test().await;
        let (driver, _, room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        let call = || post(json!({ "chat_room_id": room }));
        test.call(sign_upload, admin, call()).await.expect(404);
        for body in [
            json!({}),
            json!({ "chat_room_id": null }),
            json!({ "chat_room_id": "x" }),
        ] {
            let body = test.call(sign_upload, driver, post(body)).await.expect(400);
            assert!(body["chat_room_id"].is_array());
        }
        test.close_rooms().await;
        let body = test.call(sign_upload, driver, call()).await.expect(400);
        assert!(body["chat_room_id"].is_array());
    }

    #[tokio::test]
    async fn a_deployment_without_cloudinary_returns_503() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let body = test
            .call(sign_upload, driver, post(json!({ "chat_room_id": room })))
            .await
            .expect(503);
        assert_eq!(
            body["detail"],
            "Le dépôt de photos n'est pas configuré sur ce serveur."
        );
    }
}
