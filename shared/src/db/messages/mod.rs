//! Statements about messages.

mod activity;
mod changed_since;
mod delete;
mod edit;
mod index_words;
mod list;
mod locked;
mod mark_delivered;
mod mark_read;
mod search;
mod send;

pub(super) use activity::first_id_of;
pub use activity::{Activity, activity_since};
pub use changed_since::{ChangeCursor, Changes, changed_since};
pub use delete::delete;
pub use edit::{Changed, EditRules, edit};
pub use index_words::index_words;
pub use list::{Backfill, History, backfill, list};
pub use mark_delivered::{Receipt, mark_delivered};
pub use mark_read::{Marked, Unread, mark_read};
pub use search::{Found, Scope, search};
pub use send::{NewMessage, NewQuickReply, Sent, send, send_quick_reply};
