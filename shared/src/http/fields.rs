use lambda_http::aws_lambda_events::query_map::QueryMap;
use serde_json::{Map, Value};

use super::Field;
use crate::domain::Invalid;
use crate::error::{BadRequest, Error, FieldErrors, Result};

/// The fields of a request, from its body or its query. Errors are collected while the fields are read, so that one
/// response names every bad field:
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

    /// Reads a query. An empty value counts as absent; of several values under one name the last counts, as in Django.
    pub(super) fn from_query(query: &QueryMap) -> Self {
        let values = query.iter().filter(|(_, value)| !value.is_empty());
        Self::from_body(
            values
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect(),
        )
    }

    /// Returns whether the field is present, also if it is null.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Returns whether the field is present and not null.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_null())
    }

    /// Reads a required field.
    pub fn required<T: Field>(&mut self, name: &'static str) -> Option<T> {
        match self.values.get(name) {
            None => self.reject(name, "Ce champ est obligatoire."),
            Some(Value::Null) => self.reject(name, "Ce champ ne peut être nul."),
            Some(_) => self.optional(name),
        }
    }

    /// Reads a field with a default; null is invalid.
    pub fn with_default<T: Field>(&mut self, name: &'static str, default: T) -> Option<T> {
        if self.has(name) {
            self.required(name)
        } else {
            Some(default)
        }
    }

    /// Reads a field that may be absent or null.
    pub fn optional<T: Field>(&mut self, name: &'static str) -> Option<T> {
        let value = self.values.get(name).filter(|value| !value.is_null())?;
        match T::read(value) {
            Ok(value) => Some(value),
            Err(Invalid(reason)) => self.reject(name, reason),
        }
    }

    /// Reads a list of at most `max` elements that may be absent or null. Each bad element is named by its index.
    pub fn optional_list<T: Field>(&mut self, name: &'static str, max: usize) -> Option<Vec<T>> {
        let Self { values, errors } = self;
        let value = values.get(name).filter(|value| !value.is_null())?;
        let Some(elements) = value.as_array() else {
            return self.reject(name, "Attendait une liste d'éléments.");
        };
        if elements.len() > max {
            let reason = format!("Assurez-vous que ce champ n'a pas plus de {max} éléments.");
            return self.reject(name, reason);
        }
        let read = |(index, element): (usize, &Value)| {
            let element = match element {
                Value::Null => Err("Ce champ ne peut être nul.".into()),
                element => T::read(element),
            };
            element
                .map_err(|Invalid(reason)| errors.add_element(name, index, reason))
                .ok()
        };
        // All fields are read, so that all bad ones are named.
        let elements: Vec<_> = elements.iter().enumerate().map(read).collect();
        elements.into_iter().collect()
    }

    /// Reads a required list of at most `max` elements.
    pub fn required_list<T: Field>(&mut self, name: &'static str, max: usize) -> Option<Vec<T>> {
        match self.values.get(name) {
            None => self.reject(name, "Ce champ est obligatoire."),
            Some(Value::Null) => self.reject(name, "Ce champ ne peut être nul."),
            Some(_) => self.optional_list(name, max),
        }
    }

    /// Returns the name under which a field with two names was sent: `name`, unless only `earlier` is present.
    #[must_use]
    pub fn name_of(&self, name: &'static str, earlier: &'static str) -> &'static str {
        if self.has(earlier) && !self.has(name) {
            earlier
        } else {
            name
        }
    }

    /// Returns the field as a string, or `""` if it is absent or not a string.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.values
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Adds an error for a field.
    pub fn reject<T>(&mut self, name: &'static str, reason: impl Into<String>) -> Option<T> {
        self.errors.add(name, reason);
        None
    }

    /// Returns whether there is no error so far.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// Returns the values if all fields are valid.
    ///
    /// # Errors
    /// Reasons by field.
    pub fn finish<T>(self, read: Option<T>) -> Result<T> {
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            _ => Err(Error::BadRequest(BadRequest::Fields(self.errors))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Text;
    use crate::http::Flag;
    use serde_json::json;
    use uuid::Uuid;

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
    fn a_bad_element_of_a_list_is_named_by_its_index() {
        let mut fields = fields(json!({
            "a": [Uuid::nil(), "x", Uuid::nil(), null], "b": "x", "c": [Uuid::nil(), Uuid::nil(), Uuid::nil()], "d": null,
        }));
        assert_eq!(fields.optional_list::<Uuid>("a", 4), None);
        assert_eq!(fields.optional_list::<Uuid>("b", 2), None);
        assert_eq!(fields.optional_list::<Uuid>("c", 2), None);
        assert_eq!(fields.optional_list::<Uuid>("d", 2), None);
        assert_eq!(
            errors(fields.finish(Some(()))),
            json!({
                "a": { "1": ["Doit être un UUID valide."], "3": ["Ce champ ne peut être nul."] },
                "b": ["Attendait une liste d'éléments."],
                "c": ["Assurez-vous que ce champ n'a pas plus de 2 éléments."],
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
}
