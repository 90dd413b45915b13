//! What the mirror asks of PostgreSQL. Without a viewer: the mirror is nobody's request.

mod acknowledge;
mod due;
mod repair;
mod state;

pub use acknowledge::{Acknowledged, done, failed};
pub use due::{Backlog, backlog, take_due};
pub use repair::{forget, forget_all, rooms_after};
pub use state::{Claim, MirroredMessage, MirroredRoom, RoomState, claim, read};
