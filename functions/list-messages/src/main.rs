//! `GET /api/v1/chat/messages/?chat_room_id=…`: the history of a conversation.
//!
//! For its participants. Query: `ordering`, `page`, `page_size`; or `after_seq`, for what a phone has missed: oldest
//! first, and `next` goes on where it ends. Answers a page of messages; 400 without a room, 404 for a room that is
//! not the viewer's or a page out of range.

use shared::db::messages;
use shared::domain::{MessageOrder, Viewer};
use shared::error::{Error, Result};
use shared::http::{Answer, Listing, Paged, Request, Seq};
use shared::runtime::{App, StartError, serve};

async fn list_messages(app: &'static App, viewer: Viewer, request: Request) -> Result<Answer> {
    let mut query = request.query();
    let room_id = query.required("chat_room_id");
    let after_seq = query.optional::<Seq>("after_seq");
    let order = MessageOrder::parse(query.text("ordering"));
    let listing = Listing::read(&query);
    let room_id = query.finish(room_id)?;
    let Listing { number, size } = listing?;

    if let Some(Seq(after_seq)) = after_seq {
        let (count, missed) = messages::backfill(&app.database, viewer, room_id, after_seq, size).await?;
        let continues_after = missed.last().map(|last| last.seq).filter(|seq| *seq < count);
        return Answer::ok(&Paged::stretch(&request, count, missed, continues_after));
    }
    let page = messages::list(&app.database, viewer, room_id, order, number, size).await?;
    Answer::ok(&Paged::new(&request, page.ok_or(Error::PageNotFound)?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(list_messages).await
}
