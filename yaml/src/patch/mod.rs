//! Changes in a document's text: comments, quotes and layout stay.
//!
//! A comment has an owner, and moves with it. An item of a sequence, or an entry of a mapping, owns a region of
//! the text: the comment lines directly above it, its own lines, the comment that ends its last line, and the
//! comment lines below it that are indented deeper or are followed by a blank line. All else, blank lines and
//! comments between blank lines, is the collection's and stays where it is. `block` and `flow` find the regions
//! in the two styles; an edit removes, moves or adds whole regions, and within one it replaces only values
//! that differ.
//!
//! YAML has many ways to write a value. So each result is checked: it is read again and must have the requested
//! values. If it does not, the document has to be written anew, and the error is the reason.

mod block;
mod flow;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

use self::text::{Change, Text};
use super::write;
use crate::tree::{Edit, Ref, Tree, write_json};

/// Why a change cannot be made in the text: the document has to be written anew, with
/// [`write_yaml`](crate::write_yaml).
///
/// ```
/// use kubernetes_yaml::{Edit, PatchError, Step, Tree, patch};
///
/// let text = "a: &x [1]\nb: *x\n";
/// let tree = Tree::from_yaml(text)?;
/// let edit = Edit::remove(tree.root(), &[Step::Key("a")]);
/// assert_eq!(patch(text, &edit), Err(PatchError::Anchor));
/// # Ok::<(), kubernetes_yaml::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchError {
    /// The document was empty.
    Empty,
    /// A removed value comes from a merge key (`<<`).
    MergeKey,
    /// A changed or removed value has an anchor, and an alias stands for the old value.
    Anchor,
    /// The change cannot be made in this layout.
    Layout,
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the document was empty",
            Self::MergeKey => "a removed value comes from a merge key",
            Self::Anchor => "an alias refers to a changed value",
            Self::Layout => "the change cannot be made in this layout",
        })
    }
}

impl std::error::Error for PatchError {}

/// The text with an edit made in it. Everything else stays: comments, quotes, layout and line breaks.
///
/// `edit` is of the [`Tree`] of this text. The result is read again before it is returned, and has exactly the
/// values of the edit. A removed entry or item takes the comments with it that belong to it: those directly
/// above it, at the end of its lines, and indented below it.
///
/// ```
/// use kubernetes_yaml::{Edit, Step, Tree, patch};
///
/// let text = "a: 1 # one\n\n# two\nb: [x, 'y'] # list\n";
/// let tree = Tree::from_yaml(text)?;
/// let value = Tree::from_checked_json("\"no\"")?;
/// let edit = Edit::set(tree.root(), &[Step::Key("b"), Step::Index(0)], value.root()).unwrap();
/// assert_eq!(patch(text, &edit)?, "a: 1 # one\n\n# two\nb: [\"no\", 'y'] # list\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PatchError`] if the change cannot be made in this text.
pub fn patch(text: &str, edit: &Edit<'_>) -> Result<String, PatchError> {
    let mut want = String::new();
    write_json(edit, &mut want);
    // A block scalar at the end of a text has no line feed in its value if the text has none, unless it is
    // followed by something: then its header has to say so.
    let patched = attempt(text, edit, None, &want);
    if patched.is_err()
        && let Some(strip) = strip_last_block_scalar(text, edit)
        && let Ok(patched) = attempt(text, edit, Some(strip), &want)
    {
        return Ok(patched);
    }
    patched
}

fn attempt(
    text: &str,
    edit: &Edit<'_>,
    strip: Option<Change>,
    want: &str,
) -> Result<String, PatchError> {
    let patch = Patch { text: Text(text), strip };
    let mut changes = Vec::new();
    patch.changes(edit, &mut changes)?;
    let patched = patch.apply(0..text.len(), changes).ok_or(PatchError::Layout)?;
    let failed = if text.contains('*') { PatchError::Anchor } else { PatchError::Layout };
    let tree = Tree::from_yaml(&patched).map_err(|_| failed)?;
    let mut got = String::new();
    write_json(&Edit::Kept(tree.root()), &mut got);
    // Mostly the order is the same, too.
    let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).ok();
    if want == got || value(want).is_some_and(|want| Some(want) == value(&got)) {
        Ok(patched)
    } else {
        Err(failed)
    }
}

/// The change of a block scalar's header to `|-` or `>-`, if the text ends with one and without a break.
fn strip_last_block_scalar(text: &str, edit: &Edit<'_>) -> Option<Change> {
    let (Edit::Mapping { origin: Some(root), .. } | Edit::Kept(root)) = edit else { return None };
    let mut last = *root;
    while let Some(inner) = last.inner().last().filter(|_| !last.is_alias()) {
        last = inner;
    }
    let start = last.span().start;
    let header = text.get(start..)?;
    let is_open = last.span().end == text.len() && !text.ends_with(super::chars::is_break);
    if !is_open || !header.starts_with(['|', '>']) {
        return None;
    }
    let len = header.find(|c: char| !matches!(c, '|' | '>' | '+' | '-' | '0'..='9'))?;
    let kept: String = header.get(..len)?.chars().filter(|c| !matches!(c, '+' | '-')).collect();
    Some((start..start + len, format!("{kept}-")))
}

struct Patch<'t> {
    text: Text<'t>,
    /// The change of the header of a block scalar at the end of the text.
    strip: Option<Change>,
}

/// Collected changes, or why they cannot be made in place.
type Step<T = ()> = Result<T, PatchError>;

impl Patch<'_> {
    /// A range of the text with the changes within it.
    fn apply(&self, range: std::ops::Range<usize>, mut changes: Vec<Change>) -> Option<String> {
        if let Some((header, new)) = &self.strip
            && range.start <= header.start
            && header.end <= range.end
            && !changes.iter().any(|(c, _)| c.start <= header.start && header.end <= c.end)
        {
            changes.push((header.clone(), new.clone()));
        }
        // Stable: of two insertions in one place the inner one was found first.
        changes.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(range.len());
        let mut at = range.start;
        for (change, new) in changes {
            out.push_str(self.text.get(at..change.start)?);
            out.push_str(&new);
            at = change.end;
        }
        out.push_str(self.text.get(at..range.end)?);
        Some(out)
    }

    /// Collects the changes that an edit makes within its node.
    fn changes(&self, edit: &Edit<'_>, changes: &mut Vec<Change>) -> Step {
        let (origin, is_list) = match edit {
            Edit::Kept(_) => return Ok(()),
            Edit::Replaced { origin, .. } => {
                return self.replace(*origin, &write::flow(edit), changes);
            }
            Edit::Mapping { origin, .. } => (origin.ok_or(PatchError::Layout)?, false),
            Edit::Sequence { origin, .. } => (origin.ok_or(PatchError::Layout)?, true),
        };
        if origin.is_alias() {
            // From now on the value has its own text.
            return self.replace(origin, &write::flow(edit), changes);
        }
        match (edit, self.is_flow(origin)) {
            (Edit::Mapping { entries, .. }, true) => self.flow_map(origin, entries, changes),
            (Edit::Mapping { entries, .. }, false) => {
                self.block_map(origin, edit, entries, changes)
            }
            (Edit::Sequence { items, .. }, true) if is_list => {
                self.flow_list(origin, items, changes)
            }
            (Edit::Sequence { items, .. }, _) => self.block_list(origin, items, changes),
            _ => Ok(()),
        }
    }

    /// The value of a key that stays.
    fn value(
        &self,
        key: Ref<'_, '_>,
        old: Ref<'_, '_>,
        new: &Edit<'_>,
        changes: &mut Vec<Change>,
    ) -> Step {
        match new {
            Edit::Kept(node) if node.is_same(old) => return Ok(()),
            Edit::Sequence { items, .. } if items.is_empty() => {}
            Edit::Mapping { entries, .. } if entries.is_empty() => {}
            Edit::Mapping { origin: Some(origin), .. }
            | Edit::Sequence { origin: Some(origin), .. }
                if origin.is_same(old) =>
            {
                return self.changes(new, changes);
            }
            _ => {}
        }
        let inline = write::flow(new);
        let colon = self.text.colon(key.span().end);
        let is_block = self.is_collection(old) && !self.is_flow(old);
        match colon {
            None if old.span().is_empty() => {
                changes.push((key.span().end..key.span().end, format!(": {inline}")));
            }
            Some(colon) if old.span().is_empty() => {
                let at = old.span().start.max(colon + 1);
                changes.push((at..at, format!(" {inline}")));
            }
            Some(colon) if is_block => {
                // The comment after the colon is the key's.
                changes.push((colon + 1..colon + 1, format!(" {inline}")));
                let column = self.text.column(key.span().start);
                let end = self.text.deeper(self.end(old), column);
                changes.push((self.text.line_end(colon)..end, String::new()));
            }
            _ => self.replace(old, &inline, changes)?,
        }
        Ok(())
    }

    /// Another value instead of a node.
    fn replace(&self, old: Ref<'_, '_>, inline: &str, changes: &mut Vec<Change>) -> Step {
        let start = old.span().start;
        let source = self.text.get(old.span()).unwrap_or_default();
        if self.is_collection(old) && !self.is_flow(old) {
            return Err(PatchError::Layout);
        }
        if old.span().is_empty() {
            changes.push((start..start, format!(" {inline}")));
        } else if !old.is_alias() && source.starts_with(['|', '>']) {
            // The comment after the header stays.
            let header = source.find(|c: char| c.is_whitespace()).unwrap_or(source.len());
            changes.push((start..start + header, inline.to_owned()));
            let lines = self.text.line_end(start)..self.text.line_end(self.end(old));
            if lines.start < lines.end {
                changes.push((lines, String::new()));
            }
        } else {
            changes.push((old.span(), inline.to_owned()));
        }
        Ok(())
    }

    /// The keys and values that are written in a mapping itself, without merged ones.
    fn written_entries<'a>(&self, map: Ref<'a, 'a>) -> Vec<(Ref<'a, 'a>, Ref<'a, 'a>)> {
        let mut nodes = map.inner();
        std::iter::from_fn(|| Some((nodes.next()?, nodes.next()?))).collect()
    }

    /// What happens to each entry that is written in a mapping, and the new entries.
    #[expect(clippy::type_complexity, reason = "two lists, each used once")]
    fn plan<'e, 'a>(
        &self,
        map: Ref<'a, 'a>,
        entries: &'e [(&'a str, Edit<'a>)],
    ) -> Step<(Vec<Entry<'e, 'a>>, Vec<&'e (&'a str, Edit<'a>)>)> {
        let is_merged = map.is_merged();
        let written = self.written_entries(map);
        let last = |text: &str| written.iter().rposition(|(key, _)| key.text() == text);
        let mut plan = Vec::new();
        for (i, (key, value)) in written.iter().enumerate() {
            let new = entries.iter().find(|(name, _)| *name == key.text());
            let fate = match new {
                _ if is_merged && key.text() == "<<" => Fate::Kept,
                // Of a key that is written more than once the last value counts.
                Some(_) if last(key.text()) != Some(i) => Fate::Kept,
                Some((_, new)) => Fate::Value(new),
                None => Fate::Removed,
            };
            plan.push(Entry { key: *key, value: *value, fate });
        }
        let mut added = Vec::new();
        for entry in entries.iter().filter(|(name, _)| last(name).is_none()) {
            let merged = map.get(entry.0);
            let is_same = |edit: &Edit<'_>| match (edit, merged) {
                (Edit::Kept(node), Some(merged)) => node.is_same(merged),
                _ => false,
            };
            if !is_same(&entry.1) {
                added.push(entry);
            }
        }
        let is_gone = |name: &str| last(name).is_none() && !entries.iter().any(|(n, _)| *n == name);
        if is_merged && map.entries().any(|(key, _)| is_gone(key.text())) {
            return Err(PatchError::MergeKey);
        }
        Ok((plan, added))
    }

    fn is_collection(&self, node: Ref<'_, '_>) -> bool {
        !node.is_alias() && (node.is_mapping() || node.is_sequence())
    }

    fn is_flow(&self, node: Ref<'_, '_>) -> bool {
        let text = self.text.get(node.span()).unwrap_or_default();
        self.is_collection(node) && text.starts_with(['{', '['])
    }

    /// Where a node's own text ends, without the break after it. A block collection ends with its last
    /// child: the scanner sees its end only at the next token.
    fn end(&self, node: Ref<'_, '_>) -> usize {
        let mut node = node;
        while !self.is_flow(node) {
            match node.inner().last() {
                Some(last) if !node.is_alias() => node = last,
                _ => break,
            }
        }
        let text = self.text.get(node.span()).unwrap_or_default();
        let is_block_scalar = !node.is_alias() && text.starts_with(['|', '>']);
        let header = text.split(char::is_whitespace).next().unwrap_or_default();
        let trimmed = match (is_block_scalar, header.contains('+')) {
            // Blank lines at its end are part of such a value.
            (true, true) => text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')),
            (true, false) => Some(text.trim_end_matches(text::is_white)),
            _ => None,
        };
        node.span().start + trimmed.unwrap_or(text).len()
    }
}

/// An entry of a mapping, and what happens to it.
struct Entry<'e, 'a> {
    key: Ref<'a, 'a>,
    value: Ref<'a, 'a>,
    fate: Fate<'e, 'a>,
}

enum Fate<'e, 'a> {
    Kept,
    Value(&'e Edit<'a>),
    Removed,
}
