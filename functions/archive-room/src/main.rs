//! `POST /api/v1/chat/rooms/{room_id}/archive/`: puts a conversation away for the viewer, or takes it back.
//!
//! For its participants; the other one sees nothing of it. Body: `archive`, true if missing. Answers the new state;
//! 404 for everybody else.

use serde::Serialize;
use shared::db::rooms;
use shared::domain::Viewer;
use shared::error::{Error, Result};
use shared::http::{Answer, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct Archived {
    success: bool,
    is_archived: bool,
    message: &'static str,
}

async fn archive_room(app: &'static App, viewer: Viewer, request: Request) -> Result<Answer> {
    let room_id = request.room_id()?;
    let mut body = request.body()?;
    let archive = if body.has("archive") {
        body.required("archive")
    } else {
        Some(true)
    };
    let archive = body.finish(archive)?;

    if !rooms::archive(&app.database, viewer, room_id, archive).await? {
        return Err(Error::NotFound);
    }
    let message = if archive {
        "Conversation archivée"
    } else {
        "Conversation désarchivée"
    };
    Answer::ok(&Archived {
        success: true,
        is_archived: archive,
        message,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(archive_room).await
}
