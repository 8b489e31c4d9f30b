//! A tree from YAML text.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, Scanner, StrInput, StructureStyle, TokenType,
};

use super::{
    check::{self, Gaps, Refused, is_break},
    documents::check_read_ahead,
    mend::{Mend, has_other_breaks},
    resolve::{self, Tag},
};
use crate::{
    Error, FieldPath,
    diagnostic::Position,
    tree::{Builder, Kind, Tree},
};

/// How much text a document's aliases may stand for, in bytes.
const MAX_EXPANDED_TEXT: usize = 64 << 20;

impl<'s> Tree<'s> {
    /// The tree of the first document of a YAML text; null if there is none.
    pub(crate) fn from_yaml(text: &'s str) -> Result<Self, Error> {
        Self::from_yaml_object(text, |_| false)
    }

    /// As [`from_yaml`](Self::from_yaml), with what JSON cannot hold where `is_text` says that a
    /// text is wanted: there a number is one, be it infinite.
    pub(crate) fn from_yaml_object(
        text: &'s str,
        is_text: impl Fn(&FieldPath) -> bool,
    ) -> Result<Self, Error> {
        let tree = match read_mended(text) {
            Err(Stop::Refused(error)) => return Err(error),
            Err(Stop::Scan(error, at)) => read_before(text, at).ok_or(error)?,
            Ok(tree) => tree,
        };
        tree.check_fits(is_text)?;
        Ok(tree)
    }
}

/// Why no tree was read.
enum Stop {
    Refused(Error),
    /// The scanner's error, and where.
    Scan(Error, usize),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Reads a text, and again with what YAML 1.1 writes otherwise, until there is nothing to mend.
fn read_mended(text: &str) -> Result<Tree<'_>, Stop> {
    let mut mend = Mend::of(text);
    loop {
        let before = mend.len();
        let read = if mend.is_empty() {
            read(text, text, |text| text, |offset| offset, &mut mend)
        } else {
            let mended = mend.apply();
            let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
            read(text, &mended.text, own, |offset| mended.original(offset), &mut mend)
        };
        if !mend.again(before) {
            return read;
        }
    }
}

/// Reads the scanner's events of `source`, which is the text or what was made of it.
fn read<'s, 'm>(
    text: &'s str,
    source: &'m str,
    own: impl Fn(Cow<'m, str>) -> Cow<'s, str>,
    original: impl Fn(usize) -> usize,
    mend: &mut Mend<'s>,
) -> Result<Tree<'s>, Stop> {
    let mut reader = Reader {
        text,
        builder: Builder::of_text(text)?,
        anchors: HashMap::new(),
        merge_keys: Vec::new(),
        maps: Vec::new(),
        aliased_text: 0,
        merged: 0,
        has_other_breaks: has_other_breaks(text),
        gaps: Gaps::new(text),
    };
    for event in Parser::new_from_str_with_options(source, options()) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let at = error.marker().byte_offset().map_or(text.len(), &original);
                mend.refused(&error, at);
                let position = Some(Position::of(text, at));
                if *error.kind() == ErrorKind::RecursionLimitExceeded {
                    return Err(Error::limit("nested too deeply", position).into());
                }
                return Err(Stop::Scan(Error::syntax(error.info(), position), at));
            }
        };
        let (start, end) = span.byte_range().map_or((0, 0), |range| (range.start, range.end));
        let (start, end) = (original(start), original(end));
        match event {
            Event::DocumentEnd => {
                reader.end(start, mend)?;
                reader.check_aliases()?;
                return Ok(reader.builder.finish());
            }
            Event::Scalar(value, style, anchor, tag) => {
                let scalar = Scalar { value: own(value), style, anchor, tag: tag.as_deref() };
                reader.scalar_event(scalar, start, end, mend)?;
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if reader.is_first_key() => {
                // Go may have read it before it sees that it is a key.
                return Err(Stop::Scan(reader.refused("invalid map key", start), text.len()));
            }
            Event::SequenceStart(style, anchor, tag) => {
                reader.open(Kind::List, style, (anchor, tag.is_some()), start, end, mend)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                reader.open(Kind::Map, style, (anchor, tag.is_some()), start, end, mend)?;
            }
            Event::SequenceEnd | Event::MappingEnd => reader.close(start, end)?,
            Event::Alias(anchor) => reader.alias(Some(anchor), start, end, mend)?,
            Event::UnresolvedAlias(_) => reader.alias(None, start, end, mend)?,
            Event::DocumentStart(true, _) => {
                reader.gap(end, true)?;
            }
            _ => {}
        }
    }
    reader.gap(text.len(), false)?;
    if text.contains("...") && !is_only_comments(text) {
        return Err(reader.refused("did not find expected node content", 0).into());
    }
    Ok(reader.builder.finish())
}

/// Whether there is nothing in a text that begins no document.
fn is_only_comments(text: &str) -> bool {
    text.split(is_break).all(|line| {
        let line = line.trim_matches(['\u{feff}', ' ', '\t']);
        line.is_empty() || line.starts_with('#')
    })
}

/// What stands before the place where the scanner stopped, if Go reads no further: it is done with
/// a flow collection at the root when one more token is read.
fn read_before(text: &str, at: usize) -> Option<Tree<'_>> {
    /// Where the root may end: what the scanner has seen behind it may have hidden it.
    const TRIES: usize = 16;
    let prefix = text.find(['{', '[', '&', '!']).unwrap_or(text.len());
    let line = text.get(prefix..)?;
    let line = line.get(..line.find(is_break).unwrap_or(line.len()).min(1 << 12))?;
    let brackets = line.match_indices(['}', ']']).map(|(i, _)| prefix + i + 1);
    let ends = std::iter::once(at).chain(brackets.take(TRIES)).filter(|at| *at < text.len());
    for end in ends {
        let Some(tree) = text.get(..end).and_then(|before| read_mended(before).ok()) else {
            continue;
        };
        let root = tree.root().span();
        if tree.root().is_null() && end == at {
            return is_node_of_properties(text, at).then_some(tree);
        }
        if end == at && check::is_directive(text, at) {
            return Some(tree);
        }
        if end == at && is_below_block(text, root.start, at) {
            return Some(tree);
        }
        if let Some(read) = read_behind(text, root) {
            check_read_ahead(text, read).ok()?;
            return Some(tree);
        }
    }
    None
}

/// Whether the scanner finds a token that a text begins with.
fn is_token(text: &str) -> bool {
    Scanner::with_options(StrInput::new(text), options()).nth(1).is_none_or(|token| token.is_ok())
}

/// Whether a bracket stands at the beginning of a line, left of the block at the root.
fn is_below_block(text: &str, root: usize, at: usize) -> bool {
    let column = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        before.split(is_break).next_back().unwrap_or_default()
    };
    let indent = column(at);
    let is_closed = text.get(at..).is_some_and(|rest| rest.starts_with([']', '}', ',']));
    let is_blank = |line: &str| line.bytes().all(|b| b == b' ');
    is_closed && is_blank(indent) && is_blank(column(root)) && indent.len() < column(root).len()
}

/// Whether a closing bracket stands behind a node of nothing but a tag or an anchor.
fn is_node_of_properties(text: &str, at: usize) -> bool {
    let start = check::blanks_len(text);
    let marker = text.get(start..).filter(|rest| check::is_marker(rest, "---"));
    let start = if marker.is_some() { start + 3 } else { start };
    let rest = text.get(start..).unwrap_or_default();
    let len = check::properties_len(rest);
    let is_any = rest.get(..len).is_some_and(|before| len > check::blanks_len(before));
    is_any && start + len == at && rest.get(len..).is_some_and(|r| r.starts_with([']', '}']))
}

/// Up to where Go reads when it has read a flow collection at the root, if it accepts it.
fn read_behind(text: &str, root: Range<usize>) -> Option<usize> {
    let source = text.get(root.clone())?;
    if !source.starts_with(['{', '[']) {
        return None;
    }
    let behind = text.get(root.end..)?;
    let (blanks, rest) = behind.split_at_checked(check::blanks_len(behind))?;
    let at = root.end + blanks.len();
    if rest.is_empty() || rest.starts_with([']', '}', ',']) {
        return Some(at);
    }
    // No block begins on the root's last line.
    let is_below = blanks.contains(is_break);
    let mut chars = rest.chars();
    if let Some('-' | '?') = chars.next()
        && !is_below
        && chars.next().is_none_or(char::is_whitespace)
    {
        return None;
    }
    if rest.starts_with(':') && !is_below && source.contains(is_break) {
        return None;
    }
    // On its one line it may still turn out to be a key: then all of the line is read. No key may
    // stand behind `---`, and what begins with no key of its own is done with before, by an
    // oversight of go-yaml's.
    let inner = source.get(1..source.len().checked_sub(1)?)?.trim();
    let before = text.get(..root.start)?;
    let before = before.split(is_break).next_back()?;
    let has_properties = before.contains(['&', '!']);
    let is_forgotten = check::is_marker(before, "---")
        || !has_properties && (inner.is_empty() || inner.starts_with('?') && !inner.contains(','));
    let is_on_line = !is_forgotten && !source.contains(is_break) && !is_below;
    let line_end = rest.find(is_break).unwrap_or(rest.len());
    let mut depth = 0_usize;
    let mut read = 0;
    // What is special in the first column is so there alone.
    let shifted: Cow<'_, str> = if is_below { rest.into() } else { format!(" {rest}").into() };
    let line_end = line_end + shifted.len() - rest.len();
    for token in Scanner::with_options(StrInput::new(&shifted), options()) {
        let (span, token) = match token {
            Ok(token) => token.into_parts(),
            Err(error) => match error.kind() {
                // The token was whole, or it is the next line's matter.
                ErrorKind::InvalidTrailingDoubleQuotedScalar => {
                    let quoted = shifted.get(read..error.marker().byte_offset()?)?;
                    let quoted = quoted.get(quoted.find('"')?..)?;
                    if bad_escape(quoted).is_some() {
                        return None;
                    }
                    break;
                }
                ErrorKind::InvalidTrailingSingleQuotedScalar
                | ErrorKind::UnclosedFlowCollection { .. }
                | ErrorKind::MisplacedFlowCollectionEnd
                | ErrorKind::MismatchedFlowCollectionEnd { .. }
                | ErrorKind::FlowMappingValueAdjacentCollection => break,
                // Behind the comment, the next line's token is read.
                ErrorKind::CommentInterceptedScalar => {
                    let next = line_end + shifted.get(line_end..).map_or(0, check::blanks_len);
                    let next = shifted.get(next..)?;
                    if !next.starts_with([']', '}', ',']) && !is_token(next) {
                        return None;
                    }
                    break;
                }
                ErrorKind::InvalidTagTerminator if check::properties_len(rest) > 0 => break,
                _ if is_forgotten && rest.starts_with(':') => break,
                _ => return None,
            },
        };
        let span = span.byte_range()?;
        read = span.end;
        match token {
            TokenType::StreamStart => continue,
            TokenType::Scalar(ScalarStyle::DoubleQuoted, _)
                if shifted.get(span.clone()).and_then(bad_escape).is_some() =>
            {
                return None;
            }
            // It takes back that a key was possible.
            TokenType::FlowEntry if depth == 0 => break,
            // The token behind the line is read, if none reached over its end.
            _ if is_on_line && span.start >= line_end => break,
            TokenType::Scalar(ScalarStyle::Plain, _) if is_on_line => {
                let left = shifted.get(read..line_end).map(str::trim);
                if left.is_none_or(str::is_empty) {
                    break;
                }
            }
            TokenType::Value if depth == 0 && is_on_line => return None,
            TokenType::FlowSequenceStart | TokenType::FlowMappingStart => depth += 1,
            TokenType::FlowSequenceEnd | TokenType::FlowMappingEnd => {
                depth = depth.checked_sub(1)?;
            }
            _ => {}
        }
        if !is_on_line || read > line_end {
            break;
        }
    }
    let read = if is_on_line { read.max(line_end) } else { read };
    Some((at + read).min(text.len()))
}

fn options() -> granit_parser::Options {
    let mut options = granit_parser::options! {
        bom_inside_document_as_content: true,
        block_scalar_eof_without_line_feed: true,
        // Go ends their names elsewhere.
        emit_unresolved_aliases: true,
        // Go's own limits.
        flow_nesting_limit: 10_000,
        block_nesting_limit: 10_000,
    };
    options.set_emit_comments(false);
    options
}

struct Reader<'s> {
    text: &'s str,
    builder: Builder<'s>,
    anchors: HashMap<usize, Anchor<'s>>,
    /// The keys that are `<<`, in document order.
    merge_keys: Vec<u32>,
    /// For each open list or map, how it is written and whether it is a map with a merge key.
    maps: Vec<(StructureStyle, bool)>,
    /// The bytes of text that aliases stand for.
    aliased_text: usize,
    /// How many entries were merged from aliases.
    merged: usize,
    /// Whether the text has line breaks that YAML 1.2 does not know.
    has_other_breaks: bool,
    gaps: Gaps<'s>,
}

struct Scalar<'s, 't> {
    value: Cow<'s, str>,
    style: ScalarStyle,
    anchor: usize,
    tag: Option<&'t granit_parser::Tag>,
}

#[derive(Clone)]
enum Anchor<'s> {
    /// A scalar, as a value and, if it can be one, as a key.
    Scalar(Kind<'s>, Option<Cow<'s, str>>),
    Collection(u32),
}

impl<'s> Reader<'s> {
    /// Checks what stands before a value, if there is something in it to check.
    #[inline]
    fn gap(&mut self, to: usize, has_properties: bool) -> Result<(), Error> {
        if has_properties || self.gaps.has_tabs {
            let walked = self.gaps.walk(to);
            return self.checked(walked);
        }
        Ok(())
    }

    fn checked<T>(&self, checked: Result<T, Refused>) -> Result<T, Error> {
        checked.map_err(|(message, at)| self.refused(message, at))
    }

    fn scalar_event(
        &mut self,
        scalar: Scalar<'s, '_>,
        start: usize,
        end: usize,
        mend: &mut Mend<'s>,
    ) -> Result<(), Error> {
        let Scalar { mut value, style, anchor, tag } = scalar;
        self.properties(start, anchor != 0 || tag.is_some(), mend)?;
        let raw = self.text.get(start..end).unwrap_or_default();
        let is_plain = style == ScalarStyle::Plain;
        let is_longer = is_plain && self.goes_on(end);
        if self.gaps.flow > 0 && self.builder.wants_key() && !is_longer {
            let checked = self.gaps.flow_key(start, end);
            self.checked(checked)?;
        }
        let checked = match style {
            // YAML 1.1 has no plain scalar that begins so.
            ScalarStyle::Plain if raw.starts_with('%') => {
                Err(("found character that cannot start any token", start))
            }
            ScalarStyle::Plain if self.gaps.flow > 0 => {
                let plain = self.flow_plain(raw, start, end, mend);
                plain.and_then(|()| self.gaps.plain(start, end))
            }
            ScalarStyle::Plain => self.gaps.plain(start, end),
            ScalarStyle::Literal | ScalarStyle::Folded => self.gaps.block_scalar(end),
            ScalarStyle::DoubleQuoted => {
                self.gaps.quoted(end);
                if let Some(refused) = bad_escape(raw) { Err((refused, start)) } else { Ok(()) }
            }
            ScalarStyle::SingleQuoted => {
                self.gaps.quoted(end);
                Ok(())
            }
        };
        self.checked(checked)?;
        if is_plain && raw.is_empty() && anchor == 0 && tag.is_none() && self.builder.wants_key() {
            let map = self.builder.parent().map(|map| self.builder.tree().at(map).span().start);
            let map = map.and_then(|start| self.text.get(start..)).unwrap_or_default();
            let is_pair = self.gaps.flow > 0 && !map.starts_with('{');
            let checked = self.gaps.empty_key(start, is_pair);
            self.checked(checked)?;
        }
        if self.has_other_breaks && has_other_breaks(raw) {
            value = restore_breaks(&value, raw, style).into();
        }
        let (tag, is_merge) = match tag {
            None => (if is_plain { Tag::Plain } else { Tag::Str }, is_plain),
            Some(tag) => tag_of(tag),
        };
        let is_merge = is_merge && value == "<<";
        let kind = resolve::resolve(value, tag).or_else(|e| self.fail(&e, start))?;
        self.scalar(kind, is_merge, anchor, start, end)
    }

    /// A plain scalar in a flow collection: `?` and `:` are less often part of it in YAML 1.1.
    fn flow_plain(
        &self,
        raw: &str,
        start: usize,
        end: usize,
        mend: &mut Mend<'s>,
    ) -> Result<(), Refused> {
        if self.goes_on(end) && !raw.is_empty() {
            let quoted = format!("'{}:'", raw.replace('\'', "''"));
            mend.change(start, end + 1 - start, quoted);
            return Ok(());
        }
        if raw.starts_with('?') {
            // It is a key's indicator without a blank, too.
            let is_key = if self.is_in_map() { self.builder.wants_key() } else { true };
            if !is_key || self.gaps.has_indicator(start, ':') {
                return Err(("did not find expected node content", start));
            }
            mend.change(start + 1, 0, " ");
        } else if raw.starts_with(':') {
            let is_value = self.builder.wants_key() && self.gaps.has_properties();
            if !is_value && !self.gaps.has_indicator(start, '?') {
                return Err(("did not find expected node content", start));
            }
            mend.change(start + 1, 0, " ");
        } else if let Some(at) = raw.find('?') {
            return Err(("did not find expected ',' or a bracket", start + at));
        }
        Ok(())
    }

    /// Whether the first key of a map at the root comes next.
    fn is_first_key(&self) -> bool {
        self.builder.next() == 1 && self.builder.wants_key()
    }

    /// Whether a plain scalar in a flow collection has a colon that YAML 1.2 has not in it.
    fn goes_on(&self, end: usize) -> bool {
        let next = self.text.as_bytes().get(end..).unwrap_or_default();
        matches!(next, [b':', b',' | b'[' | b']' | b'{' | b'}', ..])
    }

    fn is_in_map(&self) -> bool {
        self.builder.parent().is_some_and(|node| self.builder.kind(node) == Some(&Kind::Map))
    }

    /// Checks what stands before a value, and mends its tag and anchor.
    #[inline]
    fn properties(&mut self, to: usize, are_any: bool, mend: &mut Mend<'s>) -> Result<(), Error> {
        self.gap(to, are_any)?;
        if are_any {
            for at in self.gaps.name_ends.drain(..) {
                mend.change(at, 0, " ");
            }
            for at in self.gaps.long_tags.drain(..) {
                mend.tag(at);
            }
        }
        Ok(())
    }

    /// The document ends. A root of nothing but an anchor or a tag: a key with an anchor of its own may follow, whose
    /// name Go ends elsewhere.
    fn end(&mut self, start: usize, mend: &mut Mend<'s>) -> Result<(), Error> {
        check_read_ahead(self.text, start)?;
        let at = self.gaps.next();
        self.gap(at, false)?;
        let rest = self.text.get(at..).unwrap_or_default();
        if !rest.is_empty() && !check::is_marker(rest, "...") {
            // Go reads one more token.
            let root = self.builder.tree().root().span();
            let is_flow = self.text.get(root.start..).is_some_and(|t| t.starts_with(['{', '[']));
            let is_read = match is_flow {
                true => read_behind(self.text, root).is_some(),
                false => is_token(rest),
            };
            if !is_read {
                return self.fail("did not find expected <document start>", at);
            }
        }
        if self.builder.next() == 1 && self.builder.kind(0) == Some(&Kind::Null) {
            let at = self.gaps.next();
            if self.text.get(at..).is_some_and(|rest| rest.starts_with(['&', '*']))
                && let Some(end) = self.checked(check::alias(self.text, at))?
            {
                mend.change(end, 0, " ");
            }
        }
        Ok(())
    }

    fn close(&mut self, start: usize, end: usize) -> Result<(), Error> {
        self.gap(start, false)?;
        let node = self.builder.parent();
        self.builder.close(end);
        let Some((style, has_merge_key)) = self.maps.pop() else { return Ok(()) };
        match style {
            StructureStyle::Flow => self.gaps.bracket(end, false),
            StructureStyle::Block => self.gaps.close_block(),
        }
        match node {
            Some(node) if has_merge_key => self.merge(node, start),
            _ => Ok(()),
        }
    }

    /// An alias of a node, or of a name that none has.
    fn alias(
        &mut self,
        anchor: Option<usize>,
        start: usize,
        end: usize,
        mend: &mut Mend<'s>,
    ) -> Result<(), Error> {
        self.gap(start, false)?;
        if let Some(end) = self.checked(check::alias(self.text, start))? {
            mend.change(end, 0, " ");
        }
        if self.gaps.flow > 0 && self.builder.wants_key() {
            let checked = self.gaps.flow_key(start, end);
            self.checked(checked)?;
        }
        self.gaps.quoted(end);
        match anchor.and_then(|anchor| self.anchors.get(&anchor)).cloned() {
            None => self.fail("unknown anchor", start),
            Some(Anchor::Scalar(kind, key)) => {
                if let Kind::Text(text) = &kind {
                    self.aliased_text = self.aliased_text.saturating_add(text.len());
                }
                let kind = match key {
                    Some(key) if self.builder.wants_key() => Kind::Text(key),
                    _ => kind,
                };
                self.scalar(kind, false, 0, start, end)
            }
            Some(Anchor::Collection(node)) if !self.builder.is_closed(node) => {
                self.fail("anchor value contains itself", start)
            }
            Some(Anchor::Collection(node)) => {
                if self.builder.wants_key() {
                    return self.fail("invalid map key", start);
                }
                self.builder.leaf(Kind::Alias(node), start, end);
                Ok(())
            }
        }
    }

    fn scalar(
        &mut self,
        kind: Kind<'s>,
        is_merge: bool,
        anchor: usize,
        start: usize,
        end: usize,
    ) -> Result<(), Error> {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor::Scalar(kind.clone(), resolve::key(&kind).ok()));
        }
        let kind = if self.builder.wants_key() {
            if is_merge {
                self.merge_keys.push(self.builder.next());
                if let Some((_, has_merge_key)) = self.maps.last_mut() {
                    *has_merge_key = true;
                }
            }
            match resolve::key(&kind) {
                Ok(key) => Kind::Text(key),
                Err(message) => {
                    self.builder.unfit(message);
                    Kind::Text(kind.describe().into())
                }
            }
        } else {
            let kind = resolve::through_json(kind);
            if matches!(kind, Kind::Float(v) if !v.is_finite()) {
                self.builder.unfit("json: unsupported value");
            }
            kind
        };
        self.builder.leaf(kind, start, end);
        Ok(())
    }

    fn open(
        &mut self,
        kind: Kind<'s>,
        style: StructureStyle,
        (anchor, has_tag): (usize, bool),
        start: usize,
        end: usize,
        mend: &mut Mend<'s>,
    ) -> Result<(), Error> {
        self.properties(start, anchor != 0 || has_tag, mend)?;
        match style {
            StructureStyle::Flow => {
                // A map of one pair in a list has no bracket.
                let is_pair = !self.text.get(start..end).is_some_and(|t| t.starts_with(['{', '[']));
                self.gaps.bracket(if is_pair { 0 } else { end }, true);
            }
            StructureStyle::Block => {
                let is_list_in_map = kind == Kind::List && self.is_in_map();
                self.gaps.open_block(start, is_list_in_map);
            }
        }
        if self.builder.wants_key() {
            return self.fail("invalid map key", start);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor::Collection(self.builder.next()));
        }
        self.maps.push((style, false));
        self.builder.open(kind, start);
        Ok(())
    }

    /// Gives a map with merge keys the entries that count. go-yaml merges where the key stands:
    /// what is merged behind a key overrides it.
    fn merge(&mut self, map: u32, start: usize) -> Result<(), Error> {
        struct Entry<'t> {
            key: u32,
            value: u32,
            text: &'t str,
            is_merged: bool,
        }
        let tree = self.builder.tree();
        let mut entries = Vec::new();
        let mut merged = self.merged;
        for (key, value) in tree.at(map).entries() {
            if self.merge_keys.binary_search(&key.index()).is_err() {
                let (key, value, text) = (key.index(), value.index(), key.text());
                entries.push(Entry { key, value, text, is_merged: false });
                continue;
            }
            // The first of a list of maps takes precedence, and so comes last.
            let is_list = value.is_list() && !value.is_alias();
            let maps: Vec<_> = if is_list { value.items().collect() } else { vec![value] };
            for map in maps.into_iter().rev() {
                if !map.is_map() {
                    let message = "map merge requires map or sequence of maps as the value";
                    return self.fail(message, start);
                }
                let before = entries.len();
                entries.extend(map.entries().map(|(key, value)| Entry {
                    key: key.index(),
                    value: value.index(),
                    text: key.text(),
                    is_merged: true,
                }));
                if map.is_alias() {
                    merged += entries.len() - before;
                }
                // Nine in ten of a million nodes or more: `check_aliases` would refuse it as well.
                if merged > 500_000 + 10 * self.builder.next() as usize {
                    let position = Some(Position::of(self.text, start));
                    return Err(Error::limit("document contains excessive aliasing", position));
                }
            }
        }
        let merged = merged + entries.len();
        // Keys written twice are left for the decoder to tell of; merged ones are no duplicates.
        let (mut last, mut last_merged) = (HashMap::new(), HashMap::new());
        for (i, entry) in entries.iter().enumerate() {
            last.insert(entry.text, i);
            if entry.is_merged {
                last_merged.insert(entry.text, i);
            }
        }
        let counts = |i: usize, entry: &Entry<'_>| match entry.is_merged {
            true => last.get(entry.text) == Some(&i),
            false => last_merged.get(entry.text).is_none_or(|&merged| merged < i),
        };
        let entries = entries
            .iter()
            .enumerate()
            .filter(|(i, entry)| counts(*i, entry))
            .map(|(_, entry)| (entry.key, entry.value))
            .collect();
        self.merged = merged;
        self.builder.set_merged(map, entries);
        Ok(())
    }

    /// go-yaml's own measure against alias bombs, and one of text for what it shares and we copy.
    fn check_aliases(&self) -> Result<(), Error> {
        if self.anchors.is_empty() {
            return Ok(());
        }
        let (mut decoded, mut aliased, mut text) = (1_u64, 0_u64, self.aliased_text);
        // What is left to walk of each open list or map, and whether an alias led there.
        let mut open = vec![(self.builder.tree().root().once(), false)];
        while let Some((nodes, is_aliased)) = open.last_mut() {
            let Some(node) = nodes.next() else {
                open.pop();
                continue;
            };
            let was_aliased = *is_aliased;
            decoded += 1;
            aliased += u64::from(was_aliased);
            let is_aliased = was_aliased || node.is_alias();
            if node.is_alias() {
                decoded += 1;
                aliased += 1;
            }
            if is_aliased {
                text = text.saturating_add(node.as_text().map_or(0, str::len));
            }
            if is_excessive(decoded, aliased) || text > MAX_EXPANDED_TEXT {
                return Err(Error::limit("document contains excessive aliasing", node.position()));
            }
            open.push((node.inner(), is_aliased));
        }
        Ok(())
    }

    fn fail<T>(&self, message: &str, start: usize) -> Result<T, Error> {
        Err(self.refused(message, start))
    }

    #[cold]
    fn refused(&self, message: &str, at: usize) -> Error {
        Error::syntax(message, Some(Position::of(self.text, at)))
    }
}

/// go-yaml's limit: the larger the document, the less of it may come from aliases.
#[expect(clippy::cast_precision_loss, reason = "the counts are far below 2^53")]
fn is_excessive(decoded: u64, aliased: u64) -> bool {
    let allowed = match decoded {
        0..=400_000 => 0.99,
        4_000_000.. => 0.10,
        _ => 0.99 - 0.89 * ((decoded - 400_000) as f64 / 3_600_000.0),
    };
    aliased > 100 && decoded > 1000 && aliased as f64 / decoded as f64 > allowed
}

/// What a tag makes of a scalar, and whether `<<` under it still merges.
fn tag_of(tag: &granit_parser::Tag) -> (Tag, bool) {
    let (handle, suffix) = tag.parts();
    let full: Cow<'_, str> =
        if handle.is_empty() { suffix.into() } else { format!("{handle}{suffix}").into() };
    match full.strip_prefix("tag:yaml.org,2002:") {
        Some("null") => (Tag::Null, false),
        Some("bool") => (Tag::Bool, false),
        Some("int") => (Tag::Int, false),
        Some("float") => (Tag::Float, false),
        Some("timestamp") => (Tag::Timestamp, false),
        Some("binary") => (Tag::Binary, false),
        Some("merge") => (Tag::Str, true),
        Some(_) => (Tag::Str, false),
        // "!" alone makes a text of it, and leaves `<<` what it is.
        None => (Tag::Str, full == "!"),
    }
}

/// A value with the line breaks that were mended to line feeds: NEL is one, LS and PS stay.
fn restore_breaks(value: &str, raw: &str, style: ScalarStyle) -> String {
    let mut kept = raw.chars().filter(|c| matches!(c, '\u{2028}' | '\u{2029}'));
    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        let mut parts = value.split(" \n\n");
        let mut restored = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            restored.extend(kept.next());
            restored.push_str(part);
        }
        return restored.replace(" \n", "\n");
    }
    // Where there are others between them, which is which cannot be told from the value.
    if raw.contains(['\n', '\r', '\u{85}']) {
        return value.to_owned();
    }
    value.chars().map(|c| if c == '\n' { kept.next().unwrap_or(c) } else { c }).collect()
}

/// Why libyaml refuses a double-quoted scalar's escapes. What no escape ends in is for the scanner.
fn bad_escape(raw: &str) -> Option<&'static str> {
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        let escape = rest.get(at + 1..).unwrap_or_default();
        let c = escape.chars().next()?;
        let digits = match c {
            'u' => escape.get(1..5),
            'U' => escape.get(1..9),
            'x' => None,
            c if is_break(c) || "0abt\tnvfre \"'\\N_LP".contains(c) => None,
            _ => return Some("found unknown escape character"),
        };
        let unit = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
        if unit.is_some_and(|u| (0xd800..0xe000).contains(&u)) {
            return Some("found invalid Unicode character escape code");
        }
        // The escaped character may be a backslash itself.
        rest = escape.get(c.len_utf8()..).unwrap_or_default();
    }
    None
}
