use std::fmt;

use super::Seconds;
use super::seconds::MONTH;

/// How long a room stays open after its delivery has ended. 0 closes it at once.
pub type GracePeriod = Seconds<0, MONTH, { 2 * 3600 }>;

/// The text for the participants: in hours and minutes, if the period is at least a minute.
impl fmt::Display for GracePeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |number: u32| if number > 1 { "s" } else { "" };
        let seconds = self.number();
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        match (hours, minutes) {
            (0, 0) if seconds == 0 => f.write_str("Cette conversation est maintenant fermée."),
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
            let period = GracePeriod::parse(&seconds.to_string()).unwrap();
            assert_eq!(period.to_string(), format!("Cette conversation {words}."));
        }
    }
}
