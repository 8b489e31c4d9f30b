//! YAML as Kubernetes reads it, and edits that keep comments and layout.
//!
//! Kubernetes reads manifests with Go's sigs.k8s.io/yaml: go-yaml v2, a YAML 1.1 parser of libyaml's family,
//! followed by a conversion to JSON. `yes` is a boolean, `0673` is octal, `<<` merges mappings, and of two
//! equal keys the last one counts. A [`Tree`] is the first document of a text with exactly these values and the
//! position of each; a text that Go rejects is an [`Error`], mostly with Go's message.
//!
//! ```
//! use kubernetes_yaml::{Kind, Tree};
//!
//! let tree = Tree::from_yaml("base: &b {tls: yes}\nedge: {<<: *b, port: 0673}\n")?;
//! let edge = tree.root().get("edge").unwrap();
//! assert_eq!(edge.get("tls").unwrap().kind(), &Kind::Bool(true));
//! let port = edge.get("port").unwrap();
//! assert_eq!(port.kind(), &Kind::Unsigned(443));
//! assert_eq!(port.position().unwrap().to_string(), "2:22");
//! assert_eq!(edge.to_json(), r#"{"tls":true,"port":443}"#);
//! # Ok::<(), kubernetes_yaml::Error>(())
//! ```
//!
//! | to | use |
//! |---|---|
//! | read values with positions | [`Tree::from_yaml`], [`Ref`] |
//! | read into a type | [`from_str`], or [`Deserializer`] for a part of a document |
//! | read a stream of documents | [`Tree::split`], [`is_blank`] |
//! | change a text | [`Edit::set`], [`Edit::remove`], [`patch`] |
//! | write | [`write_yaml`], [`write_json`], [`Ref::to_json`]; [`Tree`] deserializes from any format |
//!
//! # Edits
//!
//! [`patch`] changes values in a text and leaves the rest of it as it is:
//!
//! ```
//! use kubernetes_yaml::{Edit, Step, Tree, patch};
//!
//! let text = "# the edge\nport: 0x1bb # HTTPS\nhosts: ['a', b] # all\n";
//! let tree = Tree::from_yaml(text)?;
//! let port = Tree::from_checked_json("8443")?;
//! let edit = Edit::set(tree.root(), &[Step::Key("port")], port.root()).unwrap();
//! assert_eq!(patch(text, &edit)?, "# the edge\nport: 8443 # HTTPS\nhosts: ['a', b] # all\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! Time and memory of reading and writing are linear in the size of the text, aliases are not expanded, and
//! nothing recurses by the depth of a document but serde. [`Error::is_limit`] is true for
//!
//! - a text of 4 GiB or more;
//! - collections nested deeper than 10,000 levels, aliases included, as in Go;
//! - aliases that expand to more than go-yaml allows: 99% of a document's nodes up to 400,000, falling to 10% at
//!   4,000,000;
//! - aliases that expand to more than 64 MiB of strings, which go-yaml does not limit.
//!
//! [`Serialize`](serde::Serialize) fails beyond 500 levels, since serde recurses.
//!
//! # Design
//!
//! Characters become tokens (`scan`), tokens become events (`events`), events a tree (`parse`); `resolve` decides
//! the value of a scalar; `write` writes a tree, and `patch` changes a text in place.

#![deny(missing_docs)]

mod chars;
mod documents;
mod error;
mod events;
mod parse;
mod patch;
mod position;
mod resolve;
mod scan;
mod tree;
mod write;

pub use documents::is_blank;
pub use error::Error;
pub use patch::{PatchError, patch};
pub use position::{Position, Quoted, Step};
pub use tree::{
    DeserializeError, Deserializer, Edit, Entries, Escapes, Items, JsonFloat, JsonInteger, Kind,
    Ref, Tree, append_json_string, from_str, write_json,
};
pub use write::write_yaml;

/// The examples of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
