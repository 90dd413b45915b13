//! `POST /api/v1/chat/rooms/{room_id}/mark_as_read/`: the viewer has read everything in a conversation.
//!
//! For its participants. Also what mends a counter that a phone has got wrong. Answers a message; 404 for everybody
//! else. The receipts are mirrored.

use serde::Serialize;
use shared::db::messages::{self, Unread};
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{Answer, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct Done {
    success: bool,
    message: &'static str,
}

async fn mark_room_read(app: &'static App, viewer: Viewer, request: Request) -> Result<Answer> {
    let room_id = request.room_id()?;

    let marked = messages::mark_read(&app.database, viewer, &Unread::Room(room_id)).await?;
    app.mirror_after_reply(marked.rooms);
    Answer::ok(&Done {
        success: true,
        message: "Conversation marquée comme lue",
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(mark_room_read).await
}
