//! What the pushes ask of PostgreSQL: whom to tell of what, and what became of it. As for the mirror, these are
//! nobody's requests and have no viewer; whom a message may be told stands in the room.

mod backlog;
mod claim;
mod finish;
mod forget;

pub use backlog::{PushBacklog, backlog};
pub use claim::{DuePush, Notice, claim};
pub use finish::{Finished, Outcome, finish};
pub use forget::forget_expired;
