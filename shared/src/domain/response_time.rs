use std::fmt;
use std::time::Duration;

use super::Invalid;

/// How long a customer who is called has to respond before they count as unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseTime(u32);

impl Default for ResponseTime {
    /// Five minutes.
    fn default() -> Self {
        Self(300)
    }
}

impl ResponseTime {
    /// An hour, in seconds.
    const LONGEST: u32 = 3600;

    /// Parses a number of seconds.
    ///
    /// # Errors
    /// The value is not such a number, is 0, or is over an hour.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw.trim().parse() {
            Ok(seconds @ 1..=Self::LONGEST) => Ok(Self(seconds)),
            _ => Err("a whole number of seconds, from 1 to 3600 (an hour)".into()),
        }
    }

    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }

    /// Returns the system message that calls the customer.
    #[must_use]
    pub fn call(self) -> String {
        format!(
            "Le livreur est arrivé et ne parvient pas à joindre le destinataire. Merci de répondre {self}."
        )
    }
}

/// The time for the participants, in minutes if it is whole minutes.
impl fmt::Display for ResponseTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 60, self.0 % 60) {
            (0, 1) => f.write_str("dans la seconde"),
            (1, 0) => f.write_str("dans la minute"),
            (minutes, 0) => write!(f, "dans les {minutes} minutes"),
            _ => write!(f, "dans les {} secondes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_of_seconds_up_to_an_hour() {
        assert_eq!(ResponseTime::parse(" 300 "), Ok(ResponseTime::default()));
        assert_eq!(
            ResponseTime::parse("2").unwrap().duration(),
            Duration::from_secs(2)
        );
        for raw in ["", "0", "-1", "3601", "5 min", "1.5"] {
            assert!(ResponseTime::parse(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn the_call_names_the_time() {
        for (seconds, words) in [
            (1, "dans la seconde"),
            (45, "dans les 45 secondes"),
            (60, "dans la minute"),
            (90, "dans les 90 secondes"),
            (300, "dans les 5 minutes"),
        ] {
            let call = ResponseTime(seconds).call();
            assert!(call.ends_with(&format!("Merci de répondre {words}.")));
        }
    }
}
