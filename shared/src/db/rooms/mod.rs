//! Statements about rooms.

mod close;
mod create;
mod get;
mod list;
mod participant_flags;
mod search_text;
mod typing;
mod unreachable;
mod unread;

pub use close::{close_due, close_late};
pub use create::{NewRoom, Opened, OpeningRules, create};
pub use get::get;
pub use list::{Filter, list};
pub use participant_flags::{archive, mute};
pub use search_text::refresh_search_texts;
pub use typing::note_typing;
pub use unreachable::{Call, EndedCalls, call, end_calls};
pub use unread::unread_count;
