//! Statements about messages.

mod activity;
mod list;
mod mark_read;
mod search;
mod send;

pub(super) use activity::first_id_of;
pub use activity::{Activity, activity_since};
pub use list::{backfill, list};
pub use mark_read::{Marked, Unread, mark_read};
pub use search::{Found, Scope, search};
pub use send::{NewMessage, NewQuickReply, Sent, send, send_quick_reply};
