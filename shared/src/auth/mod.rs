//! Who calls: the access tokens of an existing Django service with simplejwt, and the cryptography for all tokens.

mod access_token;
pub(crate) mod crypto;

pub use access_token::authenticate;
