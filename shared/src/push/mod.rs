//! Pushes: the recipients' devices are notified of a message by Firebase Cloud Messaging.

mod channel;
mod fcm;
mod fcm_error;
mod message;
#[cfg(test)]
mod tests;

pub use channel::Pushes;
pub use fcm::Fcm;
