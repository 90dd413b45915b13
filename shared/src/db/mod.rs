//! All SQL, one file per statement, over tokio-postgres. It knows nothing of HTTP.
//!
//! Each statement begins with `-- name`. A statement that returns rooms or messages to a user takes the
//! [`Viewer`](crate::domain::Viewer), so that access without a check of participation cannot be written. A statement
//! for the platform takes [`Platform`](crate::domain::Platform).
//!
//! A statement is sent with its parameter types, which are built-in types. It is prepared once per connection: that
//! costs a round trip once, and saves planning later. If a pooler may not track prepared statements
//! (`STATEMENT_CACHE`), it is sent unnamed. A write is one `WITH … RETURNING` statement, and thus one transaction.

pub mod analytics;
pub mod blocks;
mod cancel;
mod certificate_error;
#[cfg(test)]
mod certificate_tests;
mod columns;
mod conditions;
mod connection;
mod database;
pub mod delivery;
mod describe;
pub mod devices;
pub mod events;
pub mod firebase_users;
pub mod inspect;
pub mod messages;
pub mod migrate;
pub mod mirror;
pub mod notification_settings;
pub mod platform_messages;
mod pool;
pub mod pushes;
mod query_error;
pub mod quick_replies;
mod rate_limits;
pub mod reports;
pub mod room_list_versions;
pub mod rooms;
mod statement;
pub mod trust;
pub mod uploads;
pub mod viewer;
pub mod webhooks;

pub use database::Database;
pub use describe::{describe, is_transient};
pub use query_error::QueryError;
pub use statement::Statement;
