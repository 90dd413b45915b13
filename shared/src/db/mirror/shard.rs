use std::sync::Arc;

use super::Placement;
use crate::db::delivery::Channel;

/// One of the mirror's databases, and with it the rooms that belong there.
#[derive(Debug, Clone)]
pub struct Shard {
    /// The name of its circuit in `chat_delivery_channels`.
    pub circuit: String,
    /// Its position among the databases of `placement`.
    pub index: usize,
    pub placement: Arc<Placement>,
}

/// The only database: all rooms belong there.
impl Default for Shard {
    fn default() -> Self {
        Self {
            circuit: Channel::Mirror.name().to_owned(),
            index: 0,
            placement: Arc::new(Placement::new(Vec::new())),
        }
    }
}

impl Shard {
    /// Returns the parameter of [`is_of_shard`], a `bytea`.
    pub(super) fn buckets(&self) -> Option<&[u8]> {
        self.placement.buckets(self.index)
    }
}

/// Whether the room `chat_rooms.id` is in one of these buckets: see [`Placement`]. Null stands for all buckets.
macro_rules! is_of_shard {
    ($buckets:literal) => {
        concat!(
            "(",
            $buckets,
            "::bytea IS NULL OR get_bit(",
            $buckets,
            ", (get_byte(uuid_send(chat_rooms.id), 14) & 7) * 256 + get_byte(uuid_send(chat_rooms.id), 15)) = 1)"
        )
    };
}
pub(super) use is_of_shard;
