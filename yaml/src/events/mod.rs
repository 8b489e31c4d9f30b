//! Events from tokens: the grammar of libyaml's parser, as go-yaml has it. Only the first document is read.
//!
//! ```text
//! document               = directive* DOCUMENT_START block_node?  |  block_node
//! directive              = VERSION_DIRECTIVE | TAG_DIRECTIVE
//! block_node             = ALIAS | properties? (SCALAR | block_collection | flow_collection) | properties
//! indentless_node        = block_node | properties? indentless_sequence
//! flow_node              = ALIAS | properties? (SCALAR | flow_collection) | properties
//! properties             = ANCHOR TAG? | TAG ANCHOR?
//! block_collection       = BLOCK_SEQUENCE_START (BLOCK_ENTRY block_node?)* BLOCK_END
//!                        | BLOCK_MAPPING_START ((KEY indentless_node?)? (VALUE indentless_node?)?)* BLOCK_END
//! indentless_sequence    = (BLOCK_ENTRY block_node?)+
//! flow_collection        = FLOW_SEQUENCE_START (flow_item (FLOW_ENTRY flow_item)* FLOW_ENTRY?)? FLOW_SEQUENCE_END
//!                        | FLOW_MAPPING_START (flow_entry (FLOW_ENTRY flow_entry)* FLOW_ENTRY?)? FLOW_MAPPING_END
//! flow_item              = flow_node | KEY flow_node? (VALUE flow_node?)?
//! flow_entry             = flow_node | KEY flow_node? (VALUE flow_node?)?
//! ```
//!
//! A node that may be missing is an empty plain scalar. The states are libyaml's: what is left of the rules that
//! are being read is a stack of them.

mod flow;

use std::{borrow::Cow, collections::HashMap};

use super::scan::{ScanError, Scanner, Tag, TokenKind};

/// An event and its bytes, without those of its anchor and tag.
#[derive(Debug)]
pub(super) struct Event<'s> {
    pub(super) kind: EventKind<'s>,
    pub(super) properties: Option<Box<Properties<'s>>>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What few nodes have. A tag has its handle's prefix.
#[derive(Debug, Default)]
pub(super) struct Properties<'s> {
    pub(super) anchor: Option<&'s str>,
    pub(super) tag: Option<String>,
}

#[derive(Debug)]
pub(super) enum EventKind<'s> {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(&'s str),
    /// A string, and whether it is a plain scalar.
    Scalar(Cow<'s, str>, bool),
    SequenceStart,
    SequenceEnd,
    MappingStart,
    MappingEnd,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum State {
    StreamStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingKey,
    BlockMappingValue,
    /// Whether it is the first one.
    FlowSequenceEntry(bool),
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingKey(bool),
    FlowMappingValue,
    /// A key without a colon was read.
    FlowMappingNoValue,
}

#[derive(Debug)]
pub(super) struct Events<'s> {
    scanner: Scanner<'s>,
    state: State,
    /// The states to return to after the open nodes.
    states: Vec<State>,
    /// The prefixes of tag handles.
    handles: HashMap<&'s str, String>,
}

impl<'s> Event<'s> {
    fn new(kind: EventKind<'s>, start: usize, end: usize) -> Self {
        Self { kind, properties: None, start, end }
    }
}

impl<'s> Events<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        Self {
            scanner: Scanner::new(text),
            state: State::StreamStart,
            states: Vec::new(),
            handles: HashMap::new(),
        }
    }

    /// The next event of the first document.
    pub(super) fn next(&mut self) -> Result<Event<'s>, ScanError> {
        match self.state {
            State::StreamStart => self.document_start(),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => {
                let start = self.scanner.peek()?.start;
                Ok(Event::new(EventKind::DocumentEnd, start, start))
            }
            State::BlockNode => self.node(true, false),
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceEntry(is_first) => self.flow_sequence_entry(is_first),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                self.state = State::FlowSequenceEntry(false);
                let start = self.scanner.peek()?.start;
                Ok(Event::new(EventKind::MappingEnd, start, start))
            }
            State::FlowMappingKey(is_first) => self.flow_mapping_key(is_first),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingNoValue => {
                let start = self.scanner.peek()?.start;
                Ok(self.empty(start, State::FlowMappingKey(false)))
            }
        }
    }

    #[inline]
    fn peek(&mut self) -> Result<&TokenKind<'s>, ScanError> {
        self.scanner.peek().map(|token| &token.kind)
    }

    /// Takes the token that was peeked at, and returns where it begins and ends.
    #[inline]
    fn take(&mut self) -> (usize, usize) {
        self.scanner.take().map_or((self.scanner.at, self.scanner.at), |t| (t.start, t.end))
    }

    fn unexpected<T>(&mut self, message: &'static str) -> Result<T, ScanError> {
        Err(self.scanner.unexpected(message))
    }

    /// A missing node.
    fn empty(&mut self, at: usize, next: State) -> Event<'s> {
        self.state = next;
        Event::new(EventKind::Scalar(Cow::Borrowed(""), true), at, at)
    }

    #[inline]
    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::DocumentEnd);
    }

    /// Ends a collection with the next token.
    fn close(&mut self, kind: EventKind<'s>) -> Event<'s> {
        self.pop();
        let (start, end) = self.take();
        Event::new(kind, start, end)
    }

    fn document_start(&mut self) -> Result<Event<'s>, ScanError> {
        let token = self.scanner.peek()?;
        let start = token.start;
        let is_explicit = match token.kind {
            TokenKind::StreamEnd => {
                return Ok(Event::new(EventKind::StreamEnd, start, start));
            }
            TokenKind::Version(..) | TokenKind::TagDirective(..) | TokenKind::DocumentStart => true,
            _ => false,
        };
        self.directives()?;
        self.states.push(State::DocumentEnd);
        let end = if is_explicit {
            if *self.peek()? != TokenKind::DocumentStart {
                return self.unexpected("did not find expected <document start>");
            }
            self.state = State::DocumentContent;
            self.take().1
        } else {
            self.state = State::BlockNode;
            start
        };
        Ok(Event::new(EventKind::DocumentStart, start, end))
    }

    fn directives(&mut self) -> Result<(), ScanError> {
        let mut has_version = false;
        loop {
            let token = self.scanner.peek()?;
            let at = token.start;
            match token.kind {
                TokenKind::Version(..) if has_version => {
                    return Err(ScanError::new("found duplicate %YAML directive", at));
                }
                TokenKind::Version(1, 1) => has_version = true,
                TokenKind::Version(..) => {
                    return Err(ScanError::new("found incompatible YAML document", at));
                }
                TokenKind::TagDirective(..) => {}
                _ => break,
            }
            if let Some(TokenKind::TagDirective(tag)) = self.scanner.take().map(|token| token.kind)
                && self.handles.insert(tag.handle, tag.suffix).is_some()
            {
                return Err(ScanError::new("found duplicate %TAG directive", at));
            }
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            self.handles.entry(handle).or_insert_with(|| prefix.to_owned());
        }
        Ok(())
    }

    fn document_content(&mut self) -> Result<Event<'s>, ScanError> {
        match self.peek()? {
            TokenKind::Version(..)
            | TokenKind::TagDirective(..)
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                let start = self.scanner.peek()?.start;
                self.pop();
                Ok(self.empty(start, self.state))
            }
            _ => self.node(true, false),
        }
    }

    /// A node with its properties. After a key, a sequence need not be indented.
    fn node(&mut self, is_block: bool, may_be_indentless: bool) -> Result<Event<'s>, ScanError> {
        let (properties, after) = self.properties()?;
        let has_properties = properties.is_some();
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        let kind = match &token.kind {
            TokenKind::Alias(name) if !has_properties => {
                let kind = EventKind::Alias(name);
                self.pop();
                self.take();
                kind
            }
            TokenKind::Scalar(..) => {
                self.pop();
                match self.scanner.take().map(|token| token.kind) {
                    Some(TokenKind::Scalar(value, is_plain)) => EventKind::Scalar(value, is_plain),
                    _ => EventKind::Scalar(Cow::Borrowed(""), true),
                }
            }
            TokenKind::BlockEntry if may_be_indentless => {
                self.state = State::IndentlessSequenceEntry;
                EventKind::SequenceStart
            }
            TokenKind::FlowSequenceStart => {
                self.state = State::FlowSequenceEntry(true);
                self.take();
                EventKind::SequenceStart
            }
            TokenKind::FlowMappingStart => {
                self.state = State::FlowMappingKey(true);
                self.take();
                EventKind::MappingStart
            }
            TokenKind::BlockSequenceStart if is_block => {
                self.state = State::BlockSequenceEntry;
                self.take();
                EventKind::SequenceStart
            }
            TokenKind::BlockMappingStart if is_block => {
                self.state = State::BlockMappingKey;
                self.take();
                EventKind::MappingStart
            }
            _ if has_properties => {
                self.pop();
                let mut event = self.empty(after, self.state);
                event.properties = properties;
                return Ok(event);
            }
            _ => return self.unexpected("did not find expected node content"),
        };
        Ok(Event { kind, properties, start, end })
    }

    /// An anchor and a tag, in any order, and where they end.
    #[inline]
    fn properties(&mut self) -> Result<(Option<Box<Properties<'s>>>, usize), ScanError> {
        let (mut properties, mut after) = (None::<Box<Properties<'s>>>, 0);
        loop {
            let is_next = match self.peek()? {
                TokenKind::Anchor(_) => properties.as_ref().is_none_or(|p| p.anchor.is_none()),
                TokenKind::Tag(_) => properties.as_ref().is_none_or(|p| p.tag.is_none()),
                _ => false,
            };
            let Some(token) = is_next.then(|| self.scanner.take()).flatten() else {
                return Ok((properties, after));
            };
            after = token.end;
            let properties = properties.get_or_insert_default();
            match token.kind {
                TokenKind::Anchor(name) => properties.anchor = Some(name),
                TokenKind::Tag(tag) => properties.tag = Some(self.full_tag(*tag, token.start)?),
                _ => {}
            }
        }
    }

    fn full_tag(&self, tag: Tag<'s>, at: usize) -> Result<String, ScanError> {
        if tag.handle.is_empty() {
            return Ok(tag.suffix);
        }
        // No tag with a meaning is longer, and a prefix may be as long as the text.
        const LONGEST: usize = 64;
        match self.handles.get(tag.handle) {
            Some(prefix) => Ok(prefix.chars().chain(tag.suffix.chars()).take(LONGEST).collect()),
            None => Err(ScanError::new("found undefined tag handle", at)),
        }
    }

    fn block_sequence_entry(&mut self) -> Result<Event<'s>, ScanError> {
        match self.peek()? {
            TokenKind::BlockEntry => {
                let (_, after) = self.take();
                if matches!(self.peek()?, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    return Ok(self.empty(after, State::BlockSequenceEntry));
                }
                self.states.push(State::BlockSequenceEntry);
                self.node(true, false)
            }
            TokenKind::BlockEnd => Ok(self.close(EventKind::SequenceEnd)),
            _ => self.unexpected("did not find expected '-' indicator"),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Result<Event<'s>, ScanError> {
        if *self.peek()? != TokenKind::BlockEntry {
            let start = self.scanner.peek()?.start;
            self.pop();
            return Ok(Event::new(EventKind::SequenceEnd, start, start));
        }
        let (_, after) = self.take();
        match self.peek()? {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                Ok(self.empty(after, State::IndentlessSequenceEntry))
            }
            _ => {
                self.states.push(State::IndentlessSequenceEntry);
                self.node(true, false)
            }
        }
    }

    fn block_mapping_key(&mut self) -> Result<Event<'s>, ScanError> {
        match self.peek()? {
            TokenKind::Key => {
                let (_, after) = self.take();
                self.block_mapping_node(after, State::BlockMappingValue)
            }
            TokenKind::BlockEnd => Ok(self.close(EventKind::MappingEnd)),
            _ => self.unexpected("did not find expected key"),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event<'s>, ScanError> {
        if *self.peek()? == TokenKind::Value {
            let (_, after) = self.take();
            return self.block_mapping_node(after, State::BlockMappingKey);
        }
        let start = self.scanner.peek()?.start;
        Ok(self.empty(start, State::BlockMappingKey))
    }

    /// A key or a value of a block mapping, if there is one.
    fn block_mapping_node(&mut self, after: usize, next: State) -> Result<Event<'s>, ScanError> {
        match self.peek()? {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => Ok(self.empty(after, next)),
            _ => {
                self.states.push(next);
                self.node(true, true)
            }
        }
    }
}
