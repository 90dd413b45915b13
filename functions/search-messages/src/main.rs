//! `GET /api/v1/chat/messages/search/?q=…`: finds messages by their text.
//!
//! For every user, in their conversations, including archived and closed ones. Query: `q`, `chat_room_id` for one
//! conversation, `page_size`, `cursor`. Returns messages, newest first, each with a `highlight`. Returns 400 for a
//! query without words, 404 for another user's room or an invalid `cursor`, and 429 above `SEARCH_LIMIT`.

use shared::db::messages::{self, Scope};
use shared::domain::{MessageSearch, PageSize, Viewer};
use shared::error::Result;
use shared::http::{ApiResponse, CursorPage, Request, read_cursor};
use shared::runtime::{App, StartError, serve};

async fn search_messages(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let mut query = request.query();
    let words = query.required::<MessageSearch>("q");
    let room_id = query.optional("chat_room_id");
    let size = PageSize::parse(query.text("page_size"));
    let before = read_cursor(&query);
    let words = query.finish(words)?;
    let scope = Scope {
        room_id,
        before: before?,
    };

    let limit = app.person_limits.searches;
    let found =
        messages::search(&app.database, viewer, words.as_str(), &scope, size, limit).await?;
    ApiResponse::ok(&CursorPage::new(
        &request,
        found.messages,
        found.continues_before,
    ))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(search_messages).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn a_message_is_found_with_the_match_marked() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let message = test
            .say(driver, room, "J'ai livré <3 colis> & l'enveloppe")
            .await;
        test.say(client, room, "Merci").await;
        for payload in [Payload::V1, Payload::V2] {
            let call = Call::get("/messages/search/")
                .query("q", "LIVRÉE colis")
                .payload(payload);
            let body = test.call(search_messages, client, call).await.expect(200);
            let mut expected = serde_json::to_value(&message).unwrap();
            expected["highlight"] =
                "J&#39;ai <mark>livré</mark> &lt;3 <mark>colis</mark>&gt; &amp; l&#39;enveloppe"
                    .into();
            assert_eq!(
                body,
                json!({ "next": null, "previous": null, "results": [expected] })
            );
        }
    }

    #[tokio::test]
    async fn the_links_cover_all_matches_newest_first() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        for turn in 1..=5 {
            test.say(driver, room, &format!("Colis {turn}")).await;
        }
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let call = Call::get("/messages/search/")
                .query("q", "colis")
                .query("page_size", "2")
                .query("cursor", cursor.unwrap_or_default());
            let body = test.call(search_messages, client, call).await.expect(200);
            seen.extend(
                body["results"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|it| it["seq"].clone()),
            );
            let Some(next) = body["next"].as_str() else {
                break;
            };
            let (start, rest) = next.split_once("cursor=").unwrap();
            assert_eq!(
                start,
                "https://chat.relais.example/prod/api/v1/chat/messages/search/?"
            );
            cursor = rest.split('&').next().map(str::to_owned);
        }
        assert_eq!(seen, [5, 4, 3, 2, 1]);
    }

    #[tokio::test]
    async fn an_invalid_query_is_rejected() {
        let test = TestApp::new().await;
        let (driver, _, room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        let call = |q: &str| Call::get("/messages/search/").query("q", q);
        for (call, reason) in [
            (Call::get("/messages/search/"), "Ce champ est obligatoire."),
            (call(" "), "Ce champ ne peut être vide."),
        ] {
            let body = test.call(search_messages, driver, call).await.expect(400);
            assert_eq!(body, json!({ "q": [reason] }));
        }
        let bad_room = call("x").query("chat_room_id", "x");
        test.call(search_messages, driver, bad_room)
            .await
            .expect(400);
        let foreign = call("x").query("chat_room_id", room);
        test.call(search_messages, admin, foreign).await.expect(404);
        let bad_cursor = call("x").query("cursor", "x");
        let body = test
            .call(search_messages, driver, bad_cursor)
            .await
            .expect(404);
        assert_eq!(body, json!({ "detail": "Page invalide." }));
    }
}
