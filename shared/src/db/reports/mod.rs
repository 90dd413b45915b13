//! Reports of messages by users, and their handling by admins.

mod backlog;
mod create;
mod handle;
mod list;
mod read;

pub use backlog::{OpenReports, open};
pub use create::{NewReport, Reported, create};
pub use handle::{Handling, handle};
pub use list::list;
