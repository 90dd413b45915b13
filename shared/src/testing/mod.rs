#![expect(
    clippy::expect_used,
    reason = "a test that cannot be set up is a failed test"
)]
//! What the tests of queries and functions stand on: a real PostgreSQL with a database for each test, and a Firebase
//! that records what it is sent. Both are required; a missing server is a failure and never a skip.

mod database;
mod events;
mod fcm;
mod firebase;
mod test_app;

pub use events::{Call, Payload};
pub use fcm::RecordingFcm;
pub use firebase::RecordingFirebase;
pub use test_app::{Reply, TestApp};
