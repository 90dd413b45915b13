//! `POST /api/v1/chat/rooms/{room_id}/typing/`: the viewer is typing, or no longer is.
//!
//! For the participants of an active conversation. Body: `is_typing`. It is shown in Firebase, after the reply and
//! once: what is lost there is stale in ten seconds anyway. Answers success; 404 for everybody else, 400 where the
//! conversation is closed.

use serde::Serialize;
use shared::db::rooms::{self, Participation};
use shared::domain::Viewer;
use shared::error::{Error, Result};
use shared::http::{Answer, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct Done {
    success: bool,
}

async fn set_typing(app: &'static App, viewer: Viewer, request: Request) -> Result<Answer> {
    let room_id = request.room_id()?;
    let mut body = request.body()?;
    let is_typing = body.required("is_typing");
    let is_typing = body.finish(is_typing)?;

    match rooms::participation(&app.database, viewer, room_id).await? {
        Participation::Active => app.type_after_reply(room_id, viewer, is_typing),
        Participation::Inactive => return Err(Error::refused("room_id", "Cette conversation est fermée.")),
        Participation::None => return Err(Error::NotFound),
    }
    Answer::ok(&Done { success: true })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(set_typing).await
}
