//! `POST /api/v1/chat/rooms/`: opens a conversation, or finds the one that these two have about this delivery.
//!
//! For drivers, and for those who want to talk to one. Body: `other_user_id`, `room_type`, and optionally
//! `delivery_id` and `initial_message`. Answers the room: 201 if it is new, 200 if it was there (then the message is
//! not sent); 400 where these two may not talk about this. A new room is mirrored.

use shared::db::rooms::{self, NewRoom};
use shared::domain::{RoomType, Viewer};
use shared::error::Result;
use shared::http::{Answer, Fields, OptionalText, Request};
use shared::runtime::{App, StartError, serve};

async fn create_room(app: &'static App, viewer: Viewer, request: Request) -> Result<Answer> {
    let new = parse(request.body()?, viewer)?;

    let opened = rooms::create(&app.database, viewer, &new).await?;
    if opened.created {
        app.mirror_after_reply(vec![opened.room.id]);
    }
    Answer::created(opened.created, &opened.room)
}

fn parse(mut body: Fields, viewer: Viewer) -> Result<NewRoom> {
    let other_user_id = body.required("other_user_id");
    let room_type = body.required("room_type");
    let delivery_id = body.optional("delivery_id");
    let initial_message = body
        .optional::<OptionalText>("initial_message")
        .and_then(|OptionalText(text)| text);
    if other_user_id == Some(viewer.0) {
        body.refuse::<()>("other_user_id", "Impossible d'ouvrir une conversation avec soi-même.");
    }
    if room_type == Some(RoomType::Support) && body.has("delivery_id") {
        body.refuse::<()>(
            "delivery_id",
            "Une conversation de support ne concerne aucune livraison.",
        );
    }
    let (other_user_id, room_type) = body.finish(other_user_id.zip(room_type))?;
    Ok(NewRoom {
        other_user_id,
        delivery_id,
        room_type,
        initial_message,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(create_room).await
}
