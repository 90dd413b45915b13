//! `GET /api/v1/chat/rooms/{room_id}/`: one conversation, also one that is archived or closed.
//!
//! For its participants. Answers the room; 404 for everybody else.

use shared::db::rooms;
use shared::domain::Viewer;
use shared::error::{Error, Result};
use shared::http::{Answer, Request};
use shared::runtime::{App, StartError, serve};

async fn get_room(app: &'static App, viewer: Viewer, request: Request) -> Result<Answer> {
    let room_id = request.room_id()?;

    let room = rooms::get(&app.database, viewer, room_id).await?;
    Answer::ok(&room.ok_or(Error::NotFound)?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(get_room).await
}
