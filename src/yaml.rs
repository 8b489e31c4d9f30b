//! YAML as Kubernetes reads it: YAML 1.1 as go-yaml v2 parses it, converted to JSON as sigs.k8s.io/yaml
//! does.
//!
//! `yes` is a boolean, `0673` is octal, `<<` merges, and the last of two equal keys is used. The
//! decoder is that of [`json`], so both give the same result for the same values. Every diagnostic has
//! a position.
//!
//! [`Manifest`](crate::Manifest) and [`documents`](crate::documents) read whole manifests; the
//! functions here read a bare message.
//!
//! ```
//! use istio_gateway::{ServerTlsSettings, yaml};
//!
//! let tls: ServerTlsSettings = yaml::from_str("mode: MUTUAL\ninsecureSkipVerify: no\n")?;
//! assert_eq!(tls.insecure_skip_verify, Some(false));
//! assert_eq!(yaml::to_string(&tls), "mode: MUTUAL\ninsecureSkipVerify: false\n");
//! # Ok::<(), istio_gateway::Error>(())
//! ```
//!
//! Kubernetes reads YAML with go-yaml v2, a YAML 1.1 parser of libyaml's family. The crate `kubernetes-yaml`
//! reads it in Rust.

use std::fmt;

use crate::{
    Error, FieldPath,
    json::{self, Decoded, Message},
    tree::{self, Edit, write_yaml},
};
use kubernetes_yaml::PatchError;

/// The reason why the layout of a changed document could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RewriteReason {
    /// The document was not YAML, so it had no layout to keep.
    NotYaml,
    /// The document was empty.
    Empty,
    /// A removed value comes from a merge key (`<<`).
    MergeKey,
    /// The value of an anchor was changed or removed, and an alias still has the old value.
    Anchor,
    /// The change cannot be made in place in this layout.
    Layout,
}

impl fmt::Display for RewriteReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYaml => f.write_str("the document was not YAML"),
            Self::Empty => PatchError::Empty.fmt(f),
            Self::MergeKey => PatchError::MergeKey.fmt(f),
            Self::Anchor => PatchError::Anchor.fmt(f),
            Self::Layout => PatchError::Layout.fmt(f),
        }
    }
}

/// The text with the changes, or the reason why they cannot be made in place.
pub(crate) fn patch(text: &str, edit: &Edit<'_>) -> Result<String, RewriteReason> {
    kubernetes_yaml::patch(text, edit).map_err(|error| match error {
        PatchError::Empty => RewriteReason::Empty,
        PatchError::MergeKey => RewriteReason::MergeKey,
        PatchError::Anchor => RewriteReason::Anchor,
        _ => RewriteReason::Layout,
    })
}

/// Reads a message from the first document of a YAML text, as lenient as Istio.
///
/// # Errors
/// [`is_syntax`](Error::is_syntax) for invalid YAML, [`is_limit`](Error::is_limit) if it is nested too
/// deeply or its aliases expand to too many values, [`is_decode`](Error::is_decode) with every rejected
/// value.
pub fn from_str<T: Message>(yaml: &str) -> Result<T, Error> {
    decode_str(yaml)?.into_lenient()
}

/// Reads a message from the first document of a YAML text, with all diagnostics.
///
/// # Errors
/// As [`from_str`], but a value that does not fit is a diagnostic.
pub fn decode_str<T: Message>(yaml: &str) -> Result<Decoded<T>, Error> {
    let tree = tree::from_yaml(yaml)?;
    Ok(json::decode_node(&tree, tree.root(), &FieldPath::root()))
}

/// Writes a message as YAML, fields in declaration order, with a line feed at the end.
#[must_use]
pub fn to_string<T: Message>(message: &T) -> String {
    let json = json::to_string(message);
    // The encoder always writes valid JSON.
    let tree = tree::from_checked_json(&json).unwrap_or_default();
    let mut yaml = String::new();
    write_yaml(&Edit::Kept(tree.root()), &mut yaml);
    yaml
}
