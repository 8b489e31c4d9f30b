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
//! Kubernetes reads YAML with go-yaml v2, a YAML 1.1 parser of libyaml's family, and no Rust crate takes
//! and refuses what it does. So all of it is here: characters to tokens (`scan`), tokens to events
//! (`events`), events to a tree (`parse`), what a scalar means (`resolve`).

mod chars;
mod documents;
mod events;
mod parse;
mod patch;
mod resolve;
mod scan;
mod write;

use crate::{
    Error, FieldPath,
    json::{self, Decoded, Message},
    tree::{Edit, Tree},
};

pub(crate) use documents::is_blank;
pub use patch::RewriteReason;
pub(crate) use patch::patch;
pub(crate) use write::write_yaml;

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
    let tree = Tree::from_yaml(yaml)?;
    Ok(json::decode_node(&tree, tree.root(), &FieldPath::root()))
}

/// Writes a message as YAML, fields in declaration order, with a line feed at the end.
#[must_use]
pub fn to_string<T: Message>(message: &T) -> String {
    let json = json::to_string(message);
    // What the encoder wrote is JSON.
    let tree = Tree::from_checked_json(&json).unwrap_or_default();
    let mut yaml = String::new();
    write_yaml(&Edit::Kept(tree.root()), &mut yaml);
    yaml
}
