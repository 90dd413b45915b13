//! Statements about rooms.

mod close;
mod create;
mod get;
mod list;
mod names;
mod participant_flags;
mod typing;
mod unreachable;
mod unread;

pub use close::{close_due, close_late};
pub use create::{NewRoom, Opened, OpeningRules, create};
pub use get::get;
pub use list::{Filter, list};
pub use names::refresh_names;
pub use participant_flags::{Flagged, archive, mute};
pub use typing::note_typing;
pub use unreachable::{Call, EndedCalls, call, end_calls};
pub use unread::unread_count;
