//! Pushes: notifies the recipients' devices of messages through Firebase Cloud Messaging.

mod channel;
mod fcm;
mod fcm_error;
mod message;
#[cfg(test)]
mod tests;

pub use channel::Pushes;
pub use fcm::Fcm;
