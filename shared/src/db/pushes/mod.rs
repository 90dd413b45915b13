//! Statements of the pushes: which devices to notify of which messages. They take no viewer; the recipients are the
//! participants of the message's room.

mod backlog;
mod cleanup;
mod lease;
mod settle;

pub use backlog::backlog;
pub use cleanup::{delete_expired, delete_settled};
pub use lease::{DuePush, Notice, lease};
pub use settle::settle;
