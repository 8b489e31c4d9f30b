//! A tree from YAML text.

use std::{borrow::Cow, collections::HashMap};

use super::{
    events::{Event, EventKind, Events},
    resolve::{self, Tag},
    scan::ScanError,
};
use crate::{
    Error, Position, Quoted, Step,
    tree::{Builder, Kind, Tree},
};

/// How deeply values may be nested: encoding/json's `maxNestingDepth`, which reads what YAML becomes.
const MAX_DEPTH: usize = 10_000;

/// How many bytes of strings a document's aliases may expand to.
const MAX_EXPANDED_TEXT: usize = 64 << 20;

impl<'s> Tree<'s> {
    /// Reads the first document of a YAML text; null if there is none. What follows it is not read:
    /// [`split`](Self::split) returns it.
    ///
    /// ```
    /// use kubernetes_yaml::Tree;
    ///
    /// let tree = Tree::from_yaml("- 0o17\n- 1_000\n- on\n- 12:30\n")?;
    /// assert_eq!(tree.root().to_json(), r#"[15,1000,true,"12:30"]"#);
    /// assert!(Tree::from_yaml("a: 'x").is_err());
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    ///
    /// # Errors
    /// A text that sigs.k8s.io/yaml rejects, and one of 4 GiB or more. See [limits](crate#limits).
    pub fn from_yaml(text: &'s str) -> Result<Self, Error> {
        Self::from_yaml_object(text, |_| false)
    }

    /// As [`from_yaml`](Self::from_yaml), for a type with fields of type `string`: at the paths for which
    /// `is_text` returns true, numbers are allowed that JSON cannot hold, since sigs.k8s.io/yaml converts them to
    /// strings ([`Ref::to_text`](crate::Ref::to_text)).
    ///
    /// ```
    /// use kubernetes_yaml::{Step, Tree};
    ///
    /// assert!(Tree::from_yaml("labels: {a: .inf}").is_err());
    /// let is_label = |path: &[Step<'_>]| path.first() == Some(&Step::Key("labels"));
    /// let tree = Tree::from_yaml_object("labels: {a: .inf}", is_label)?;
    /// let label = tree.root().get("labels").unwrap().get("a").unwrap();
    /// assert_eq!(label.to_text(), "+Inf");
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_yaml`](Self::from_yaml).
    pub fn from_yaml_object(
        text: &'s str,
        is_text: impl Fn(&[Step<'_>]) -> bool,
    ) -> Result<Self, Error> {
        let tree = read(text)?;
        tree.check_fits(is_text)?;
        Ok(tree)
    }
}

fn read(text: &str) -> Result<Tree<'_>, Error> {
    let mut events = Events::new(text);
    let mut reader = Reader {
        text,
        builder: Builder::of_text(text)?,
        anchors: HashMap::new(),
        merge_keys: Vec::new(),
        open: Vec::new(),
        heights: HashMap::new(),
        aliased_text: 0,
        merged: 0,
    };
    loop {
        let event = events.next().map_err(|error| reader.error(&error))?;
        match event.kind {
            EventKind::StreamEnd => {}
            EventKind::DocumentEnd => reader.check_aliases()?,
            _ => {
                reader.event(event)?;
                continue;
            }
        }
        reader.builder.end_document(event.end);
        return Ok(reader.builder.finish());
    }
}

struct Reader<'s> {
    text: &'s str,
    builder: Builder<'s>,
    anchors: HashMap<&'s str, Anchor<'s>>,
    /// The keys that are `<<`, in document order.
    merge_keys: Vec<u32>,
    open: Vec<Open>,
    /// How many levels the collections with an anchor have.
    heights: HashMap<u32, usize>,
    /// The bytes of strings that aliases expand to.
    aliased_text: usize,
    /// How many entries were merged from aliases.
    merged: usize,
}

/// A collection that has not ended.
#[derive(Default)]
struct Open {
    has_merge_key: bool,
    has_anchor: bool,
    /// How many levels the deepest child so far has, aliases included.
    inner: usize,
    /// The keys that are `0.0` and `-0.0`. Go's map has one entry for them, under the last one's name.
    zero_keys: Vec<u32>,
}

#[derive(Clone)]
enum Anchor<'s> {
    /// A scalar, as a value and, if it can be one, as a key.
    Scalar(Kind<'s>, Option<Cow<'s, str>>),
    Collection(u32),
}

impl<'s> Reader<'s> {
    fn event(&mut self, event: Event<'s>) -> Result<(), Error> {
        let Event { kind, properties, start, end } = event;
        let (anchor, tag) = properties.map_or((None, None), |p| (p.anchor, p.tag));
        match kind {
            EventKind::Scalar(value, is_plain) => {
                let (tag, is_merge) = match &tag {
                    None => (if is_plain { Tag::Plain } else { Tag::Str }, is_plain),
                    Some(tag) => tag_of(tag),
                };
                let is_merge = is_merge && value == "<<";
                let kind = resolve::resolve(value, tag).or_else(|e| self.fail(&e, start))?;
                self.scalar(kind, is_merge, anchor, start, end)
            }
            EventKind::Alias(name) => self.alias(name, start, end),
            EventKind::SequenceStart => self.open(Kind::Sequence, anchor, start),
            EventKind::MappingStart => self.open(Kind::Mapping, anchor, start),
            EventKind::SequenceEnd | EventKind::MappingEnd => self.close(start, end),
            EventKind::StreamEnd | EventKind::DocumentStart | EventKind::DocumentEnd => Ok(()),
        }
    }

    fn close(&mut self, start: usize, end: usize) -> Result<(), Error> {
        let node = self.builder.parent();
        self.builder.close(end);
        let (Some(node), Some(closed)) = (node, self.open.pop()) else { return Ok(()) };
        let height = closed.inner + 1;
        if closed.has_anchor {
            self.heights.insert(node, height);
        }
        self.is_within(height, start)?;
        if let Some((last, others)) = closed.zero_keys.split_last() {
            for key in others {
                self.builder.rename_key(*key, *last);
            }
        }
        if closed.has_merge_key { self.merge(node, start) } else { Ok(()) }
    }

    /// Counts a child of so many levels in the innermost collection.
    fn is_within(&mut self, height: usize, start: usize) -> Result<(), Error> {
        if height + self.open.len() > MAX_DEPTH {
            let position = Some(Position::of(self.text, start));
            return Err(Error::limit("exceeded max depth", position));
        }
        if let Some(open) = self.open.last_mut() {
            open.inner = open.inner.max(height);
        }
        Ok(())
    }

    fn alias(&mut self, name: &str, start: usize, end: usize) -> Result<(), Error> {
        match self.anchors.get(name).cloned() {
            None => self.fail(&format!("unknown anchor {} referenced", Quoted(name)), start),
            Some(Anchor::Scalar(kind, key)) => {
                if let Kind::String(text) = &kind {
                    self.aliased_text = self.aliased_text.saturating_add(text.len());
                }
                let kind = match key {
                    Some(key) if self.builder.wants_key() => Kind::String(key),
                    _ => kind,
                };
                self.scalar(kind, false, None, start, end)
            }
            Some(Anchor::Collection(node)) if !self.builder.is_closed(node) => {
                self.fail(&format!("anchor {} value contains itself", Quoted(name)), start)
            }
            Some(Anchor::Collection(node)) => {
                if self.builder.wants_key() {
                    return self.fail("invalid map key", start);
                }
                self.builder.alias(node, start, end);
                let height = self.heights.get(&node).copied().unwrap_or_default();
                self.is_within(height, start)
            }
        }
    }

    fn scalar(
        &mut self,
        kind: Kind<'s>,
        is_merge: bool,
        anchor: Option<&'s str>,
        start: usize,
        end: usize,
    ) -> Result<(), Error> {
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, Anchor::Scalar(kind.clone(), resolve::key(&kind).ok()));
        }
        let kind = if self.builder.wants_key() {
            if is_merge {
                self.merge_keys.push(self.builder.next());
            }
            if let Some(open) = self.open.last_mut() {
                open.has_merge_key |= is_merge;
                // Both zeros are the same, by Rust's comparison, too.
                if matches!(kind, Kind::Float(v) if v == 0.0) {
                    open.zero_keys.push(self.builder.next());
                }
            }
            match resolve::key(&kind) {
                Ok(key) => Kind::String(key),
                Err(message) => {
                    self.builder.unfit(message);
                    Kind::String(kind.describe().into())
                }
            }
        } else {
            let float = if let Kind::Float(v) = kind { Some(v) } else { None };
            let kind = resolve::through_json(kind);
            if let (Some(v), Kind::Unsigned(_) | Kind::Signed(_)) = (float, &kind) {
                self.builder.whole_float(v);
            }
            if matches!(kind, Kind::Float(v) if !v.is_finite()) {
                self.builder.unfit("json: unsupported value");
            }
            kind
        };
        self.builder.leaf(kind, start, end);
        Ok(())
    }

    fn open(&mut self, kind: Kind<'s>, anchor: Option<&'s str>, start: usize) -> Result<(), Error> {
        if self.builder.wants_key() {
            return self.fail("invalid map key", start);
        }
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, Anchor::Collection(self.builder.next()));
        }
        self.open.push(Open { has_anchor: anchor.is_some(), ..Open::default() });
        self.builder.open(kind, start);
        Ok(())
    }

    /// Gives a mapping with merge keys the entries that count. go-yaml merges where the `<<` is: what is merged
    /// after a key overrides it.
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
            // The first of a sequence of mappings takes precedence, and so comes last.
            let is_list = value.is_sequence() && !value.is_alias();
            let maps: Vec<_> = if is_list { value.items().collect() } else { vec![value] };
            for map in maps.into_iter().rev() {
                if !map.is_mapping() {
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
                // Nine in ten of a million nodes or more: `check_aliases` would reject it, too.
                if merged > 500_000 + 10 * self.builder.next() as usize {
                    let position = Some(Position::of(self.text, start));
                    return Err(Error::limit("document contains excessive aliasing", position));
                }
            }
        }
        let merged = merged + entries.len();
        // Keys that are written twice stay, for `entries`; merged ones are not duplicates.
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

    /// go-yaml's limit of what aliases may expand to, and one of strings, which go-yaml shares and JSON copies.
    fn check_aliases(&self) -> Result<(), Error> {
        if self.anchors.is_empty() {
            return Ok(());
        }
        let (mut decoded, mut aliased, mut text) = (1_u64, 0_u64, self.aliased_text);
        // What is left to walk of each open collection, and whether an alias led there.
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
                text = text.saturating_add(node.as_str().map_or(0, str::len));
            }
            if is_excessive(decoded, aliased) || text > MAX_EXPANDED_TEXT {
                return Err(Error::limit("document contains excessive aliasing", node.position()));
            }
            open.push((node.inner(), is_aliased));
        }
        Ok(())
    }

    fn fail<T>(&self, message: &str, start: usize) -> Result<T, Error> {
        Err(Error::syntax(message.to_owned(), Some(Position::of(self.text, start))))
    }

    #[cold]
    fn error(&self, error: &ScanError) -> Error {
        let position = Some(Position::of(self.text, error.at));
        if error.is_limit {
            Error::limit(error.message, position)
        } else {
            Error::syntax(error.message, position)
        }
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

/// How a tag has a scalar read, and whether `<<` with it merges.
fn tag_of(tag: &str) -> (Tag, bool) {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some("null") => (Tag::Null, false),
        Some("bool") => (Tag::Bool, false),
        Some("int") => (Tag::Int, false),
        Some("float") => (Tag::Float, false),
        Some("timestamp") => (Tag::Timestamp, false),
        Some("binary") => (Tag::Binary, false),
        Some("merge") => (Tag::Str, true),
        Some(_) => (Tag::Str, false),
        // "!" alone makes it a string, but `<<` still merges.
        None => (Tag::Str, tag == "!"),
    }
}
