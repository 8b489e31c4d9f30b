//! Tokens, and why there is none.

use std::borrow::Cow;

/// Why a text is rejected.
#[derive(Debug)]
pub(crate) struct ScanError {
    pub(crate) message: &'static str,
    /// The byte where it is.
    pub(crate) at: usize,
    /// Whether the text may be valid YAML but is nested too deeply.
    pub(crate) is_limit: bool,
}

impl ScanError {
    #[cold]
    pub(crate) fn new(message: &'static str, at: usize) -> Self {
        Self { message, at, is_limit: false }
    }
}

#[derive(Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: TokenKind<'s>,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Of a saved simple key: its index in `Scanner::keys`, counted from one; else 0.
    pub(super) key: usize,
}

#[derive(Debug, PartialEq)]
pub(crate) enum TokenKind<'s> {
    StreamEnd,
    Version(u8, u8),
    TagDirective(Box<Tag<'s>>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'s str),
    Anchor(&'s str),
    Tag(Box<Tag<'s>>),
    /// A string, and whether it is a plain scalar.
    Scalar(Cow<'s, str>, bool),
}

/// A tag's handle and suffix, or a directive's handle and prefix. Verbatim tags have no handle.
#[derive(Debug, PartialEq)]
pub(crate) struct Tag<'s> {
    pub(crate) handle: &'s str,
    pub(crate) suffix: String,
}
