use super::{Invalid, shows_nothing};

/// A text that a user wrote: trimmed, not blank, at most [`Text::MAX_CHARS`] characters, without NUL. A text without a
/// visible character is blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The longest text in characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 5000;

    /// Trims and checks a text that is required.
    ///
    /// # Errors
    /// `raw` is blank, too long, or has a NUL.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        Self::parse_optional(raw)?.ok_or_else(|| "Ce champ ne peut être vide.".into())
    }

    /// Trims and checks an optional text. Returns `None` for a blank one.
    ///
    /// # Errors
    /// `raw` is too long or has a NUL.
    pub fn parse_optional(raw: &str) -> Result<Option<Self>, Invalid> {
        let trimmed = raw.trim();
        if trimmed.contains('\0') {
            return Err(Invalid::NUL.into());
        }
        if trimmed.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Invalid::too_long(Self::MAX_CHARS));
        }
        Ok((!shows_nothing(trimmed)).then(|| Self(trimmed.to_owned())))
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
    fn text_is_trimmed() {
        assert_eq!(Text::parse(" \u{a0}Bonjour\n").unwrap().as_str(), "Bonjour");
    }

    #[test]
    fn blank_text_is_an_error_or_nothing() {
        for blank in ["", " \t\n", "\u{200b}", " \u{feff}\u{2800} "] {
            assert!(Text::parse(blank).is_err());
            assert_eq!(Text::parse_optional(blank).unwrap(), None);
        }
    }

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert!(Text::parse(&"é".repeat(5000)).is_ok());
        assert_eq!(Text::parse(&"é".repeat(5001)), Err(Invalid::too_long(5000)));
    }

    #[test]
    fn a_nul_is_rejected() {
        assert_eq!(Text::parse("a\0b"), Err(Invalid::NUL.into()));
    }
}
