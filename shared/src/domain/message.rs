use serde::Serialize;
use uuid::Uuid;

use super::Timestamp;

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sender {
    /// The platform's id of the user.
    pub id: Uuid,
    /// First and last name.
    pub full_name: String,
    /// A URL, or nothing.
    pub profile_photo_url: Option<String>,
}

/// A message, as the API answers it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// The message.
    pub id: Uuid,
    /// The room that it stands in.
    pub chat_room: Uuid,
    /// Its place in the conversation: 1 upwards, without a gap.
    pub seq: i64,
    /// Null: the platform itself, or a user whom it no longer has.
    pub sender: Option<Sender>,
    /// `text`, `image`, `location` or `system`.
    pub message_type: String,
    /// `""` where there are no words.
    pub text: String,
    /// `""` where there is no photo.
    pub image_url: String,
    /// WGS 84 degrees.
    pub latitude: Option<f64>,
    /// WGS 84 degrees.
    pub longitude: Option<f64>,
    /// Whether the recipient has read it; the viewer, where the platform has sent it.
    pub is_read: bool,
    /// When that was.
    pub read_at: Option<Timestamp>,
    /// When it was sent; grows with `seq`.
    pub created_at: Timestamp,
}
