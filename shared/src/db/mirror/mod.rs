//! Statements of the mirror. They take no viewer, since the mirror does not act for a user.

mod backlog;
mod lease;
mod repair;
mod settle;
mod state;

pub use backlog::backlog;
pub use lease::lease;
pub use repair::{reset, reset_all, rooms_after};
pub use settle::settle;
pub use state::{MirroredMessage, MirroredRoom, RoomState, read};
