//! Webhooks: events for the platform's backend, in the form of Standard Webhooks.

mod channel;
mod endpoint;
mod error;
mod key;
#[cfg(test)]
mod tests;

pub use channel::Webhooks;
pub use endpoint::Endpoint;
pub use error::WebhookError;
pub use key::{InvalidWebhookKey, WebhookKey};
