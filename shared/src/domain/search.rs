use super::{Invalid, shows_nothing};

/// A search in the list of rooms: every word must be part of the searched text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(Vec<String>);

impl Search {
    /// The longest search in characters.
    pub const MAX_CHARS: usize = 255;

    /// Splits a search at white space. Words without a visible character are ignored.
    ///
    /// # Errors
    /// The value is too long or has a NUL.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        if raw.contains('\0') {
            return Err(Invalid::NUL.into());
        }
        if raw.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Invalid::too_long(Self::MAX_CHARS));
        }
        let words = raw.split_whitespace().filter(|word| !shows_nothing(word));
        Ok(Self(words.map(str::to_owned).collect()))
    }

    /// Returns the words. Without words, every text matches.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }
}
