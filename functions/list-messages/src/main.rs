//! `GET /api/v1/chat/messages/?chat_room_id=…`: returns the history of a room.
//!
//! For participants. Query: `ordering`, `page`, `page_size`; or `after_seq` for what a phone has missed, oldest first, where
//! `next` continues at the end. Returns a page of messages; 400 without a room, 404 for another's room or a page out of
//! range.

use shared::db::messages;
use shared::domain::{MessageOrder, Viewer};
use shared::error::{Error, Result};
use shared::http::{ApiResponse, Listing, Paged, Request, Seq};
use shared::runtime::{App, StartError, serve};

async fn list_messages(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let mut query = request.query();
    let room_id = query.required("chat_room_id");
    let after_seq = query.optional::<Seq>("after_seq");
    let order = MessageOrder::parse(query.text("ordering"));
    let listing = Listing::read(&query);
    let room_id = query.finish(room_id)?;
    let Listing { number, size } = listing?;

    if let Some(Seq(after_seq)) = after_seq {
        let (count, missed) =
            messages::backfill(&app.database, viewer, room_id, after_seq, size).await?;
        let continues_after = missed
            .last()
            .map(|last| last.seq)
            .filter(|seq| *seq < count);
        return ApiResponse::ok(&Paged::slice_after(
            &request,
            count,
            missed,
            continues_after,
        ));
    }
    let page = messages::list(&app.database, viewer, room_id, order, number, size).await?;
    ApiResponse::ok(&Paged::new(&request, page.ok_or(Error::PageNotFound)?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(list_messages).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn a_message_has_the_api_guides_fields() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let message = test.say(driver, room, "Bonjour").await;
        for payload in [Payload::V1, Payload::V2] {
            let call = Call::get("/messages/")
                .query("chat_room_id", room)
                .payload(payload);
            let body = test.call(list_messages, client, call).await.expect(200);
            assert_eq!(
                body,
                json!({
                    "count": 1, "next": null, "previous": null,
                    "results": [{
                        "id": message.id,
                        "chat_room": room,
                        "seq": 1,
                        "sender": { "id": driver.0, "full_name": "Awa Koné", "profile_photo_url": null },
                        "message_type": "text",
                        "text": "Bonjour",
                        "image_url": "",
                        "latitude": null,
                        "longitude": null,
                        "is_delivered": false,
                        "is_read": false,
                        "read_at": null,
                        "created_at": message.created_at,
                        "edited_at": null,
                        "is_deleted": false,
                        "deleted_at": null,
                        "revision": 2,
                    }],
                })
            );
        }
    }

    #[tokio::test]
    async fn a_backfills_links_lead_to_its_end() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        for _ in 0..3 {
            test.say(driver, room, "Bonjour").await;
        }
        let after = async |seq: &str| {
            let call = Call::get("/messages/")
                .query("chat_room_id", room)
                .query("page_size", "2");
            test.call(list_messages, client, call.query("after_seq", seq))
                .await
                .expect(200)
        };
        let first = after("0").await;
        assert_eq!(
            (first["results"].as_array().unwrap().len(), &first["count"]),
            (2, &json!(3))
        );
        let next = first["next"].as_str().unwrap();
        assert!(next.starts_with(
            "https://chat.relais.example/prod/api/v1/chat/messages/?after_seq=2&chat_room_id="
        ));
        let last = after("2").await;
        assert_eq!(
            (&last["results"][0]["seq"], &last["next"]),
            (&json!(3), &json!(null))
        );
    }

    #[tokio::test]
    async fn a_room_is_required_and_must_be_the_viewers() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        let call = |room: &str| Call::get("/messages/").query("chat_room_id", room);
        for (call, reason) in [
            (Call::get("/messages/"), "Ce champ est obligatoire."),
            (call(""), "Ce champ est obligatoire."),
            (call("x"), "Doit être un UUID valide."),
        ] {
            let body = test.call(list_messages, driver, call).await.expect(400);
            assert_eq!(body, json!({ "chat_room_id": [reason] }));
        }
        test.call(list_messages, admin, call(&room.to_string()))
            .await
            .expect(404);
        let out_of_range = call(&room.to_string()).query("page", "2");
        let body = test
            .call(list_messages, driver, out_of_range)
            .await
            .expect(404);
        assert_eq!(body, json!({ "detail": "Page invalide." }));
        for after_seq in ["-1", "x", "1.5", "99999999999999999999"] {
            let call = call(&room.to_string()).query("after_seq", after_seq);
            assert!(
                test.call(list_messages, driver, call).await.expect(400)["after_seq"].is_array(),
                "{after_seq}"
            );
        }
    }
}
