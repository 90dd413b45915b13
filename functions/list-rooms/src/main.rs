//! `GET /api/v1/chat/rooms/`: lists the viewer's rooms.
//!
//! For every user. Query: `room_type`, `delivery_id`, `include_archived`, `search`, `ordering`, `page`, `page_size`.
//! Returns a page of rooms; 400 for an invalid filter, 404 for a page out of range.

use shared::db::rooms;
use shared::domain::{RoomOrder, Viewer};
use shared::error::{Error, Result};
use shared::http::{ApiResponse, Flag, Listing, Paged, Request};
use shared::runtime::{App, StartError, serve_with_cache};

async fn list_rooms(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let mut query = request.query();
    let filter = rooms::Filter {
        room_type: query.optional("room_type"),
        delivery_id: query.optional("delivery_id"),
        include_archived: query
            .optional::<Flag>("include_archived")
            .is_some_and(|Flag(include)| include),
        search: query.optional("search"),
    };
    let order = RoomOrder::parse(query.text("ordering"));
    let Listing { number, size } = Listing::read(&query)?;
    query.finish(Some(()))?;

    let list = rooms::list(viewer, &filter, order, number, size);
    app.get_or_compute(viewer, &request, list, |page| {
        let page = page.ok_or(Error::PageNotFound)?;
        let page = page.map(|room| room.disclose(app.disclosure));
        ApiResponse::ok(&Paged::new(&request, page))
    })
    .await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_with_cache(list_rooms).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn a_listed_room_has_the_api_guides_fields() {
        let test = TestApp::new().await;
        let (driver, client) = (
            test.user("driver", "Awa Koné").await,
            test.user("client", "Jean Dupont").await,
        );
        let room = test.room_between(driver, client).await;
        let message = test.say(client, room.id, "Bonjour").await;
        let body = test
            .call(list_rooms, driver, Call::get("/rooms/"))
            .await
            .expect(200);
        assert_eq!(
            body,
            json!({
                "count": 1, "next": null, "previous": null,
                "results": [{
                    "id": room.id,
                    "room_type": "delivery",
                    "other_participant": {
                        "id": client.0, "full_name": "Jean Dupont", "phone_number": "+2250701020304",
                        "user_type": "client", "profile_photo_url": null,
                    },
                    "delivery_info": null,
                    "last_message_text": "Bonjour",
                    "last_message_at": message.created_at,
                    "unread_count": 1,
                    "is_archived": false,
                    "created_at": room.created_at,
                }],
            })
        );
    }

    #[tokio::test]
    async fn links_have_the_real_host_the_stage_and_the_other_parameters() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa").await;
        for turn in 0..3 {
            let client = test.user("client", &format!("Client {turn}")).await;
            test.room_between(driver, client).await;
        }
        let page = |number: &str| {
            Call::get("/rooms/")
                .query("search", "client")
                .query("page_size", "5")
                .query("page_size", "1")
                .query("page", number)
                .query("empty", "")
        };
        // A REST API's event loses the order of the parameters. The links sort the names and keep the order of each
        // name's values.
        let (v1, v2) = (
            "https://chat.relais.example/prod/api/v1/chat/rooms/?empty=&",
            "https://chat.relais.example/api/v1/chat/rooms/?search=client&page_size=5&page_size=1",
        );
        for (payload, next, previous) in [
            (
                Payload::V1,
                format!("{v1}page=3&page_size=5&page_size=1&search=client"),
                format!("{v1}page_size=5&page_size=1&search=client"),
            ),
            (
                Payload::V2,
                format!("{v2}&page=3&empty="),
                format!("{v2}&empty="),
            ),
        ] {
            let call = page("2").payload(payload);
            let body = test.call(list_rooms, driver, call).await.expect(200);
            assert_eq!(
                (&body["next"], &body["previous"]),
                (&json!(next), &json!(previous))
            );
        }
    }

    #[tokio::test]
    async fn every_invalid_filter_is_named_and_an_empty_one_is_ignored() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa").await;
        let call = Call::get("/rooms/")
            .query("room_type", "x")
            .query("delivery_id", "x")
            .query("include_archived", "x");
        let body = test
            .call(list_rooms, driver, call.query("search", "\0"))
            .await
            .expect(400);
        let named: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(
            named,
            ["delivery_id", "include_archived", "room_type", "search"]
        );
        let call = Call::get("/rooms/")
            .query("room_type", "")
            .query("delivery_id", "")
            .query("ordering", "x");
        test.call(list_rooms, driver, call).await.expect(200);
    }

    #[tokio::test]
    async fn an_invalid_page_or_one_out_of_range_returns_404() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa").await;
        for page in ["0", "-1", "x", "2", "99999999999999999999"] {
            let body = test
                .call(list_rooms, driver, Call::get("/rooms/").query("page", page))
                .await
                .expect(404);
            assert_eq!(body, json!({ "detail": "Page invalide." }));
        }
    }
}
