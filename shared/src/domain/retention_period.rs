use super::Invalid;

/// How long the messages of a closed room are kept. Without a period they are kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPeriod(i32);

impl RetentionPeriod {
    /// A hundred years, in days.
    const LONGEST: i32 = 36_500;

    /// Parses a number of days; 0 is no period.
    ///
    /// # Errors
    /// The value is not such a number, or is over a hundred years.
    pub fn parse(raw: &str) -> Result<Option<Self>, Invalid> {
        match raw.trim().parse() {
            Ok(0) => Ok(None),
            Ok(days @ 1..=Self::LONGEST) => Ok(Some(Self(days))),
            _ => Err("a whole number of days, from 1 to 36500, or 0 to keep messages".into()),
        }
    }

    #[must_use]
    pub fn days(self) -> i32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_number_of_days_or_zero() {
        assert_eq!(RetentionPeriod::parse("0"), Ok(None));
        assert_eq!(
            RetentionPeriod::parse(" 365 "),
            Ok(Some(RetentionPeriod(365)))
        );
        for raw in ["", "-1", "1.5", "1y", "36501"] {
            assert!(RetentionPeriod::parse(raw).is_err(), "{raw}");
        }
    }
}
