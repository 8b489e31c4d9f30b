//! YAML as Kubernetes reads it: YAML 1.1 as go-yaml v2 parses it, then what sigs.k8s.io/yaml makes of
//! it on the way to JSON.
//!
//! `yes` is a boolean, `0673` is octal, `<<` merges, of two equal keys the last counts. A document
//! is decoded by the same decoder as [`json`], so both say the same of the same
//! values, and every diagnostic has its line and column.
//!
//! A whole manifest is read by [`Manifest`](crate::Manifest) and
//! [`documents`](crate::documents); the functions here read a bare message.
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

/// Why a changed document could not keep its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RewriteReason {
    /// The document was not YAML, so that there was no layout to keep.
    NotYaml,
    /// The document was empty.
    Empty,
    /// What was removed comes from a merge key (`<<`).
    MergeKey,
    /// An anchor's value was changed or removed, of which an alias stands for the old value.
    Anchor,
    /// The layout is one in which this change cannot be made in place.
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

/// The text with the changes, or why they cannot be made in place.
pub(crate) fn patch(text: &str, edit: &Edit<'_>) -> Result<String, RewriteReason> {
    kubernetes_yaml::patch(text, edit).map_err(|error| match error {
        PatchError::Empty => RewriteReason::Empty,
        PatchError::MergeKey => RewriteReason::MergeKey,
        PatchError::Anchor => RewriteReason::Anchor,
        _ => RewriteReason::Layout,
    })
}

/// Reads a message from the first document of a YAML text, as tolerant as Istio.
///
/// # Errors
/// [`is_syntax`](Error::is_syntax) when it is no YAML, [`is_limit`](Error::is_limit) when it is
/// nested too deeply or its aliases grow too large, [`is_decode`](Error::is_decode) with every
/// refused value.
pub fn from_str<T: Message>(yaml: &str) -> Result<T, Error> {
    decode_str(yaml)?.tolerant()
}

/// Reads a message from the first document of a YAML text and tells everything that was found.
///
/// # Errors
/// As [`from_str`], but that a value that does not fit is a diagnostic.
pub fn decode_str<T: Message>(yaml: &str) -> Result<Decoded<T>, Error> {
    let tree = tree::from_yaml(yaml)?;
    Ok(json::decode_node(&tree, tree.root(), &FieldPath::root()))
}

/// Writes a message as YAML, fields in declaration order, with a line feed at the end.
#[must_use]
pub fn to_string<T: Message>(message: &T) -> String {
    let json = json::to_string(message);
    // What the encoder wrote is JSON.
    let tree = tree::from_checked_json(&json).unwrap_or_default();
    let mut yaml = String::new();
    write_yaml(&Edit::Kept(tree.root()), &mut yaml);
    yaml
}
