use std::fmt;
use std::time::Duration;

use super::Invalid;

/// How long a room stays open after its delivery has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GracePeriod(u32);

impl Default for GracePeriod {
    /// Two hours.
    fn default() -> Self {
        Self(2 * 3600)
    }
}

impl GracePeriod {
    /// Thirty days, in seconds.
    const LONGEST: u32 = 30 * 86_400;

    /// Parses a number of seconds; 0 closes at once.
    ///
    /// # Errors
    /// The value is not such a number, or is over thirty days.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw.trim().parse() {
            Ok(seconds @ 0..=Self::LONGEST) => Ok(Self(seconds)),
            _ => Err("a whole number of seconds, from 0 (at once) to 2592000 (thirty days)".into()),
        }
    }

    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

/// The text for the participants: in hours and minutes, if the period is at least a minute.
impl fmt::Display for GracePeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |number: u32| if number > 1 { "s" } else { "" };
        let (hours, minutes) = (self.0 / 3600, self.0 / 60 % 60);
        match (hours, minutes) {
            (0, 0) if self.0 == 0 => f.write_str("Cette conversation est maintenant fermée."),
            (0, 0) => f.write_str("Cette conversation se ferme dans un instant."),
            (0, _) => write!(
                f,
                "Cette conversation reste ouverte encore {minutes} minute{}.",
                plural(minutes)
            ),
            (_, 0) => write!(
                f,
                "Cette conversation reste ouverte encore {hours} heure{}.",
                plural(hours)
            ),
            _ => write!(
                f,
                "Cette conversation reste ouverte encore {hours} h {minutes:02}."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_number_of_seconds_up_to_thirty_days() {
        assert_eq!(GracePeriod::parse("0"), Ok(GracePeriod(0)));
        assert_eq!(GracePeriod::parse(" 7200 "), Ok(GracePeriod::default()));
        assert_eq!(GracePeriod::parse("2592000"), Ok(GracePeriod(2_592_000)));
        for raw in ["", "-1", "1.5", "2h", "2592001", "99999999999"] {
            assert!(GracePeriod::parse(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn the_text_for_participants_has_hours_and_minutes() {
        for (seconds, words) in [
            (0, "est maintenant fermée"),
            (59, "se ferme dans un instant"),
            (60, "reste ouverte encore 1 minute"),
            (1_800, "reste ouverte encore 30 minutes"),
            (3_600, "reste ouverte encore 1 heure"),
            (5_430, "reste ouverte encore 1 h 30"),
            (7_200, "reste ouverte encore 2 heures"),
        ] {
            let text = GracePeriod(seconds).to_string();
            assert_eq!(text, format!("Cette conversation {words}."));
        }
    }
}
