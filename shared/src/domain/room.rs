use serde::Serialize;
use uuid::Uuid;

use super::{Delivery, Disclosure, EditWindow, Invalid, Timestamp, User, Viewer};

/// The types of room, by their names in JSON and in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomType {
    /// A driver with a client or a merchant.
    Delivery,
    /// A driver with an admin.
    Support,
}

impl RoomType {
    /// Parses a name.
    ///
    /// # Errors
    /// The name is unknown.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "delivery" => Ok(Self::Delivery),
            "support" => Ok(Self::Support),
            other => Err(Invalid::choice(other)),
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Support => "support",
        }
    }
}

/// A room in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoomSummary {
    pub id: Uuid,
    /// `delivery` or `support`.
    pub room_type: String,
    /// Null if the platform has deleted the user.
    pub other_participant: Option<User>,
    /// Null without a delivery, or if the platform has deleted it.
    pub delivery_info: Option<Delivery>,
    /// The preview of the newest message; `""` before the first.
    pub last_message_text: String,
    pub last_message_at: Option<Timestamp>,
    /// Messages that the viewer received and has not read.
    pub unread_count: i64,
    /// Whether the viewer has archived it.
    pub is_archived: bool,
    pub created_at: Timestamp,
}

impl RoomSummary {
    /// Shows the phone number that the policy discloses, and the addresses: listed rooms are open.
    #[must_use]
    pub fn disclose(mut self, disclosure: Disclosure) -> Self {
        let phones = disclosure.of(&self.room_type).shows_phones(true);
        if let Some(user) = &mut self.other_participant {
            user.phone_number.disclose(phones);
        }
        disclose_addresses(&mut self.delivery_info, true);
        self
    }
}

fn disclose_addresses(delivery: &mut Option<Delivery>, is_disclosed: bool) {
    if let Some(delivery) = delivery {
        delivery.pickup_address.disclose(is_disclosed);
        delivery.delivery_address.disclose(is_disclosed);
    }
}

/// The detail of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the fields of the response, which are independent of each other"
)]
pub struct RoomDetail {
    pub id: Uuid,
    /// `delivery` or `support`.
    pub room_type: String,
    /// Null if the platform has deleted the user.
    pub driver: Option<User>,
    /// Null if the platform has deleted the user.
    pub other_participant: Option<User>,
    /// Null without a delivery, or if the platform has deleted it.
    pub delivery_info: Option<Delivery>,
    /// The preview of the newest message; `""` before the first.
    pub last_message_text: String,
    pub last_message_at: Option<Timestamp>,
    /// Messages that the viewer received and has not read.
    pub unread_count: i64,
    /// Whether messages can be sent.
    pub is_active: bool,
    /// When the room closes, if its delivery has ended.
    pub closes_at: Option<Timestamp>,
    /// While the driver's call to the customer lasts: the time until which the customer can respond.
    pub unreachable_until: Option<Timestamp>,
    /// Whether the viewer has archived it.
    pub is_archived: bool,
    /// Whether the viewer has muted its pushes.
    pub is_muted: bool,
    /// Whether the viewer has blocked the other participant.
    pub is_blocked: bool,
    pub created_at: Timestamp,
    /// The path in Firebase: `/chats/{id}`.
    pub firebase_path: String,
}

impl RoomDetail {
    /// Shows the phone numbers and addresses that the policy discloses to the viewer.
    #[must_use]
    pub fn disclose(mut self, disclosure: Disclosure, viewer: Viewer) -> Self {
        let policy = disclosure.of(&self.room_type);
        let viewer_is_driver = self.driver.as_ref().is_some_and(|it| it.id == viewer.0);
        let phones = policy.shows_phones(self.is_active);
        for user in self.driver.iter_mut().chain(&mut self.other_participant) {
            user.phone_number.disclose(phones);
        }
        let addresses = policy.shows_addresses(self.is_active, viewer_is_driver);
        disclose_addresses(&mut self.delivery_info, addresses);
        self
    }
}

/// A room with the deployment's settings that apply to it.
#[derive(Debug, Serialize)]
pub struct RoomResponse {
    #[serde(flatten)]
    pub room: RoomDetail,
    /// How long the sender of a message may edit or delete it.
    pub edit_window_seconds: EditWindow,
    /// The URL of its database in Firebase; null without a mirror.
    pub firebase_database_url: Option<String>,
}

/// The order of the list. Rooms without a message come last in either direction; the id breaks ties.
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
    /// Parses `ordering`; an unknown value is the default, as in DRF.
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
