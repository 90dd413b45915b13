//! Statements about the chat's usage figures. docs/analytics.md defines the figures.

mod report;
mod roll_up;

pub use report::report;
pub use roll_up::roll_up;
