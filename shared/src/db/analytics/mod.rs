//! The queries over what the chat counts about itself. docs/analytics.md says what the numbers mean.

mod report;
mod roll_up;

pub use report::report;
pub use roll_up::roll_up;
