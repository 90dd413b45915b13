//! `POST /api/v1/chat/messages/`: sends a message.
//!
//! For the participants of an active conversation; `system` for admins only. Body: `chat_room_id`, `message_type`
//! (`text` if missing), the fields of that type, and optionally `client_message_id`. Answers the message: 201, or 200
//! for a repeat of a `client_message_id`, which changes nothing; 400 for bad fields or a closed conversation, 404 for
//! one that is not the viewer's. The message is mirrored.

use shared::db::messages::{self, NewMessage};
use shared::domain::{Content, Coordinates, MessageType, Viewer};
use shared::error::Result;
use shared::http::{Answer, Fields, OptionalText, Request};
use shared::runtime::{App, StartError, serve};

async fn send_message(app: &'static App, viewer: Viewer, request: Request) -> Result<Answer> {
    let new = parse(request.body()?)?;

    let sent = messages::send(&app.database, viewer, &new).await?;
    if sent.created {
        app.mirror_after_reply(vec![new.room_id]);
    }
    Answer::created(sent.created, &sent.message)
}

fn parse(mut body: Fields) -> Result<NewMessage> {
    let room_id = body.required("chat_room_id");
    let client_message_id = body.optional("client_message_id");
    let message_type = if body.has("message_type") {
        body.required("message_type")
    } else {
        Some(MessageType::default())
    };
    let content = message_type.and_then(|message_type| content(&mut body, message_type));
    let (room_id, content) = body.finish(room_id.zip(content))?;
    Ok(NewMessage {
        room_id,
        content,
        client_message_id,
    })
}

/// The fields of this type; those of others are not looked at.
fn content(body: &mut Fields, message_type: MessageType) -> Option<Content> {
    match message_type {
        MessageType::Text => body.required("text").map(Content::Text),
        MessageType::System => body.required("text").map(Content::System),
        MessageType::Image => {
            let caption = body
                .optional::<OptionalText>("text")
                .and_then(|OptionalText(text)| text);
            body.required("image_url").map(|url| Content::Image(url, caption))
        }
        MessageType::Location => {
            let caption = body
                .optional::<OptionalText>("text")
                .and_then(|OptionalText(text)| text);
            let (latitude, longitude) = (body.required("latitude"), body.required("longitude"));
            let coordinates = latitude
                .zip(longitude)
                .map(|(latitude, longitude)| Coordinates { latitude, longitude });
            coordinates.map(|coordinates| Content::Location(coordinates, caption))
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(send_message).await
}
