//! Who calls: the access tokens of an existing Django service with simplejwt.

mod access_token;

pub use access_token::authenticate;
