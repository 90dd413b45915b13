use super::Invalid;

/// The name of an IANA time zone, such as `Africa/Abidjan`. The statement that uses the name checks that PostgreSQL
/// knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone(String);

impl Default for TimeZone {
    fn default() -> Self {
        Self("Africa/Abidjan".to_owned())
    }
}

impl TimeZone {
    /// The reason for a name that does not exist.
    pub const UNKNOWN: &'static str = "Fuseau horaire inconnu.";

    /// Checks that the value can be a name.
    ///
    /// # Errors
    /// It is empty, longer than 64 characters, or has characters that no name has.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let may_be_a_name = (1..=64).contains(&raw.len())
            && raw
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
        if may_be_a_name {
            Ok(Self(raw.to_owned()))
        } else {
            Err(Self::UNKNOWN.into())
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_letters_digits_and_few_signs() {
        for good in [
            "Africa/Abidjan",
            "America/Port-au-Prince",
            "UTC",
            "Etc/GMT+12",
            "EST5EDT",
        ] {
            assert!(TimeZone::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "../etc/passwd",
            "a/é",
            "Europe/Paris ",
            "<X>-3",
            &"A".repeat(65),
        ] {
            assert!(TimeZone::parse(bad).is_err(), "{bad}");
        }
    }
}
