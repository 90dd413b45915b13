use serde::Serialize;
use uuid::Uuid;

use super::Personal;

/// The caller, authenticated by a token. The query checks, in the same round trip, that the platform knows this user and
/// has not deactivated them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer(pub Uuid);

/// The platform's backend, which is not a user: authenticated by a token of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform;

/// A user, as the other participant may see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    pub id: Uuid,
    pub full_name: String,
    /// The platform's value, usually E.164.
    pub phone_number: Personal,
    /// `driver`, `client`, `merchant` or `admin`.
    pub user_type: String,
    pub profile_photo_url: Option<String>,
}

/// A user without their phone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    pub id: Uuid,
    pub full_name: String,
    /// `driver`, `client`, `merchant` or `admin`.
    pub user_type: String,
    pub profile_photo_url: Option<String>,
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            full_name: user.full_name,
            user_type: user.user_type,
            profile_photo_url: user.profile_photo_url,
        }
    }
}

/// The delivery of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    pub id: Uuid,
    pub tracking_number: String,
    pub pickup_address: Personal,
    pub delivery_address: Personal,
}
