//! Firebase: the mirror in the Realtime Database, and the tokens with which clients sign in.

mod access;
mod client;
pub mod compare;
mod custom_token;
mod error;
pub mod inboxes;
mod mirror;
pub mod retention;
pub mod revoke;
mod service_account;
mod shards;
#[cfg(test)]
mod tests;
mod transport;
mod tree;

pub(crate) use access::Access;
pub use client::Firebase;
pub use custom_token::{CustomToken, custom_token};
pub use error::FirebaseError;
pub use mirror::Mirror;
pub use service_account::{InvalidServiceAccount, ServiceAccount};
pub use shards::{Shard, Shards};
