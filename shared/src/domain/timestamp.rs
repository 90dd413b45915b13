use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use super::Invalid;

/// A time in UTC, written as RFC 3339 with `Z` and always six fractional digits, so that text order is time order,
/// in JSON and in Firebase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub DateTime<Utc>);

impl Timestamp {
    /// Parses RFC 3339 in any time zone.
    ///
    /// # Errors
    /// The value has another form.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        DateTime::parse_from_rfc3339(raw.trim())
            .map(|moment| Self(moment.to_utc()))
            .map_err(|_| {
                "La date + heure n'a pas le bon format. Utilisez un des formats suivants : \
                 YYYY-MM-DDThh:mm:ss[.uuuuuu][+HH:MM|-HH:MM|Z]."
                    .into()
            })
    }

    /// Returns the current time of this machine's clock.
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

    #[test]
    fn only_rfc_3339_is_read_in_any_time_zone() {
        let at = |raw| Timestamp::parse(raw).map(|moment| moment.to_string());
        for raw in ["2025-01-15T14:30:00Z", "2025-01-15T16:30:00.000+02:00"] {
            assert_eq!(at(raw).unwrap(), "2025-01-15T14:30:00.000000Z");
        }
        for raw in [
            "",
            "2025-01-15",
            "2025-01-15T14:30:00",
            "1736951400",
            "2025-02-30T00:00:00Z",
        ] {
            assert!(at(raw).is_err(), "{raw}");
        }
    }
}
