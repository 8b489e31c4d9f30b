//! YAML as Kubernetes reads it, and edits of it that keep comments and layout.
//!
//! Kubernetes reads YAML with Go's sigs.k8s.io/yaml, which is go-yaml v2, a YAML 1.1 parser of libyaml's
//! family, followed by a conversion to JSON. `yes` is a boolean, `0673` is octal, `<<` merges, of two equal
//! keys the last one counts. A [`Tree`] is the first document of a text with exactly these values, and with
//! the position of each; a text that Go rejects is an [`Error`] with Go's message.
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
//! # Design
//!
//! Characters become tokens (`scan`), tokens events (`events`), events a tree (`parse`); `resolve` decides
//! what a scalar means; `write` writes a tree, and `patch` changes a text in place. Nothing recurses by the
//! depth of the input, and time and memory are linear in its size: aliases are not expanded, and where Go
//! would expand them to too much the text is rejected.

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
    Ref, Tree, append_json_string, write_json,
};
pub use write::write_yaml;

/// The examples of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
