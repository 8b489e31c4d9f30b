//! Tokens from a text: libyaml's scanner as go-yaml has it, function by function and under the same names.
//!
//! # Tokens
//!
//! ```text
//! STREAM_END            the end of the text
//! VERSION_DIRECTIVE     %YAML 1.1             at the beginning of a line
//! TAG_DIRECTIVE         %TAG !handle! prefix  at the beginning of a line
//! DOCUMENT_START        ---                   at the beginning of a line, before a blank
//! DOCUMENT_END          ...                   at the beginning of a line, before a blank
//! BLOCK_SEQUENCE_START  (nothing)             before the first `-` that is indented deeper
//! BLOCK_MAPPING_START   (nothing)             before the first key that is indented deeper
//! BLOCK_END             (nothing)             before a line that is indented less
//! FLOW_SEQUENCE_START   [                     FLOW_SEQUENCE_END  ]
//! FLOW_MAPPING_START    {                     FLOW_MAPPING_END   }
//! FLOW_ENTRY            ,                     in a flow collection
//! BLOCK_ENTRY           -                     before a blank
//! KEY                   ?                     before a blank; and (nothing) before a simple key
//! VALUE                 :                     before a blank, or in a flow collection
//! ALIAS                 *name
//! ANCHOR                &name
//! TAG                   !suffix  !!suffix  !handle!suffix  !<uri>  !
//! SCALAR                plain, 'single', "double", | literal, > folded
//! ```
//!
//! # Simple keys
//!
//! Whether `a` is a key is known only at the colon after it. So a token that may be a key is saved
//! (`save_simple_key`) and waits in the queue, and a colon inserts KEY, and `BLOCK_MAPPING_START` if need be,
//! before it. A saved key is given up when another token rules it out (`remove_simple_key`), after 1,024
//! characters, and at the end of its line (`is_possible`). A key is required where the current block mapping's
//! indentation allows nothing else; giving up such a key is an error.
//!
//! # States
//!
//! | state (libyaml's name) | holds | changes in |
//! |---|---|---|
//! | `indent`, `indents` (the same) | the column of the innermost block collection, -1 outside, and those around it | `roll_indent`, `unroll_indent` |
//! | `brackets` (`flow_level`) | where the open flow collections begin; within, indentation has no meaning | `flow_start`, `flow_end` |
//! | `keys` (`simple_keys`) | the saved key of the block context and of each open flow collection | `save_simple_key`, `remove_simple_key` |
//! | `is_key_allowed` (`simple_key_allowed`) | whether a simple key may begin here | every token, see below |
//! | `tokens`, `taken` (`tokens`, `tokens_parsed`) | the queue, and how many tokens left it | `push`, `insert`, `take` |
//!
//! What each token does (`fetch`):
//!
//! | at | function | saved key | `is_key_allowed` after it |
//! |---|---|---|---|
//! | a line break outside flow collections | `skip_to_token` | | yes |
//! | the end, `%`, `---`, `...` | `stream_end`, `directive`, `marker` | removed; all block collections end | no |
//! | `[`, `{` | `flow_start` | saved; a new one within | yes |
//! | `]`, `}` | `flow_end` | removed, and the one around again | no |
//! | `,` | `flow_entry` | removed | yes |
//! | `-` | `block_entry` | removed; a sequence may begin | yes |
//! | `?` | `key` | removed; a mapping may begin | in a block |
//! | `:` after a saved key | `value` | used; a mapping may begin at the key | no |
//! | any other `:` | `value` | a mapping may begin here | in a block |
//! | `*`, `&`, `!` | `name`, `tag` | saved | no |
//! | `'`, `"` | `quoted_scalar` | saved | no |
//! | `\|`, `>` | `block_scalar` | removed | yes |
//! | anything else | `plain_scalar` | saved | if it has a line break |
//!
//! Nothing is read before it is needed: go-yaml stops after the first document and does not see errors further
//! on.

mod indicators;
mod properties;
#[cfg(test)]
mod random_tests;
mod scalar;
#[cfg(test)]
mod tests;
mod token;

use std::collections::VecDeque;

use super::chars::{
    block_start, break_len, byte, find_control, first_block_end, is_blank, is_space_or_end,
};
pub(super) use token::{ScanError, Tag, Token, TokenKind};

/// A token that is a key if a colon follows.
#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    is_possible: bool,
    /// Whether only a key is valid there.
    is_required: bool,
    /// How many tokens are before it in the text.
    number: usize,
    start: usize,
    index: usize,
    line: usize,
    column: usize,
}

/// How many characters a simple key may have.
const MAX_KEY: usize = 1024;

/// How deep flow collections may be nested, and block collections.
const MAX_DEPTH: usize = 10_000;

#[derive(Debug)]
pub(super) struct Scanner<'s> {
    text: &'s str,
    pub(super) at: usize,
    /// The byte where the line begins, and how many characters are before it.
    line_start: usize,
    line: usize,
    is_ascii: bool,
    /// A byte, and how many characters are before it.
    counted: (usize, usize),
    /// Up to this byte the scanner skips the first character of a line. Upstream bug: to find a byte order mark
    /// there, go-yaml looks at the beginning of its buffer, which has one if the text begins with two.
    marked: usize,
    /// After this byte, the block that go-yaml's reader decodes at once has a control character in it.
    readable: usize,
    tokens: VecDeque<Token<'s>>,
    /// How many tokens have left the queue.
    taken: usize,
    /// Whether the first token of the queue is known not to be a simple key that lacks its KEY.
    is_ready: bool,
    indent: isize,
    indents: Vec<isize>,
    /// The saved key of the block context and of each open flow collection.
    keys: Vec<SimpleKey>,
    /// Where the open flow collections begin.
    brackets: Vec<usize>,
    is_key_allowed: bool,
    /// The next token's `Token::key`.
    next_key: usize,
}

impl<'s> Scanner<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let is_marked = text.get(start..).is_some_and(|text| text.starts_with('\u{feff}'));
        Self {
            text,
            at: start,
            marked: if is_marked { first_block_end(text) } else { 0 },
            line_start: start,
            line: 0,
            is_ascii: text.is_ascii(),
            counted: (start, 0),
            readable: find_control(text).map_or(usize::MAX, |at| block_start(text, at)),
            tokens: VecDeque::new(),
            taken: 0,
            is_ready: false,
            indent: -1,
            indents: Vec::new(),
            keys: vec![SimpleKey::default()],
            brackets: Vec::new(),
            is_key_allowed: true,
            next_key: 0,
        }
    }

    /// The next token, which stays in the queue.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<&Token<'s>, ScanError> {
        if !self.is_ready {
            while self.wants_more()? {
                self.fetch()?;
            }
            self.is_ready = true;
        }
        self.tokens.front().ok_or_else(|| ScanError::new("unexpected end of the text", self.at))
    }

    /// The next token, after [`peek`](Self::peek).
    #[inline]
    pub(super) fn take(&mut self) -> Option<Token<'s>> {
        debug_assert!(self.is_ready, "a token is taken that was not peeked at");
        self.is_ready = false;
        self.taken += 1;
        self.tokens.pop_front()
    }

    /// Whether there is no token yet, or the first one is a simple key if a colon follows.
    #[inline]
    fn wants_more(&mut self) -> Result<bool, ScanError> {
        match self.tokens.front().map(|token| token.key) {
            None => Ok(true),
            Some(0) => Ok(false),
            Some(key) => self.is_possible(key - 1),
        }
    }

    /// Whether a saved key is still possible here (libyaml's `yaml_parser_stale_simple_keys`).
    fn is_possible(&mut self, key: usize) -> Result<bool, ScanError> {
        let (line, index) = (self.line, self.index());
        let Some(key) = self.keys.get_mut(key).filter(|key| key.is_possible) else {
            return Ok(false);
        };
        if key.line == line && key.index + MAX_KEY >= index {
            return Ok(true);
        }
        if key.is_required {
            return Err(ScanError::new("could not find expected ':'", key.start));
        }
        key.is_possible = false;
        Ok(false)
    }

    #[inline]
    fn is_flow(&self) -> bool {
        !self.brackets.is_empty()
    }

    /// The error at the next token: an unclosed bracket at the end of the text, else what was expected.
    #[cold]
    pub(super) fn unexpected(&mut self, message: &'static str) -> ScanError {
        let (at, is_end) = match self.peek() {
            Ok(token) => (token.start, token.kind == TokenKind::StreamEnd),
            Err(error) => return error,
        };
        match self.brackets.last().filter(|_| is_end) {
            Some(&at) if self.slice(at, at + 1) == "[" => {
                ScanError::new("unclosed bracket '['", at)
            }
            Some(&at) => ScanError::new("unclosed bracket '{'", at),
            None => ScanError::new(message, at),
        }
    }

    #[inline]
    fn byte(&self, ahead: usize) -> u8 {
        byte(self.text, self.at + ahead)
    }

    #[inline]
    fn is_space_or_end(&self, ahead: usize) -> bool {
        is_space_or_end(self.text, self.at + ahead)
    }

    #[inline]
    fn break_len(&self) -> usize {
        break_len(self.text, self.at)
    }

    /// The text between two bytes.
    #[inline]
    fn slice(&self, start: usize, end: usize) -> &'s str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// How many characters are before this byte. The scanner only moves forward, so each is counted once.
    #[inline]
    fn index(&mut self) -> usize {
        if self.is_ascii {
            return self.at;
        }
        debug_assert!(self.counted.0 <= self.at, "the scanner moved back");
        let bytes = self.text.as_bytes().get(self.counted.0..self.at).unwrap_or_default();
        // All but the bytes within a character.
        let chars = bytes.iter().filter(|&&b| b & 0xc0 != 0x80).count();
        self.counted = (self.at, self.counted.1 + chars);
        self.counted.1
    }

    #[inline]
    fn column(&mut self) -> usize {
        self.index() - self.line
    }

    /// Remembers that a line begins here.
    #[inline]
    fn begin_line(&mut self) {
        self.line_start = self.at;
        self.line = self.index();
    }

    /// Skips a line break of that length.
    #[inline]
    fn skip_break(&mut self, len: usize) {
        if len > 0 {
            self.at += len;
            self.begin_line();
        }
    }

    #[inline]
    fn skip_while(&mut self, is_skipped: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|&b| !is_skipped(b)).unwrap_or(rest.len());
    }

    fn skip_blanks(&mut self) {
        self.skip_while(is_blank);
    }

    /// Skips to a line break or the end.
    fn skip_line(&mut self) {
        loop {
            self.skip_while(|b| !matches!(b, b'\n' | b'\r' | 0xc2 | 0xe2));
            if self.at >= self.text.len() || self.break_len() > 0 {
                return;
            }
            self.at += 1;
        }
    }

    /// Skips a comment up to the end of the line.
    fn skip_comment(&mut self) {
        if self.byte(0) == b'#' {
            self.skip_line();
        }
    }

    /// Whether `---` or `...` is here, at the beginning of a line and before a blank.
    #[inline]
    fn is_marker(&self) -> bool {
        self.at == self.line_start
            && matches!(self.byte(0), b'-' | b'.')
            && (1..3).all(|ahead| self.byte(ahead) == self.byte(0))
            && self.is_space_or_end(3)
    }

    /// Rejects a control character that go-yaml's reader decodes when it needs so many characters from here.
    #[inline]
    fn check_readable(&self, ahead: usize) -> Result<(), ScanError> {
        if self.at + 4 <= self.readable { Ok(()) } else { self.check_ahead(ahead) }
    }

    #[cold]
    fn check_ahead(&self, ahead: usize) -> Result<(), ScanError> {
        let behind = self.text.get(self.at..).unwrap_or_default();
        let needed: usize = behind.chars().take(ahead).map(char::len_utf8).sum();
        if self.at + needed <= self.readable {
            return Ok(());
        }
        let at = find_control(self.text).unwrap_or(self.at);
        Err(ScanError::new("control characters are not allowed", at))
    }

    #[inline]
    fn skip_to_token(&mut self) {
        loop {
            if self.at == self.line_start && self.at < self.marked {
                let first = self.text.get(self.at..).and_then(|rest| rest.chars().next());
                self.at += first.map_or(0, char::len_utf8);
            }
            if self.is_flow() || !self.is_key_allowed {
                self.skip_while(is_blank);
            } else {
                self.skip_while(|b| b == b' ');
            }
            self.skip_comment();
            let len = self.break_len();
            if len == 0 {
                return;
            }
            self.skip_break(len);
            self.is_key_allowed |= !self.is_flow();
        }
    }

    #[inline]
    fn push(&mut self, kind: TokenKind<'s>, start: usize, end: usize) {
        let key = std::mem::take(&mut self.next_key);
        self.tokens.push_back(Token { kind, start, end, key });
    }

    /// Adds a token of so many characters.
    fn push_indicator(&mut self, kind: TokenKind<'s>, len: usize) {
        let start = self.at;
        self.at += len;
        self.push(kind, start, self.at);
    }

    /// Adds an empty token before the token of a number; at the end, if that has left the queue.
    fn insert(&mut self, number: Option<usize>, kind: TokenKind<'s>, at: usize) {
        let token = Token { kind, start: at, end: at, key: 0 };
        match number.and_then(|number| number.checked_sub(self.taken)) {
            Some(place) if place < self.tokens.len() => self.tokens.insert(place, token),
            _ => self.tokens.push_back(token),
        }
    }

    /// Saves the next token as a simple key, if one may begin here.
    #[inline]
    fn save_simple_key(&mut self) -> Result<(), ScanError> {
        debug_assert_eq!(self.next_key, 0, "the token of a saved key was not pushed");
        debug_assert_eq!(self.keys.len(), self.brackets.len() + 1, "one key for each level");
        if !self.is_key_allowed {
            return Ok(());
        }
        self.remove_simple_key()?;
        let (index, column) = (self.index(), self.column());
        let key = SimpleKey {
            is_possible: true,
            is_required: !self.is_flow() && self.indent == column.cast_signed(),
            number: self.taken + self.tokens.len(),
            start: self.at,
            index,
            line: self.line,
            column,
        };
        if let Some(last) = self.keys.last_mut() {
            *last = key;
        }
        self.next_key = self.keys.len();
        Ok(())
    }

    /// Gives up the saved key.
    #[inline]
    fn remove_simple_key(&mut self) -> Result<(), ScanError> {
        let Some(key) = self.keys.last_mut().filter(|key| key.is_possible) else { return Ok(()) };
        if key.is_required {
            return Err(ScanError::new("could not find expected ':'", key.start));
        }
        key.is_possible = false;
        let number = key.number;
        self.release(number);
        Ok(())
    }

    /// Lets a token leave the queue.
    #[inline]
    fn release(&mut self, number: usize) {
        let place = number.checked_sub(self.taken);
        if let Some(token) = place.and_then(|place| self.tokens.get_mut(place)) {
            token.key = 0;
        }
    }

    /// Begins a block collection in a column, unless one is open there.
    fn roll_indent(
        &mut self,
        column: usize,
        number: Option<usize>,
        kind: TokenKind<'s>,
        at: usize,
    ) -> Result<(), ScanError> {
        if self.is_flow() || self.indent >= column.cast_signed() {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column.cast_signed();
        if self.indents.len() > MAX_DEPTH {
            return Err(ScanError { message: "nested too deeply", at: self.at, is_limit: true });
        }
        self.insert(number, kind, at);
        Ok(())
    }

    /// Ends the block collections to the right of a column.
    #[inline]
    fn unroll_indent(&mut self, column: isize) {
        debug_assert!(column >= -1);
        if self.is_flow() {
            return;
        }
        while self.indent > column {
            self.insert(None, TokenKind::BlockEnd, self.at);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }
}
