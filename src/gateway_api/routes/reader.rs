//! Values of a route with their paths. Null is an absent value.

use serde_json::Value;

use crate::{Diagnostic, Error, FieldPath, Severity, rule::decode};

/// A value that is there, and its path.
#[derive(Clone)]
pub(super) struct Field<'a> {
    value: &'a Value,
    pub(super) path: FieldPath,
}

impl<'a> Field<'a> {
    pub(super) fn new(value: &'a Value, path: FieldPath) -> Self {
        Self { value, path }
    }

    fn expected(&self, what: &str) -> Error {
        let message = format!("expected {what}");
        let path = self.path.clone();
        Error::decode(vec![Diagnostic::new(decode::WRONG_TYPE, Severity::Error, path, message)])
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Result<Option<Self>, Error> {
        let Value::Object(entries) = self.value else { return Err(self.expected("a map")) };
        let value = entries.get(key).filter(|value| !value.is_null());
        Ok(value.map(|value| Self::new(value, self.path.clone().key(key))))
    }

    /// The items of a list under a key; `None` if it is absent.
    pub(super) fn list(&self, key: &str) -> Result<Option<Vec<Self>>, Error> {
        let Some(list) = self.get(key)? else { return Ok(None) };
        let Value::Array(items) = list.value else { return Err(list.expected("a sequence")) };
        let item = |(index, value)| Self::new(value, list.path.clone().index(index));
        Ok(Some(items.iter().enumerate().map(item).collect()))
    }

    /// The items of a list under a key, none if it is absent.
    pub(super) fn items(&self, key: &str) -> Result<Vec<Self>, Error> {
        Ok(self.list(key)?.unwrap_or_default())
    }

    pub(super) fn text(&self) -> Result<&'a str, Error> {
        self.value.as_str().ok_or_else(|| self.expected("a string"))
    }

    pub(super) fn string(&self, key: &str) -> Result<Option<&'a str>, Error> {
        self.get(key)?.map(|value| value.text()).transpose()
    }

    /// A string, empty if it is absent.
    pub(super) fn str(&self, key: &str) -> Result<&'a str, Error> {
        Ok(self.string(key)?.unwrap_or_default())
    }

    pub(super) fn strings(&self, key: &str) -> Result<Vec<&'a str>, Error> {
        self.items(key)?.iter().map(Field::text).collect()
    }

    pub(super) fn integer(&self, key: &str) -> Result<Option<i32>, Error> {
        self.get(key)?.map(|value| value.number()).transpose()
    }

    pub(super) fn number(&self) -> Result<i32, Error> {
        let number = self.value.as_i64().and_then(|number| i32::try_from(number).ok());
        number.ok_or_else(|| self.expected("i32"))
    }

    pub(super) fn is_true(&self, key: &str) -> Result<bool, Error> {
        let Some(field) = self.get(key)? else { return Ok(false) };
        field.value.as_bool().ok_or_else(|| field.expected("a boolean"))
    }
}
