use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Timestamp;

/// The sender of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sender {
    pub id: Uuid,
    pub full_name: String,
    pub profile_photo_url: Option<String>,
}

/// How far a participant has received and read the messages of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReceiptState {
    #[serde(skip)]
    pub user_id: Uuid,
    /// Messages up to this `seq` have reached a device of the participant.
    pub delivered_seq: i64,
    /// All received messages up to this `seq` are read or deleted.
    pub read_seq: i64,
}

/// A message, as the API returns it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    pub id: Uuid,
    /// The room's id.
    pub chat_room: Uuid,
    /// Dense per room, from 1.
    pub seq: i64,
    /// Null for a message of the platform and for a deleted user.
    pub sender: Option<Sender>,
    /// `text`, `image`, `location` or `system`.
    pub message_type: String,
    /// `""` without a text.
    pub text: String,
    /// `""` without a photo.
    pub image_url: String,
    /// WGS 84 degrees.
    pub latitude: Option<f64>,
    /// WGS 84 degrees.
    pub longitude: Option<f64>,
    /// Whether it has reached a device of the recipient; for a message of the platform, of the viewer.
    pub is_delivered: bool,
    /// Whether the recipient has read it; for a message of the platform, whether the viewer has.
    pub is_read: bool,
    pub read_at: Option<Timestamp>,
    /// The time of sending; grows with `seq`.
    pub created_at: Timestamp,
    /// The time of the last edit.
    pub edited_at: Option<Timestamp>,
    /// Whether the sender has deleted it. Then the texts are empty and the coordinates null.
    pub is_deleted: bool,
    pub deleted_at: Option<Timestamp>,
    /// The room's revision that last changed the message.
    pub revision: i64,
    /// The earlier versions, oldest first, for an admin with access to a room of others; else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<Value>,
}
