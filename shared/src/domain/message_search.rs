use std::fmt;

use chrono::DateTime;
use serde::Serialize;
use uuid::Uuid;

use super::{Highlight, Invalid, Message, Search, Timestamp, shows_nothing};

/// The words to look for in messages: trimmed, not blank, at most [`Search::MAX_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageSearch(String);

impl MessageSearch {
    /// Trims and checks. PostgreSQL finds the words in it, as it does in messages.
    ///
    /// # Errors
    /// `raw` is blank, too long, or has a NUL.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let words = Search::parse(raw)?.words().join(" ");
        if shows_nothing(&words) {
            return Err("Ce champ ne peut être vide.".into());
        }
        Ok(Self(words))
    }

    /// Returns the words, separated by single blanks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundMessage {
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// The part of the text around the first match.
    pub highlight: Highlight,
}

/// A position in a list of messages that is ordered by time. Clients return it unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The time of the message after which the list continues.
    pub created_at: Timestamp,
    /// Its id.
    pub message_id: Uuid,
}

impl Cursor {
    /// Parses the text that [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let (micros, id) = raw.split_at_checked(16)?;
        let micros = u64::from_str_radix(micros, 16).ok()?;
        Some(Self {
            created_at: Timestamp(DateTime::from_timestamp_micros(
                i64::try_from(micros).ok()?,
            )?),
            message_id: Uuid::try_parse(id).ok()?,
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.created_at.0.timestamp_micros();
        write!(f, "{micros:016x}{}", self.message_id.simple())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_written_cursor_can_be_read() {
        let cursor = Cursor {
            created_at: Timestamp(DateTime::from_timestamp_micros(1_736_951_400_000_007).unwrap()),
            message_id: Uuid::from_u128(7),
        };
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        let text = cursor.to_string();
        for bad in [
            "",
            "x",
            &text[1..],
            &format!("ffff{}", &text[4..]),
            &"é".repeat(24),
        ] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn words_are_trimmed_and_not_blank() {
        assert_eq!(
            MessageSearch::parse(" déjà  vu ").unwrap().as_str(),
            "déjà vu"
        );
        for bad in [" ", "\u{200b}\u{2800}", "a\0", &"a".repeat(256)] {
            assert!(MessageSearch::parse(bad).is_err());
        }
    }
}
