//! Who calls: users by the access tokens of an existing Django service with simplejwt, the platform's backend by a token
//! of its own, both signed with the same keys and by the same algorithm.

mod access_token;
mod bearer;
mod key;
mod platform_token;
mod rules;

pub use access_token::authenticate;
pub use bearer::Rejection;
pub use key::{InvalidKey, JwtKey};
pub use platform_token::authenticate_platform;
pub use rules::TokenRules;
