//! Authenticates callers: users by the access tokens of a Django service with simplejwt, the platform's backend by a
//! token with its own audience. Both are signed with the same keys and algorithm.
//!
//! Knows nothing of rooms or the database. The caller checks that the user exists and is active.

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
