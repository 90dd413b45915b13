use lambda_http::aws_lambda_events::query_map::QueryMap;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::{ImageUrl, Invalid, Latitude, Longitude, MessageType, RoomType, Search, Text};
use crate::error::{BadRequest, Error, FieldErrors, Result};

/// A value that a field of a request can be read as.
pub trait Field: Sized {
    /// Reads the value, which is not null.
    ///
    /// # Errors
    /// Why it is no such value.
    fn read(value: &Value) -> Result<Self, Invalid>;
}

/// The fields of a request, from its body or its query. What is wrong is collected as they are read, so that the
/// answer names every bad field at once:
///
/// ```text
/// let mut fields = request.body()?;
/// let room_id = fields.required::<Uuid>("chat_room_id");
/// let limit = fields.optional::<Limit>("limit");
/// let room_id = fields.finish(room_id)?;
/// ```
#[derive(Debug, Default)]
pub struct Fields {
    values: Map<String, Value>,
    errors: FieldErrors,
}

impl Fields {
    pub(super) fn from_body(values: Map<String, Value>) -> Self {
        Self {
            values,
            errors: FieldErrors::default(),
        }
    }

    /// An empty value is as if it were not there; of several under one name the last counts, as in Django.
    pub(super) fn from_query(query: &QueryMap) -> Self {
        let values = query.iter().filter(|(_, value)| !value.is_empty());
        Self::from_body(
            values
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect(),
        )
    }

    /// Whether the field is there, be it null.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A field that must be there.
    pub fn required<T: Field>(&mut self, name: &'static str) -> Option<T> {
        match self.values.get(name) {
            None => self.refuse(name, "Ce champ est obligatoire."),
            Some(Value::Null) => self.refuse(name, "Ce champ ne peut être nul."),
            Some(_) => self.optional(name),
        }
    }

    /// A field that stands for `default` where it is missing, and may not be null.
    pub fn with_default<T: Field>(&mut self, name: &'static str, default: T) -> Option<T> {
        if self.has(name) {
            self.required(name)
        } else {
            Some(default)
        }
    }

    /// A field that may be missing, or null.
    pub fn optional<T: Field>(&mut self, name: &'static str) -> Option<T> {
        let value = self.values.get(name).filter(|value| !value.is_null())?;
        match T::read(value) {
            Ok(value) => Some(value),
            Err(Invalid(reason)) => self.refuse(name, reason),
        }
    }

    /// A field that cannot be wrong: what is no text is as if it were not there.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.values
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Finds fault with a field.
    pub fn refuse<T>(&mut self, name: &'static str, reason: impl Into<String>) -> Option<T> {
        self.errors.add(name, reason);
        None
    }

    /// Whether no fault was found so far.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// What was read, if all fields were good.
    ///
    /// # Errors
    /// The reasons, by field.
    pub fn finish<T>(self, read: Option<T>) -> Result<T> {
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            _ => Err(Error::BadRequest(BadRequest::Fields(self.errors))),
        }
    }
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

/// A JSON boolean, and nothing that could be taken for one.
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

/// A message's number in a query: a whole number, 0 for "before the first".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seq(pub i64);

impl Field for Seq {
    fn read(value: &Value) -> Result<Self, Invalid> {
        let seq = string(value)?.trim().parse().ok().filter(|seq| *seq >= 0);
        seq.map(Self)
            .ok_or_else(|| "Un nombre entier valide est requis.".into())
    }
}

/// Ids of messages: at most [`MessageIds::MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageIds(pub Vec<Uuid>);

impl MessageIds {
    /// The most in one request.
    pub const MAX: usize = 1000;
}

impl Field for MessageIds {
    fn read(value: &Value) -> Result<Self, Invalid> {
        let Some(ids) = value.as_array() else {
            return Err("Attendait une liste d'éléments.".into());
        };
        if ids.len() > Self::MAX {
            return Err(format!(
                "Assurez-vous que ce champ n'a pas plus de {} éléments.",
                Self::MAX
            )
            .into());
        }
        ids.iter()
            .map(Uuid::read)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// A text that may be blank, which is none.
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

impl Field for Search {
    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(string(value)?)
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

/// A JSON number; a number in quotes is none.
fn number(value: &Value) -> Result<f64, Invalid> {
    value
        .as_f64()
        .ok_or_else(|| "Un nombre valide est requis.".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(body: Value) -> Fields {
        let Value::Object(values) = body else {
            panic!("an object")
        };
        Fields::from_body(values)
    }

    fn errors(result: Result<impl std::fmt::Debug>) -> Value {
        let Err(Error::BadRequest(BadRequest::Fields(errors))) = result else {
            panic!("{result:?}")
        };
        serde_json::to_value(errors).unwrap()
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let mut fields = fields(json!({"a": "x", "b": null, "d": 1}));
        let a = fields.required::<Uuid>("a");
        let b = fields.required::<bool>("b");
        let c = fields.required::<Text>("c");
        fields.optional::<Text>("d");
        assert_eq!(
            errors(fields.finish(a.zip(b).zip(c))),
            json!({
                "a": ["Doit être un UUID valide."],
                "b": ["Ce champ ne peut être nul."],
                "c": ["Ce champ est obligatoire."],
                "d": ["Chaîne de caractère invalide."],
            })
        );
    }

    #[test]
    fn a_missing_or_null_optional_field_is_none() {
        let mut fields = fields(json!({"a": null}));
        assert_eq!(
            (fields.optional::<bool>("a"), fields.optional::<bool>("b")),
            (None, None)
        );
        assert!(fields.finish(Some(())).is_ok());
    }

    #[test]
    fn an_empty_value_of_a_query_is_no_value_and_the_last_of_several_counts() {
        let query: QueryMap = "a=&b=1&b=0".parse().unwrap();
        let mut fields = Fields::from_query(&query);
        assert!(!fields.has("a"));
        assert_eq!(fields.optional::<Flag>("b"), Some(Flag(false)));
    }

    #[test]
    fn a_number_in_quotes_or_a_truth_is_no_coordinate() {
        for value in [json!("5.3"), json!(true), json!([5.3]), json!(90.1)] {
            assert!(Latitude::read(&value).is_err(), "{value}");
        }
        assert!(Latitude::read(&json!(5)).is_ok());
    }

    #[test]
    fn one_bad_id_spoils_the_list_and_so_do_too_many() {
        assert!(MessageIds::read(&json!(["x"])).is_err());
        assert!(MessageIds::read(&json!(vec![Uuid::nil(); 1000])).is_ok());
        assert!(MessageIds::read(&json!(vec![Uuid::nil(); 1001])).is_err());
    }
}
