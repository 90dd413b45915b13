use serde::Serialize;
use uuid::Uuid;

use super::{Delivery, Invalid, Timestamp, User};

/// The kinds of conversation, by their names in JSON and in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomType {
    /// A driver with a client or a merchant.
    Delivery,
    /// A driver with an admin.
    Support,
}

impl RoomType {
    /// By name.
    ///
    /// # Errors
    /// An unknown name.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "delivery" => Ok(Self::Delivery),
            "support" => Ok(Self::Support),
            other => Err(Invalid::choice(other)),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Support => "support",
        }
    }
}

/// A conversation in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoomSummary {
    /// The room.
    pub id: Uuid,
    /// `delivery` or `support`.
    pub room_type: String,
    /// The one who is not the viewer; null where the platform no longer has that user.
    pub other_participant: Option<User>,
    /// The delivery, if it is about one.
    pub delivery_info: Option<Delivery>,
    /// The newest message, cut; `""` before the first.
    pub last_message_text: String,
    /// When the newest message was sent.
    pub last_message_at: Option<Timestamp>,
    /// Messages that the viewer received and has not read.
    pub unread_count: i64,
    /// Whether the viewer has put it away.
    pub is_archived: bool,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// A conversation by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoomDetail {
    /// The room.
    pub id: Uuid,
    /// `delivery` or `support`.
    pub room_type: String,
    /// The driver; null where the platform no longer has that user.
    pub driver: Option<User>,
    /// The one who is not the viewer; null where the platform no longer has that user.
    pub other_participant: Option<User>,
    /// The delivery, if it is about one.
    pub delivery_info: Option<Delivery>,
    /// The newest message, cut; `""` before the first.
    pub last_message_text: String,
    /// When the newest message was sent.
    pub last_message_at: Option<Timestamp>,
    /// Messages that the viewer received and has not read.
    pub unread_count: i64,
    /// Whether messages may still be sent.
    pub is_active: bool,
    /// Until when, where the delivery is over.
    pub closes_at: Option<Timestamp>,
    /// Whether the viewer has put it away.
    pub is_archived: bool,
    /// Whether the viewer wants no pushes of it.
    pub is_muted: bool,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Where Firebase has it: `/chats/{id}`.
    pub firebase_path: String,
}

/// How the list of rooms is ordered. Rooms without a message come last either way, and the id breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RoomOrder {
    /// `-last_message_at`.
    #[default]
    NewestMessage,
    /// `last_message_at`.
    OldestMessage,
    /// `-created_at`.
    Newest,
    /// `created_at`.
    Oldest,
}

impl RoomOrder {
    /// By the value of `ordering`; an unknown one is the default, as DRF has it.
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        match raw {
            "last_message_at" => Self::OldestMessage,
            "created_at" => Self::Oldest,
            "-created_at" => Self::Newest,
            _ => Self::default(),
        }
    }
}
