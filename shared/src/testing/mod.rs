#![expect(
    clippy::expect_used,
    reason = "a test that cannot be set up is a failed test"
)]
//! Test support for queries and functions: a real PostgreSQL with a database per test, and recording stand-ins for
//! Firebase, FCM and the platform's backend. A missing server is a failure, never a skipped test.

mod database;
mod events;
mod fcm;
mod firebase;
mod test_app;
mod webhooks;

pub use events::{Call, Payload};
pub use fcm::RecordingFcm;
pub use firebase::RecordingFirebase;
pub use test_app::{Reply, TestApp};
pub use webhooks::RecordingWebhooks;
