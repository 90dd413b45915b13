//! `GET /api/v1/chat/rooms/`: the viewer's conversations.
//!
//! For every user. Query: `room_type`, `delivery_id`, `include_archived`, `search`, `ordering`, `page`, `page_size`.
//! Answers a page of rooms; 400 for a filter that is none, 404 for a page out of range.

use shared::db::rooms;
use shared::domain::{RoomOrder, Viewer};
use shared::error::{Error, Result};
use shared::http::{Answer, Flag, Listing, Paged, Request};
use shared::runtime::{App, StartError, serve};

async fn list_rooms(app: &'static App, viewer: Viewer, request: Request) -> Result<Answer> {
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

    let page = rooms::list(&app.database, viewer, &filter, order, number, size).await?;
    Answer::ok(&Paged::new(&request, page.ok_or(Error::PageNotFound)?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(list_rooms).await
}
