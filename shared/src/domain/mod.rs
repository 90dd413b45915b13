//! The terms of the chat. A type's constructor parses a value once; the value is valid from then on.
//!
//! This module does no I/O and does not know HTTP, SQL or Firebase.

mod analytics;
mod block;
mod content;
mod coordinates;
mod cut;
mod delivery_event;
mod device_token;
mod disclosure;
mod export_cursor;
mod grace_period;
mod highlight;
mod image_hosts;
mod image_url;
mod language;
mod message;
mod message_search;
mod notification_settings;
mod page;
mod people;
mod quick_reply;
mod rate_limits;
mod report;
mod response_time;
mod retention_period;
mod room;
mod rooms_without_delivery;
mod search;
mod seconds;
mod text;
mod time_zone;
mod timestamp;
mod visible;
mod webhook_event;

pub use analytics::{Analytics, AnswerTimes, Date, Day, FirstAnswers, Messages, Period, Ratio};
pub use block::Block;
pub use content::{Content, MessageType};
pub use coordinates::{Coordinates, Latitude, Longitude};
pub use cut::{cut, cut_with_ellipsis};
pub use delivery_event::DeliveryEvent;
pub use device_token::DeviceToken;
pub use disclosure::{Disclosure, Personal, PhoneDisclosure};
pub use export_cursor::ExportCursor;
pub use grace_period::GracePeriod;
pub use highlight::Highlight;
pub use image_hosts::ImageHosts;
pub use image_url::ImageUrl;
pub use language::Language;
pub use message::{Message, ReceiptState, Sender};
pub use message_search::{Cursor, FoundMessage, MessageSearch};
pub use notification_settings::{NotificationSettings, QuietHours, TimeOfDay};
pub use page::{MessageOrder, Page, PageNumber, PageSize};
pub use people::{Delivery, Person, Platform, User, Viewer};
pub use quick_reply::{QuickReplies, QuickReply};
pub use rate_limits::{PersonLimits, RateLimit, SendLimits};
pub use report::{OwnReport, Report, ReportOutcome, ReportReason, ReportStatus};
pub use response_time::ResponseTime;
pub use retention_period::RetentionPeriod;
pub use room::{RoomDetail, RoomOrder, RoomResponse, RoomSummary, RoomType};
pub use rooms_without_delivery::RoomsWithoutDelivery;
pub use search::Search;
pub use seconds::{EditWindow, Seconds};
pub use text::Text;
pub use time_zone::TimeZone;
pub use timestamp::Timestamp;
pub use visible::shows_nothing;
pub use webhook_event::{WebhookEvent, WebhookRoom};

use std::borrow::Cow;

/// Why a value is invalid, in the words that the API returns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub Cow<'static, str>);

impl From<&'static str> for Invalid {
    fn from(reason: &'static str) -> Self {
        Self(Cow::Borrowed(reason))
    }
}

impl From<String> for Invalid {
    fn from(reason: String) -> Self {
        Self(Cow::Owned(reason))
    }
}

impl Invalid {
    /// PostgreSQL's `text` cannot contain a NUL.
    pub const NUL: &'static str = "Le caractère nul n’est pas autorisé.";

    /// Returns the reason for a value longer than `limit` characters.
    #[must_use]
    pub fn too_long(limit: usize) -> Self {
        Self(Cow::Owned(format!(
            "Assurez-vous que ce champ comporte au plus {limit} caractères."
        )))
    }

    /// Returns the reason for a value that is not one of the accepted ones.
    #[must_use]
    pub fn choice(value: &str) -> Self {
        // The caller sent the value, so a short form of it is enough to recognise it.
        let shown = cut(value, 64);
        Self(Cow::Owned(format!(
            "« {shown} » n'est pas un choix valide."
        )))
    }
}
