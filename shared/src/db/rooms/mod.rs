//! The queries over conversations.

mod close;
mod create;
mod get;
mod list;
mod own_flags;
mod participation;
mod search_text;
mod unread;

pub use close::{close_due, close_late};
pub use create::{NewRoom, Opened, create};
pub use get::get;
pub use list::{Filter, list};
pub use own_flags::{archive, mute};
pub use participation::{Participation, participation};
pub use search_text::refresh_search_texts;
pub use unread::unread_count;
