//! Pushes: the devices of whoever is not looking are told of a message, by Firebase Cloud Messaging.

mod answer;
pub mod deliver;
mod fcm;
mod message;
pub mod sweep;
#[cfg(test)]
mod tests;

pub use fcm::Fcm;
