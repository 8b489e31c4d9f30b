//! Objects from trees. Null is an absent value, also in sequences and mappings, as for Kubernetes clients.
//!
//! serde's derived code is generic over the format, and was a fifth of the code that the compiler generated for
//! this crate. So other formats are read as a tree first.

use std::{collections::BTreeMap, fmt};

use serde::de::{self, Deserialize as _, Deserializer, Unexpected};

use crate::{
    FieldPath,
    diagnostic::Step,
    tree::{DeserializeError, Kind, Ref, Tree},
};

/// A value that a field cannot have.
#[derive(Debug)]
pub(in crate::gateway_api) struct Mismatch {
    /// The node of the value.
    pub(in crate::gateway_api) node: u32,
    /// The steps to the value, the last one first.
    steps: Vec<Step>,
    pub(in crate::gateway_api) message: String,
}

impl Mismatch {
    pub(super) fn new(node: Ref<'_, '_>, message: impl fmt::Display) -> Self {
        Self { node: node.index(), steps: Vec::new(), message: message.to_string() }
    }

    fn within(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub(in crate::gateway_api) fn path(&self) -> FieldPath {
        self.steps.iter().rev().cloned().collect()
    }
}

/// A value that a tree has.
pub(in crate::gateway_api) trait FromTree: Default {
    /// Reads the value.
    fn from_tree(node: Ref<'_, '_>) -> Result<Self, Mismatch>;
}

/// Reads a value of any format.
pub(super) fn deserialize<'de, T: FromTree, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let tree = Tree::deserialize(deserializer)?;
    T::from_tree(tree.root()).map_err(|error| {
        let path = error.path();
        let at = if path.steps().is_empty() { "" } else { ": " };
        de::Error::custom(format_args!("{path}{at}{}", error.message))
    })
}

/// A field to be read.
pub(super) trait Slot {
    fn read(&mut self, node: Ref<'_, '_>) -> Result<(), Mismatch>;
}

impl<T: FromTree> Slot for T {
    fn read(&mut self, node: Ref<'_, '_>) -> Result<(), Mismatch> {
        *self = T::from_tree(node)?;
        Ok(())
    }
}

/// Reads the fields of a struct, each with its name.
pub(super) fn read_fields(
    node: Ref<'_, '_>,
    fields: &mut [(&str, &mut dyn Slot)],
) -> Result<(), Mismatch> {
    entries(node, &mut |key, node| match fields.iter_mut().find(|(name, _)| is_key_of(key, name)) {
        Some((_, field)) => field.read(node),
        None => Ok(()),
    })
}

/// Reads the entries of a mapping, of each key the last.
pub(super) fn entries(
    node: Ref<'_, '_>,
    read: &mut dyn FnMut(&str, Ref<'_, '_>) -> Result<(), Mismatch>,
) -> Result<(), Mismatch> {
    match node.kind() {
        Kind::Null => Ok(()),
        Kind::Mapping => node.distinct_entries().into_iter().try_for_each(|(key, value)| {
            let key = key.text();
            read(key, value).map_err(|error| error.within(Step::Key(key.to_owned())))
        }),
        _ => Err(mismatch(node, "a map")),
    }
}

/// Whether a field's name in Rust is a key of JSON, in camelCase.
pub(super) fn is_key_of(key: &str, mut field: &str) -> bool {
    let mut key = key.chars();
    while let Some((part, rest)) = field.split_once('_') {
        let is_part = part.chars().all(|c| key.next() == Some(c));
        let first = rest.chars().next().map(|c| c.to_ascii_uppercase());
        if !is_part || key.next() != first {
            return false;
        }
        field = rest.get(1..).unwrap_or_default();
    }
    key.as_str() == field
}

fn mismatch(node: Ref<'_, '_>, expected: &str) -> Mismatch {
    let found = match node.kind() {
        Kind::Null => Unexpected::Unit,
        Kind::Bool(v) => Unexpected::Bool(*v),
        Kind::Unsigned(v) => Unexpected::Unsigned(*v),
        Kind::Signed(v) => Unexpected::Signed(*v),
        Kind::Float(v) => Unexpected::Float(*v),
        Kind::BigNumber(_) => Unexpected::Other("number"),
        Kind::String(text) => Unexpected::Str(text),
        Kind::Sequence => Unexpected::Seq,
        Kind::Mapping => Unexpected::Map,
    };
    let error: DeserializeError = match node.kind() {
        Kind::Unsigned(_) | Kind::Signed(_) if expected == "i32" => {
            de::Error::invalid_value(found, &expected)
        }
        _ => de::Error::invalid_type(found, &expected),
    };
    Mismatch::new(node, error)
}

impl FromTree for String {
    fn from_tree(node: Ref<'_, '_>) -> Result<Self, Mismatch> {
        match node.kind() {
            Kind::Null => Ok(Self::new()),
            Kind::String(text) => Ok(text.as_ref().to_owned()),
            _ => Err(mismatch(node, "a string")),
        }
    }
}

impl FromTree for i32 {
    fn from_tree(node: Ref<'_, '_>) -> Result<Self, Mismatch> {
        /// The key of a number, if the feature `arbitrary_precision` of `serde_json` is enabled in the build.
        const WRAPPED: &str = "$serde_json::private::Number";
        let number = match node.kind() {
            Kind::Null => Some(0),
            Kind::Unsigned(v) => Self::try_from(*v).ok(),
            Kind::Signed(v) => Self::try_from(*v).ok(),
            Kind::Mapping => node.get(WRAPPED).and_then(|text| text.text().parse().ok()),
            _ => None,
        };
        number.ok_or_else(|| mismatch(node, "i32"))
    }
}

impl<T: FromTree> FromTree for Option<T> {
    fn from_tree(node: Ref<'_, '_>) -> Result<Self, Mismatch> {
        if node.is_null() { Ok(None) } else { T::from_tree(node).map(Some) }
    }
}

impl<T: FromTree> FromTree for Vec<T> {
    fn from_tree(node: Ref<'_, '_>) -> Result<Self, Mismatch> {
        if !node.is_null() && !node.is_sequence() {
            return Err(mismatch(node, "a sequence"));
        }
        let mut items = Self::new();
        for (index, item) in node.items().enumerate() {
            items.push(T::from_tree(item).map_err(|error| error.within(Step::Index(index)))?);
        }
        Ok(items)
    }
}

impl FromTree for BTreeMap<String, String> {
    fn from_tree(node: Ref<'_, '_>) -> Result<Self, Mismatch> {
        let mut map = Self::new();
        entries(node, &mut |key, value| {
            map.insert(key.to_owned(), String::from_tree(value)?);
            Ok(())
        })?;
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::is_key_of;
    use crate::gateway_api::{ConfigMap, Gateway};

    #[test]
    fn an_error_has_the_path() {
        for (text, error) in [
            (r#"{"metadata": ["edge"]}"#, "metadata: invalid type: sequence, expected a map"),
            (
                r#"{"spec": {"listeners": [{}, {"port": "443"}]}}"#,
                "spec.listeners[1].port: invalid type: string \"443\", expected i32",
            ),
            (
                r#"{"spec": {"listeners": [{"port": 99999999999}]}}"#,
                "spec.listeners[0].port: invalid value: integer `99999999999`, expected i32",
            ),
            ("[]", "invalid type: sequence, expected a map"),
        ] {
            assert_eq!(serde_json::from_str::<Gateway>(text).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn the_last_value_of_a_repeated_key_counts() {
        let text = r#"{"data": {"a": "1"}, "data": {"a": "2", "b": null, "a": "3"}}"#;
        let map: ConfigMap = serde_json::from_str(text).unwrap();
        assert_eq!(map.data, [("a", "3"), ("b", "")].map(|(k, v)| (k.into(), v.into())).into());
    }

    #[test]
    fn keys_are_fields_in_camel_case() {
        assert!(is_key_of("name", "name"));
        assert!(is_key_of("caCertificateRefs", "ca_certificate_refs"));
        for other in ["", "names", "nam", "Name", "na_me"] {
            assert!(!is_key_of(other, "name"), "{other}");
        }
        for other in
            ["ca_certificate_refs", "cacertificateRefs", "caCertificate", "caCertificateRef", "caC"]
        {
            assert!(!is_key_of(other, "ca_certificate_refs"), "{other}");
        }
    }
}
