use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// A moment in UTC, written as RFC 3339 with `Z` and always six fractional digits, so that the order of the texts is
/// the order of time, in JSON and in Firebase alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub DateTime<Utc>);

impl Timestamp {
    /// The current moment by this machine's clock.
    #[must_use]
    pub fn now() -> Self {
        Self(std::time::SystemTime::now().into())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_always_has_six_fractional_digits() {
        let at = |micros| Timestamp(DateTime::from_timestamp_micros(micros).unwrap()).to_string();
        assert_eq!(at(1_736_951_400_000_000), "2025-01-15T14:30:00.000000Z");
        assert_eq!(at(1_736_951_400_000_007), "2025-01-15T14:30:00.000007Z");
    }
}
