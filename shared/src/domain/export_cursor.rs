use std::fmt;

use uuid::Uuid;

use super::Invalid;

/// A position in the export of a person's data: `<room_id>.<seq>`, the last message that was returned; 0 is the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportCursor {
    pub room_id: Uuid,
    pub seq: i64,
}

impl ExportCursor {
    /// Parses the parameter `after` of a `next` link.
    ///
    /// # Errors
    /// The value is not of this form.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let position = raw.split_once('.').and_then(|(room_id, seq)| {
            Some(Self {
                room_id: room_id.parse().ok()?,
                seq: seq.parse().ok().filter(|seq| *seq >= 0)?,
            })
        });
        position.ok_or_else(|| "Suivez le lien « next » de la réponse précédente.".into())
    }
}

impl fmt::Display for ExportCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.room_id, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let cursor = ExportCursor {
            room_id: Uuid::nil(),
            seq: 12,
        };
        assert_eq!(ExportCursor::parse(&cursor.to_string()), Ok(cursor));
        for raw in ["", "x", "x.1", "00000000-0000-0000-0000-000000000000.-1"] {
            assert!(ExportCursor::parse(raw).is_err(), "{raw}");
        }
    }
}
