//! Who calls: by the access tokens of an existing Django service with simplejwt, or by a token of that service's own;
//! and the cryptography for all tokens.

mod access_token;
mod bearer;
pub(crate) mod crypto;
mod platform_token;

pub use access_token::authenticate;
pub use platform_token::authenticate_platform;
