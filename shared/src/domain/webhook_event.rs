use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Timestamp;

/// An event for the platform's backend. As JSON it is the body of the webhook; the id is in a header.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WebhookEvent {
    /// The `webhook-id`, a UUID version 7: ids grow with time.
    #[serde(skip)]
    pub id: Uuid,
    /// `room.created`, `message.created`, …
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The room, the message, and ids, as they are when the event is sent.
    pub data: Map<String, Value>,
}

/// A room in a webhook: neither side's view, and only ids of what the platform itself has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhookRoom {
    pub id: Uuid,
    /// `delivery` or `support`.
    pub room_type: String,
    pub driver_id: Uuid,
    pub other_user_id: Uuid,
    pub delivery_id: Option<Uuid>,
    /// Whether messages can be sent.
    pub is_active: bool,
    /// When the room closes, if its delivery has ended.
    pub closes_at: Option<Timestamp>,
    pub created_at: Timestamp,
}
