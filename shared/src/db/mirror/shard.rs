use tokio_postgres::types::Type;

use crate::db::database::Parameter;
use crate::db::delivery::Channel;

/// One of the mirror's databases, and with it the rooms that belong there.
#[derive(Debug, Clone)]
pub struct Shard {
    /// The name of its circuit in `chat_delivery_channels`.
    pub circuit: String,
    /// The URLs of all databases.
    pub urls: Vec<String>,
    /// The URL of this one.
    pub url: String,
}

/// The only database: all rooms belong there.
impl Default for Shard {
    fn default() -> Self {
        Self {
            circuit: Channel::Mirror.name().to_owned(),
            urls: Vec::new(),
            url: String::new(),
        }
    }
}

impl Shard {
    /// Returns the parameters of [`is_of_shard`].
    pub(super) fn parameters(&self) -> [Parameter<'_>; 2] {
        [
            (&self.urls as _, Type::TEXT_ARRAY),
            (&self.url as _, Type::TEXT),
        ]
    }
}

/// Whether the room `chat_rooms.id` belongs to the shard with the URL `$url` of `$urls`: rendezvous hashing, as
/// `Shards::of`.
macro_rules! is_of_shard {
    ($urls:literal, $url:literal) => {
        concat!(
            "(cardinality(",
            $urls,
            ") < 2 OR ",
            $url,
            " = (SELECT url FROM unnest(",
            $urls,
            ") AS url ORDER BY sha256(convert_to(url || '/chats/' || chat_rooms.id, 'UTF8')) DESC LIMIT 1))"
        )
    };
}
pub(super) use is_of_shard;
