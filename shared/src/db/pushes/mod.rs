//! The statements of the pushes: which devices to notify of what. They take no viewer, as those of the mirror; the
//! recipients of a message are the participants of its room.

mod backlog;
mod cleanup;
mod lease;
mod settle;

pub use backlog::backlog;
pub use cleanup::{delete_expired, delete_settled};
pub use lease::{DuePush, Notice, lease};
pub use settle::settle;
