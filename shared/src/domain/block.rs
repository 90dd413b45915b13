use serde::Serialize;
use uuid::Uuid;

use super::{Person, Timestamp};

/// A block of a user by the viewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// The blocked user's id.
    pub user_id: Uuid,
    /// Null if the platform has deleted the user.
    pub user: Option<Person>,
    pub created_at: Timestamp,
}
