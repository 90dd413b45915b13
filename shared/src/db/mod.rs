//! All SQL, one file per query. Raw statements over tokio-postgres; each opens with `-- name`, and every one that
//! answers a caller from a room or a message takes the [`Viewer`](crate::domain::Viewer), so that an unscoped read cannot
//! be written; what only the platform may do takes [`Platform`](crate::domain::Platform).
//!
//! A statement is sent with its parameter types, all of them built-in types. It is prepared once per connection, which
//! takes a round trip more that time and saves planning later. Behind a pooler that cannot be known to keep track of
//! prepared statements (`STATEMENT_CACHE`) it goes unnamed. A write is one `WITH … RETURNING` statement, and thereby one
//! transaction.

pub mod analytics;
pub mod answer_versions;
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
mod pool;
pub mod pushes;
mod query_error;
mod rate_limits;
pub mod rooms;
pub mod uploads;
pub mod viewer;

pub use database::Database;
pub use describe::{describe, is_transient};
pub use query_error::QueryError;
