//! Who calls: by the access tokens of an existing Django service with simplejwt, or by a token of that service's own.

mod access_token;
mod bearer;
mod platform_token;

pub use access_token::authenticate;
pub use platform_token::authenticate_platform;
