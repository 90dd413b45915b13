//! `POST /api/v1/chat/rooms/{room_id}/unreachable/`: calls a customer who does not respond.
//!
//! For the room's driver, if the delivery's last event is `arriving` and a message of the driver's is unanswered for two
//! minutes. The room gets a `system` message, and the customer a push, also during quiet hours. The customer has
//! `UNREACHABLE_SECONDS` to respond. Returns `unreachable_until`; while the call lasts, a repeat changes nothing. 400 with a
//! `detail` that names the missing condition, 403 for the customer, 404 for others. The room is mirrored.

use serde::Serialize;
use shared::db::rooms;
use shared::domain::{Timestamp, Viewer};
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve_with_after_reply};

#[derive(Serialize)]
struct Called {
    success: bool,
    unreachable_until: Timestamp,
    message: &'static str,
}

async fn report_unreachable(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let room_id = request.room_id()?;

    let call = rooms::call(&app.database, viewer, room_id, app.response_time).await?;
    if call.created {
        app.messages_after_reply(&[room_id]);
    }
    ApiResponse::ok(&Called {
        success: true,
        unreachable_until: call.until,
        message: "Le client est appelé à répondre",
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_after_reply(report_unreachable).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::testing::{Call, Payload, TestApp};
    use uuid::Uuid;

    fn post(room: Uuid) -> Call {
        Call::post(&format!("/rooms/{room}/unreachable/"))
    }

    async fn detail(test: &TestApp, viewer: Viewer, room: Uuid) -> String {
        let body = test.call(report_unreachable, viewer, post(room)).await;
        body.expect(400)["detail"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_call_is_mirrored_and_pushed_to_the_customer_who_has_muted_the_room() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.arrived().await;
        test.device(client, "client-phone").await;
        test.device(driver, "driver-phone").await;
        rooms::mute(&test.app.database, client, room, true)
            .await
            .unwrap();
        let said = test.say(driver, room, "Je suis devant chez vous").await;
        test.backdate(said.id, 121).await;

        let called = test.call(report_unreachable, driver, post(room)).await;
        let called = called.expect(200);
        assert_eq!(called["success"], true);
        let tree = test.firebase.room_writes(room).await.remove(0);
        assert_eq!(
            tree["metadata"]["unreachable_until"],
            called["unreachable_until"]
        );
        let words = "Le livreur est arrivé et ne parvient pas à joindre le destinataire. Merci de répondre dans les 5 minutes.";
        assert_eq!(tree["metadata"]["last_message_text"], words);

        let pushes = test.fcm.messages().await;
        assert_eq!(pushes.len(), 1, "neither the driver nor the muted message");
        assert_eq!(pushes[0]["token"], "client-phone");
        assert_eq!(pushes[0]["notification"]["body"], words);
        assert_eq!(pushes[0]["data"]["urgent"], "true");

        let again = post(room).payload(Payload::V2);
        let again = test.call(report_unreachable, driver, again).await;
        assert_eq!(again.expect(200), called);
        assert_eq!(test.firebase.writes().await.len(), 1);
    }

    #[tokio::test]
    async fn a_missing_condition_is_named() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        assert!(
            detail(&test, driver, room)
                .await
                .contains("du client d'une livraison")
        );
        let (driver, _, room) = test.arrived().await;
        assert!(detail(&test, driver, room).await.contains("deux minutes"));
        let picked_up = "UPDATE chat_events SET event = 'picked_up' WHERE event = 'arriving'";
        test.sql.execute(picked_up, &[]).await.unwrap();
        assert!(detail(&test, driver, room).await.contains("« arriving »"));
        test.close_rooms().await;
        assert!(detail(&test, driver, room).await.contains("fermée"));
    }

    #[tokio::test]
    async fn the_customer_gets_403_and_others_404() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.arrived().await;
        let forbidden = test.call(report_unreachable, client, post(room)).await;
        let forbidden: Value = forbidden.expect(403);
        assert_eq!(
            forbidden,
            json!({ "detail": "Vous n'avez pas la permission d'effectuer cette action." })
        );
        let stranger = test.user("driver", "Zié").await;
        test.call(report_unreachable, stranger, post(room))
            .await
            .expect(404);
        test.call(report_unreachable, driver, post(Uuid::new_v4()))
            .await
            .expect(404);
    }
}
