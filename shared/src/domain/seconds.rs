use std::time::Duration;

use serde::Serialize;

use super::Invalid;

/// A setting of `MIN` to `MAX` whole seconds, which is `DEFAULT` if it is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Seconds<const MIN: u32, const MAX: u32, const DEFAULT: u32>(u32);

/// Thirty days.
pub(super) const MONTH: u32 = 30 * 86_400;

/// How long after sending a message its sender may edit or delete it. 0 allows neither.
pub type EditWindow = Seconds<0, MONTH, 900>;

impl<const MIN: u32, const MAX: u32, const DEFAULT: u32> Seconds<MIN, MAX, DEFAULT> {
    /// Parses a number of seconds.
    ///
    /// # Errors
    /// The value is not a whole number, or is out of bounds.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let seconds = raw.trim().parse().ok();
        let seconds = seconds.filter(|seconds| (MIN..=MAX).contains(seconds));
        seconds
            .map(Self)
            .ok_or_else(|| format!("a whole number of seconds, from {MIN} to {MAX}").into())
    }

    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl<const MIN: u32, const MAX: u32, const DEFAULT: u32> Default for Seconds<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Example = Seconds<2, 3600, 300>;

    #[test]
    fn it_is_a_whole_number_between_the_bounds() {
        for (raw, seconds) in [("2", 2), (" 300 ", 300), ("3600", 3600)] {
            assert_eq!(Example::parse(raw).unwrap().number(), seconds);
        }
        for raw in ["", "-2", "0", "1", "3601", "1.5", "5 min", "99999999999"] {
            let error = Example::parse(raw).unwrap_err().to_string();
            assert!(error.contains("from 2 to 3600"), "{raw}: {error}");
        }
    }

    #[test]
    fn it_has_a_default() {
        assert_eq!(Example::default().duration(), Duration::from_mins(5));
    }
}
