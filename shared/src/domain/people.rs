use serde::Serialize;
use uuid::Uuid;

/// Whoever calls: authenticated by a token. That the platform knows and has not switched off this user is for the
/// query to find, in the same round trip as everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer(pub Uuid);

/// The platform's own backend, which is no user: authenticated by a token that is for it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform;

/// A person, as the other participant may see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// The platform's id.
    pub id: Uuid,
    /// First and last name.
    pub full_name: String,
    /// As the platform has it, usually E.164.
    pub phone_number: String,
    /// `driver`, `client`, `merchant` or `admin`.
    pub user_type: String,
    /// A URL, or nothing.
    pub profile_photo_url: Option<String>,
}

/// What a conversation shows of the delivery that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The platform's id.
    pub id: Uuid,
    /// What people call the delivery by.
    pub tracking_number: String,
    /// From where.
    pub pickup_address: String,
    /// To where.
    pub delivery_address: String,
}
