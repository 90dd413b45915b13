use super::Invalid;

/// What somebody wrote: trimmed, not blank, at most [`Text::MAX_CHARS`] characters, without NUL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The longest text, in characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 5000;

    /// Trims and checks; blank text is an error.
    ///
    /// # Errors
    /// Blank, too long, or with a NUL.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        Self::parse_optional(raw)?.ok_or_else(|| "Ce champ ne peut être vide.".into())
    }

    /// Trims and checks, where nothing need be written: blank text is none.
    ///
    /// # Errors
    /// Too long, or with a NUL.
    pub fn parse_optional(raw: &str) -> Result<Option<Self>, Invalid> {
        let trimmed = raw.trim();
        if trimmed.contains('\0') {
            return Err(Invalid::NUL.into());
        }
        if trimmed.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Invalid::too_long(Self::MAX_CHARS));
        }
        Ok((!trimmed.is_empty()).then(|| Self(trimmed.to_owned())))
    }

    /// The text.
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
        assert!(Text::parse(" \t\n").is_err());
        assert_eq!(Text::parse_optional(" \t\n").unwrap(), None);
    }

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert!(Text::parse(&"é".repeat(5000)).is_ok());
        assert_eq!(Text::parse(&"é".repeat(5001)), Err(Invalid::too_long(5000)));
    }

    #[test]
    fn a_nul_is_refused() {
        assert_eq!(Text::parse("a\0b"), Err(Invalid::NUL.into()));
    }
}
