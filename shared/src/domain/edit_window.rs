use std::time::Duration;

use serde::Serialize;

use super::Invalid;

/// How long after sending a message its sender may edit or delete it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct EditWindow(u32);

impl Default for EditWindow {
    /// Fifteen minutes.
    fn default() -> Self {
        Self(900)
    }
}

impl EditWindow {
    /// Thirty days, in seconds.
    const LONGEST: u32 = 30 * 86_400;

    /// Parses a number of seconds; 0 allows neither.
    ///
    /// # Errors
    /// The value is not such a number, or is over thirty days.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw.trim().parse() {
            Ok(seconds @ 0..=Self::LONGEST) => Ok(Self(seconds)),
            _ => Err("a whole number of seconds, from 0 (never) to 2592000 (thirty days)".into()),
        }
    }

    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_number_of_seconds_up_to_thirty_days() {
        assert_eq!(EditWindow::parse("0"), Ok(EditWindow(0)));
        assert_eq!(EditWindow::parse(" 900 "), Ok(EditWindow::default()));
        for raw in ["", "-1", "1.5", "15m", "2592001"] {
            assert!(EditWindow::parse(raw).is_err(), "{raw}");
        }
    }
}
