//! The queries over messages.

mod list;
mod mark_read;
mod send;

pub use list::{backfill, list};
pub use mark_read::{Marked, Unread, mark_read};
pub use send::{NewMessage, Sent, send};
