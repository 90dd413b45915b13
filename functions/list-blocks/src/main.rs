//! `GET /api/v1/chat/blocks/`: lists the users whom the caller has blocked, the newest block first.
//!
//! For every user. Query: `page`, `page_size`. Returns a page of blocks; 404 for a page out of range.

use shared::db::blocks;
use shared::domain::Viewer;
use shared::error::{Error, Result};
use shared::http::{ApiResponse, Listing, Paged, Request};
use shared::runtime::{App, StartError, serve};

async fn list_blocks(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let Listing { number, size } = Listing::read(&request.query())?;

    let page = blocks::list(&app.database, viewer, number, size).await?;
    ApiResponse::ok(&Paged::new(&request, page.ok_or(Error::PageNotFound)?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(list_blocks).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn the_callers_own_blocks_are_listed_by_pages() {
        let test = TestApp::new().await;
        let (driver, client, _) = test.room().await;
        let other = test.user("merchant", "Chez Ali").await;
        for user in [client, other] {
            blocks::block(&test.app.database, driver, user.0)
                .await
                .unwrap();
        }
        let get = |page: &str| {
            let call = Call::get("/blocks/").query("page_size", "1");
            call.query("page", page).payload(Payload::V1)
        };
        let names = async |page: &str| {
            let body = test.call(list_blocks, driver, get(page)).await.expect(200);
            assert_eq!(body["count"], 2);
            body["results"][0]["user"]["full_name"].clone()
        };
        assert_eq!(names("1").await, "Chez Ali");
        assert_eq!(names("2").await, "Jean Dupont");
        assert_eq!(names("last").await, "Jean Dupont");
        test.call(list_blocks, driver, get("3")).await.expect(404);
        test.call(list_blocks, driver, get("x")).await.expect(404);
        let empty = Call::get("/blocks/").payload(Payload::V2);
        assert_eq!(
            test.call(list_blocks, client, empty).await.expect(200),
            json!({ "count": 0, "next": null, "previous": null, "results": [] })
        );
    }
}
