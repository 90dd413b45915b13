//! `POST /api/v1/chat/messages/mark_as_read/`: the viewer has read these messages, or all of a conversation.
//!
//! For every user. Body: `message_ids` (at most 1000; those that are not the viewer's to read are ignored) or
//! `chat_room_id`; with both, the ids. Answers how many were marked; 400 without either, 404 for a room that is not
//! the viewer's. The receipts are mirrored.

use serde::Serialize;
use shared::db::messages::{self, Unread};
use shared::domain::Viewer;
use shared::error::{FieldErrors, Result};
use shared::http::{Answer, Fields, MessageIds, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct Done {
    success: bool,
    count: i64,
    message: String,
}

async fn mark_messages_read(app: &'static App, viewer: Viewer, request: Request) -> Result<Answer> {
    let unread = parse(request.body()?)?;

    let marked = messages::mark_read(&app.database, viewer, &unread).await?;
    app.mirror_after_reply(marked.rooms);
    let message = format!("{} message(s) marqué(s) comme lu(s)", marked.count);
    Answer::ok(&Done {
        success: true,
        count: marked.count,
        message,
    })
}

fn parse(mut body: Fields) -> Result<Unread> {
    let unread = if body.has("message_ids") {
        body.required("message_ids")
            .map(|MessageIds(ids)| Unread::Messages(ids))
    } else if body.has("chat_room_id") {
        body.required("chat_room_id").map(Unread::Room)
    } else {
        body.refuse(
            FieldErrors::NO_FIELD,
            "« message_ids » ou « chat_room_id » est obligatoire.",
        )
    };
    body.finish(unread)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(mark_messages_read).await
}
