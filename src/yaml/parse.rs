//! A tree from YAML text.

use std::{borrow::Cow, collections::HashMap};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::resolve::{self, Tag};
use crate::{
    Error,
    diagnostic::Position,
    tree::{Builder, Kind, Tree},
};

/// How much text a document's aliases may stand for, in bytes.
const MAX_EXPANDED_TEXT: usize = 64 << 20;

/// So many entries may be merged into maps, and one more for each node. With more, at least half of
/// what is decoded comes from aliases, and there is too much of it for go-yaml: the same verdict as
/// at the end, before the memory is used. (Maps that are merged where they stand, one within
/// another, are no aliases, and go-yaml would go on.)
const MAX_MERGED: usize = 1_300_000;

impl<'s> Tree<'s> {
    /// The tree of the first document of a YAML text; null if there is none.
    pub(crate) fn from_yaml(text: &'s str) -> Result<Self, Error> {
        let mut reader = Reader {
            text,
            builder: Builder::of_text(text)?,
            anchors: HashMap::new(),
            merge_keys: Vec::new(),
            maps: Vec::new(),
            aliased_text: 0,
            merged: 0,
        };
        for event in Parser::new_from_str_with_options(text, options()) {
            let (event, span) = event.map_err(|e| scan_error(text, &e))?;
            if event == Event::DocumentEnd {
                break;
            }
            reader.event(event, span)?;
        }
        reader.check_aliases()?;
        Ok(reader.builder.finish())
    }
}

fn options() -> granit_parser::Options {
    let mut options = granit_parser::options! {
        bom_inside_document_as_content: true,
        block_scalar_eof_without_line_feed: true,
        // Go's own limits.
        flow_nesting_limit: 10_000,
        block_nesting_limit: 10_000,
    };
    options.set_emit_comments(false);
    options
}

fn scan_error(text: &str, error: &ScanError) -> Error {
    let position = error.marker().byte_offset().map(|offset| Position::of(text, offset));
    Error::syntax(error.info(), position)
}

struct Reader<'s> {
    text: &'s str,
    builder: Builder<'s>,
    anchors: HashMap<usize, Anchor<'s>>,
    /// The keys that are `<<`, in document order.
    merge_keys: Vec<u32>,
    /// For each open list or map, whether it is a map with a merge key.
    maps: Vec<bool>,
    /// The bytes of text that aliases stand for.
    aliased_text: usize,
    /// How many entries were merged into maps.
    merged: usize,
}

#[derive(Clone)]
enum Anchor<'s> {
    /// A scalar, as a value and, if it can be one, as a key.
    Scalar(Kind<'s>, Option<Cow<'s, str>>),
    Collection(u32),
}

impl<'s> Reader<'s> {
    fn event(&mut self, event: Event<'s>, span: Span) -> Result<(), Error> {
        let (start, end) = span.byte_range().map_or((0, 0), |range| (range.start, range.end));
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                let (tag, is_merge) = match tag.as_deref() {
                    None => (if is_plain { Tag::Plain } else { Tag::Str }, is_plain),
                    Some(tag) => tag_of(tag),
                };
                if style == ScalarStyle::DoubleQuoted
                    && span.slice(self.text).is_some_and(has_surrogate_escape)
                {
                    // libyaml refuses them; granit-parser joins pairs.
                    return self.fail("found invalid Unicode character escape code", start);
                }
                let is_merge = is_merge && value == "<<";
                let kind = resolve::resolve(value, tag).or_else(|e| self.fail(&e, start))?;
                self.scalar(kind, is_merge, anchor, start, end)
            }
            Event::SequenceStart(_, anchor, _) => self.open(Kind::List, anchor, start),
            Event::MappingStart(_, anchor, _) => self.open(Kind::Map, anchor, start),
            Event::SequenceEnd | Event::MappingEnd => {
                let node = self.builder.parent();
                self.builder.close(end);
                match (node, self.maps.pop()) {
                    (Some(node), Some(true)) => self.merge(node, start),
                    _ => Ok(()),
                }
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
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
            },
            _ => Ok(()),
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
                if let Some(map) = self.maps.last_mut() {
                    *map = true;
                }
            }
            Kind::Text(resolve::key(&kind).or_else(|e| self.fail(&e, start))?)
        } else {
            resolve::through_json(kind).or_else(|e| self.fail(&e, start))?
        };
        self.builder.leaf(kind, start, end);
        Ok(())
    }

    fn open(&mut self, kind: Kind<'s>, anchor: usize, start: usize) -> Result<(), Error> {
        if self.builder.wants_key() {
            return self.fail("invalid map key", start);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor::Collection(self.builder.next()));
        }
        self.maps.push(false);
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
        let (mut entries, merged) = (Vec::new(), self.merged);
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
                entries.extend(map.entries().map(|(key, value)| Entry {
                    key: key.index(),
                    value: value.index(),
                    text: key.text(),
                    is_merged: true,
                }));
                if merged + entries.len() > MAX_MERGED + self.builder.next() as usize {
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
        Err(Error::syntax(message, Some(Position::of(self.text, start))))
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
    let core = if handle == "tag:yaml.org,2002:" {
        suffix
    } else if handle.is_empty() {
        suffix.strip_prefix("tag:yaml.org,2002:").unwrap_or_default()
    } else {
        ""
    };
    match core {
        // "!" alone: as if it were plain, even in quotes.
        _ if handle.is_empty() && suffix == "!" => (Tag::Plain, true),
        "null" => (Tag::Null, false),
        "bool" => (Tag::Bool, false),
        "int" => (Tag::Int, false),
        "float" => (Tag::Float, false),
        "timestamp" => (Tag::Timestamp, false),
        "binary" => (Tag::Binary, false),
        "merge" => (Tag::Str, true),
        _ => (Tag::Str, false),
    }
}

/// Whether a double-quoted scalar, as written, has an escape of half a surrogate pair.
fn has_surrogate_escape(raw: &str) -> bool {
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        let escape = rest.get(at + 1..).unwrap_or_default();
        let digits = match escape.as_bytes().first() {
            Some(b'u') => escape.get(1..5),
            Some(b'U') => escape.get(1..9),
            _ => None,
        };
        let unit = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
        if unit.is_some_and(|u| (0xd800..0xe000).contains(&u)) {
            return true;
        }
        // The escaped character may be a backslash itself.
        let len = escape.chars().next().map_or(0, char::len_utf8);
        rest = escape.get(len..).unwrap_or_default();
    }
    false
}
