use chrono::{Datelike, NaiveDate};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::{
    DeliveryEvent, ExportCursor, ImageUrl, Invalid, Latitude, Longitude, MessageSearch,
    MessageType, ReportOutcome, ReportReason, ReportStatus, RoomType, Search, Text, TimeOfDay,
    TimeZone, Timestamp,
};

/// A type that a request's field can be parsed into.
pub trait Field: Sized {
    /// Parses a value that is not null.
    ///
    /// # Errors
    /// The reason why the value is invalid.
    fn read(value: &Value) -> Result<Self, Invalid>;
}

fn string(value: &Value) -> Result<&str, Invalid> {
    value
        .as_str()
        .ok_or_else(|| "Chaîne de caractère invalide.".into())
}

impl Field for Uuid {
    fn read(value: &Value) -> Result<Self, Invalid> {
        let id = value
            .as_str()
            .and_then(|id| Self::try_parse(id.trim()).ok());
        id.ok_or_else(|| "Doit être un UUID valide.".into())
    }
}

/// A JSON boolean and nothing else.
impl Field for bool {
    fn read(value: &Value) -> Result<Self, Invalid> {
        value
            .as_bool()
            .ok_or_else(|| "Doit être un booléen valide.".into())
    }
}

/// A boolean in a query: `true`, `false`, `1` or `0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Field for Flag {
    fn read(value: &Value) -> Result<Self, Invalid> {
        match string(value)? {
            "true" | "True" | "1" => Ok(Self(true)),
            "false" | "False" | "0" => Ok(Self(false)),
            _ => Err("Doit être un booléen valide.".into()),
        }
    }
}

/// A message's `seq` in a query: a whole number; 0 is before the first message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seq(pub i64);

impl Field for Seq {
    fn read(value: &Value) -> Result<Self, Invalid> {
        let seq = string(value)?.trim().parse().ok().filter(|seq| *seq >= 0);
        seq.map(Self)
            .ok_or_else(|| "Un nombre entier valide est requis.".into())
    }
}

/// A text that may be blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalText(pub Option<Text>);

impl Field for OptionalText {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Text::parse_optional(string(value)?).map(Self)
    }
}

impl Field for Text {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for ImageUrl {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for MessageType {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for RoomType {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for ReportReason {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for ReportOutcome {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for ReportStatus {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for DeliveryEvent {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for ExportCursor {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for Timestamp {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for Search {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for MessageSearch {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for TimeZone {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

impl Field for TimeOfDay {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
    }
}

/// A date in the form `2025-01-15`.
impl Field for NaiveDate {
    fn read(value: &Value) -> Result<Self, Invalid> {
        let raw = string(value)?;
        let date = (raw.len() == 10)
            .then(|| Self::parse_from_str(raw, "%Y-%m-%d").ok())
            .flatten()
            .filter(|date| date.year() >= 1);
        date.ok_or_else(|| {
            "La date n'a pas le bon format. Utilisez un des formats suivants : YYYY-MM-DD.".into()
        })
    }
}

impl Field for Latitude {
    fn read(value: &Value) -> Result<Self, Invalid> {
        number(value).and_then(Self::parse)
    }
}

impl Field for Longitude {
    fn read(value: &Value) -> Result<Self, Invalid> {
        number(value).and_then(Self::parse)
    }
}

/// Reads a JSON number; a number in quotes is invalid.
fn number(value: &Value) -> Result<f64, Invalid> {
    value
        .as_f64()
        .ok_or_else(|| "Un nombre valide est requis.".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_string_or_a_boolean_is_not_a_coordinate() {
        for value in [json!("5.3"), json!(true), json!([5.3]), json!(90.1)] {
            assert!(Latitude::read(&value).is_err(), "{value}");
        }
        assert!(Latitude::read(&json!(5)).is_ok());
    }
}
