//! The queries over conversations.

mod archive;
mod close;
mod create;
mod get;
mod list;
mod mute;
mod participation;
mod unread;

pub use archive::archive;
pub use close::{close_due, close_late};
pub use create::{NewRoom, Opened, create};
pub use get::get;
pub use list::{Filter, list};
pub use mute::mute;
pub use participation::{Participation, participation};
pub use unread::unread_count;
