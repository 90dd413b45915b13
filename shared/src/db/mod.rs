//! All SQL, one file per query. Raw statements over tokio-postgres; each opens with `-- name`, and every one that
//! answers a caller from a room or a message takes the [`Viewer`](crate::domain::Viewer), so that an unscoped read cannot be written.
//!
//! A statement is sent unnamed and with its parameter types (`query_typed`), all of them built-in types: that is one
//! round trip, leaves nothing behind in the session, and so runs behind RDS Proxy and PgBouncer alike. A write is
//! one `WITH … RETURNING` statement, and thereby one transaction.

pub mod analytics;
mod columns;
mod connection;
mod database;
pub mod devices;
pub mod messages;
pub mod migrate;
pub mod mirror;
pub mod notification_settings;
pub mod pushes;
mod query_error;
pub mod rooms;
pub mod viewer;

pub use database::Database;
pub use query_error::QueryError;
