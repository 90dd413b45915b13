//! `GET /api/v1/chat/messages/?chat_room_id=…`: returns the history of a room.
//!
//! For participants. Query: `ordering`, `page`, `page_size`; or `after_seq` for the messages that a phone has missed, oldest
//! first, where `next` continues at the end; or `changed_since` for all that has changed since a revision of the room.
//! Returns messages and the room's revision; 400 without a room, 404 for another's room or a page out of range.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::db::messages::{self, ChangeCursor};
use shared::domain::{Message, MessageOrder, ReceiptState, Viewer};
use shared::error::{Error, Result};
use shared::http::{ApiResponse, Listing, Paged, Request, Seq};
use shared::runtime::{App, StartError, serve};
use uuid::Uuid;

#[derive(Serialize)]
struct History {
    #[serde(flatten)]
    page: Paged<Message>,
    revision: i64,
}

#[derive(Serialize)]
struct Changes {
    #[serde(flatten)]
    history: History,
    receipts: BTreeMap<Uuid, ReceiptState>,
}

async fn list_messages(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let mut query = request.query();
    let room_id = query.required("chat_room_id");
    let after_seq = query.optional::<Seq>("after_seq");
    let changed_since = query.optional::<Seq>("changed_since");
    let order = MessageOrder::parse(query.text("ordering"));
    let listing = Listing::read(&query);
    let room_id = query.finish(room_id)?;
    let Listing { number, size } = listing?;

    if let Some(Seq(revision)) = changed_since {
        let after = match after_seq {
            Some(Seq(seq)) => ChangeCursor { revision, seq },
            None => ChangeCursor::after(revision),
        };
        return list_changes(app, viewer, &request, room_id, after).await;
    }
    if let Some(Seq(after_seq)) = after_seq {
        let missed = messages::backfill(&app.database, viewer, room_id, after_seq, size).await?;
        let last = missed.messages.last().map(|last| last.seq);
        let next = last
            .filter(|seq| *seq < missed.count)
            .map(|seq| [("after_seq", seq)]);
        let next = next.as_ref().map(<[_; 1]>::as_slice);
        return ApiResponse::ok(&History {
            page: Paged::slice(&request, missed.count, missed.messages, next),
            revision: missed.revision,
        });
    }
    let history = messages::list(&app.database, viewer, room_id, order, number, size).await?;
    ApiResponse::ok(&History {
        page: Paged::new(&request, history.page.ok_or(Error::PageNotFound)?),
        revision: history.revision,
    })
}

/// Returns all changes in one response, except if their texts are too long for one. `next` then has the position after
/// the last message.
async fn list_changes(
    app: &'static App,
    viewer: Viewer,
    request: &Request,
    room_id: Uuid,
    after: ChangeCursor,
) -> Result<ApiResponse> {
    let changes = messages::changed_since(&app.database, viewer, room_id, after).await?;
    let next = changes
        .continues_after
        .map(|it| [("changed_since", it.revision), ("after_seq", it.seq)]);
    let next = next.as_ref().map(<[_; 2]>::as_slice);
    ApiResponse::ok(&Changes {
        history: History {
            page: Paged::slice(request, changes.count, changes.messages, next),
            revision: changes.revision,
        },
        receipts: changes.receipts.map(|it| (it.user_id, it)).into(),
    })
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
                    "revision": 2,
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
    async fn changes_since_a_revision_come_with_the_receipts() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        for _ in 0..3 {
            test.say(driver, room, "Bonjour").await;
        }
        let since = async |revision: &str| {
            let call = Call::get("/messages/")
                .query("chat_room_id", room)
                .query("page_size", "1")
                .query("changed_since", revision);
            test.call(list_messages, client, call).await
        };
        let changes = since("2").await.expect(200);
        let seqs: Vec<_> = changes["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["seq"])
            .collect();
        assert_eq!(seqs, [2, 3], "not cut by page_size");
        assert_eq!(
            (
                &changes["count"],
                &changes["next"],
                &changes["previous"],
                &changes["revision"]
            ),
            (&json!(2), &json!(null), &json!(null), &json!(4))
        );
        assert_eq!(
            changes["receipts"],
            json!({
                driver.0.to_string(): { "delivered_seq": 0, "read_seq": 3 },
                client.0.to_string(): { "delivered_seq": 0, "read_seq": 0 },
            })
        );
        assert_eq!(since("4").await.expect(200)["results"], json!([]));
        assert!(since("x").await.expect(400)["changed_since"].is_array());
    }

    #[tokio::test]
    async fn changes_too_long_for_one_response_continue_by_a_link() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        for _ in 0..30 {
            test.say(driver, room, &"😀".repeat(5000)).await;
        }
        let call = Call::get("/messages/")
            .query("chat_room_id", room)
            .query("changed_since", "0");
        let body = test
            .call(list_messages, client, call.clone())
            .await
            .expect(200);
        let last = body["results"].as_array().unwrap().last().unwrap();
        assert!(last["seq"].as_i64().unwrap() < 30);
        let next = body["next"].as_str().unwrap();
        let expected = format!(
            "?changed_since={}&chat_room_id={room}&after_seq={}",
            last["revision"], last["seq"]
        );
        assert!(next.ends_with(&expected), "{next}");
        let call = Call::get("/messages/")
            .query("chat_room_id", room)
            .query("changed_since", last["revision"].to_string())
            .query("after_seq", last["seq"].to_string());
        let rest = test.call(list_messages, client, call).await.expect(200);
        assert_eq!(
            rest["results"][0]["seq"].as_i64(),
            last["seq"].as_i64().map(|it| it + 1)
        );
        assert_eq!(rest["next"], json!(null));
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
