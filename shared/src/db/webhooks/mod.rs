//! Statements of the webhooks: which events to deliver to the platform's backend (`V0026__webhooks.sql`). Triggers write
//! the events. The statements take no viewer; the recipient is the platform.

mod backlog;
mod cleanup;
mod endpoint_state;
mod event;
mod lease;
mod list;
mod settle;
mod switch;

pub use backlog::backlog;
pub use cleanup::{KEPT_DAYS, delete_expired};
pub use endpoint_state::{State, resume, state, stop};
pub use lease::{DueEvents, lease};
pub use list::{Listed, list};
pub use settle::{Settled, settle};
pub use switch::switch;
