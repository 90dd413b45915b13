//! Statements of the mirror. They take no viewer, since the mirror does not act for a user.

mod backlog;
mod inboxes;
mod lease;
mod placement;
mod repair;
mod settle;
mod shard;
mod state;

pub use backlog::backlog;
pub use inboxes::{InboxEntry, stray_entries};
pub use lease::lease;
pub use placement::Placement;
pub use repair::{reset, reset_all, rooms_after};
pub use settle::settle;
pub use shard::Shard;
pub use state::{MirroredMessage, MirroredParticipant, MirroredRoom, RoomState, read};
