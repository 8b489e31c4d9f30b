//! Collections in flow style: regions are between commas.

use std::ops::Range;

use super::{Fate, Patch, PatchError, Step, block::origins, text::Change, text::is_white};
use crate::{
    tree::{Edit, Ref},
    write,
};

/// A flow collection's text in its parts.
struct Layout {
    /// The bracket, with the comment that ends its line.
    opening: Range<usize>,
    parts: Vec<Part>,
    has_last_comma: bool,
    /// What follows the last part, the closing bracket included.
    closing: Range<usize>,
}

/// An item or entry.
struct Part {
    /// The white space before it.
    space: String,
    /// The comments above it.
    lead: Vec<Range<usize>>,
    own: Range<usize>,
    /// The comment that ends its line, with the white space before it.
    trail: Range<usize>,
}

/// What a part is to be.
enum New<'e, 'a> {
    /// A part as it was but for changes within.
    Old(usize, Vec<Change>),
    Item(&'e Edit<'a>),
    Entry(&'e (&'a str, Edit<'a>)),
}

impl Patch<'_> {
    pub(super) fn flow_list(
        &self,
        list: Ref<'_, '_>,
        items: &[Edit<'_>],
        changes: &mut Vec<Change>,
    ) -> Step {
        let old: Vec<_> = list.items().collect();
        let origins = origins(&old, items);
        if origins.iter().copied().eq((0..old.len()).map(Some)) {
            return items.iter().try_for_each(|item| self.flow_item(item, changes));
        }
        let mut new = Vec::with_capacity(items.len());
        for (item, origin) in items.iter().zip(origins) {
            new.push(match origin {
                Some(origin) => {
                    let mut within = Vec::new();
                    self.flow_item(item, &mut within)?;
                    New::Old(origin, within)
                }
                None => New::Item(item),
            });
        }
        let ends: Vec<usize> = old.iter().map(|item| self.end(*item)).collect();
        changes.push((list.span(), self.rebuild(list, &ends, new)?));
        Ok(())
    }

    pub(super) fn flow_map(
        &self,
        map: Ref<'_, '_>,
        entries: &[(&str, Edit<'_>)],
        changes: &mut Vec<Change>,
    ) -> Step {
        let (plan, added) = self.plan(map, entries)?;
        let is_whole = added.is_empty() && !plan.iter().any(|e| matches!(e.fate, Fate::Removed));
        let mut new = Vec::new();
        for (i, entry) in plan.iter().enumerate() {
            let mut within = Vec::new();
            match entry.fate {
                Fate::Removed => continue,
                Fate::Kept => {}
                Fate::Value(value) => self.value(entry.key, entry.value, value, &mut within)?,
            }
            if is_whole {
                changes.append(&mut within);
            } else {
                new.push(New::Old(i, within));
            }
        }
        if is_whole {
            return Ok(());
        }
        new.extend(added.into_iter().map(New::Entry));
        let end = |entry: &super::Entry<'_, '_>| {
            let key = entry.key.span().end;
            let colon = self.text.colon(key).map_or(key, |colon| colon + 1);
            self.end(entry.value).max(colon)
        };
        let ends: Vec<usize> = plan.iter().map(end).collect();
        changes.push((map.span(), self.rebuild(map, &ends, new)?));
        Ok(())
    }

    /// An item that is a mapping of one entry may lack its brackets.
    fn flow_item(&self, item: &Edit<'_>, changes: &mut Vec<Change>) -> Step {
        match item {
            Edit::Mapping { origin: Some(origin), .. }
            | Edit::Sequence { origin: Some(origin), .. }
                if !self.is_flow(*origin) && !origin.is_alias() =>
            {
                Err(PatchError::Layout)
            }
            _ => self.changes(item, changes),
        }
    }

    fn rebuild(&self, node: Ref<'_, '_>, ends: &[usize], new: Vec<New<'_, '_>>) -> Step<String> {
        let layout = self.layout(node, ends).ok_or(PatchError::Layout)?;
        let slice = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        let breaks = |space: &str| space.contains(['\n', '\r']);
        // Where a line has to begin, and the part that stood there did not begin one.
        let indent = layout.parts.iter().rev().find(|part| breaks(&part.space)).map_or_else(
            || " ".repeat(self.text.column(node.span().start) + 1),
            |part| part.space.trim_start_matches(|c| c != ' ').to_owned(),
        );
        let new_line = format!("{}{indent}", self.text.line_break());
        let mut out = slice(&layout.opening).to_owned();
        let mut is_comment = layout.opening.len() > 1;
        let count = new.len();
        for (i, item) in new.into_iter().enumerate() {
            let space = match layout.parts.get(i).or(layout.parts.last()) {
                Some(part) if i == 0 || layout.parts.len() > 1 || breaks(&part.space) => {
                    &part.space
                }
                None if i == 0 => "",
                _ => " ",
            };
            let part = match &item {
                New::Old(origin, _) => layout.parts.get(*origin),
                _ => None,
            };
            for comment in part.iter().flat_map(|part| &part.lead) {
                out.push_str(&new_line);
                out.push_str(slice(comment));
                is_comment = true;
            }
            out.push_str(if is_comment && !breaks(space) { &new_line } else { space });
            match item {
                New::Old(_, within) => {
                    let own = part.map(|part| part.own.clone()).ok_or(PatchError::Layout)?;
                    out.push_str(&self.apply(own, within).ok_or(PatchError::Layout)?);
                }
                New::Item(item) => out.push_str(&write::flow(item)),
                New::Entry((key, value)) => out.push_str(&write::flow_entry(key, value)),
            }
            if i + 1 < count || layout.has_last_comma {
                out.push(',');
            }
            let trail = part.map(|part| slice(&part.trail)).unwrap_or_default();
            out.push_str(if trail.starts_with('#') { " " } else { "" });
            out.push_str(trail);
            is_comment = !trail.is_empty();
        }
        let closing = slice(&layout.closing);
        if is_comment && !closing.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']) {
            out.push_str(&new_line);
        }
        out.push_str(closing);
        Ok(out)
    }

    /// The parts of a flow collection whose items or entries end so.
    fn layout(&self, node: Ref<'_, '_>, ends: &[usize]) -> Option<Layout> {
        let Range { start, end: close } = node.span();
        let mut at = start + 1;
        let opening = start..self.comment_on_line(at).map_or(at, |comment| comment.end);
        at = opening.end;
        let mut parts: Vec<Part> = Vec::new();
        let mut has_last_comma = false;
        for end in ends {
            let mut lead = Vec::new();
            let begin = self.comments(at, &mut lead);
            let space = match lead.last() {
                Some(comment) => self.text.get(comment.end..begin)?,
                None => self.text.get(at..begin)?,
            };
            let own = begin..*end;
            at = *end;
            let mut trail = at..at;
            has_last_comma = false;
            if let Some(comment) = self.comment_on_line(at) {
                // A comma on a line below.
                at = comment.end;
                trail = comment;
            }
            let mut between = Vec::new();
            let comma = self.comments(at, &mut between);
            if self.text.byte(comma) == b',' {
                if !between.is_empty() {
                    return None;
                }
                has_last_comma = true;
                at = comma + 1;
                if trail.is_empty()
                    && let Some(comment) = self.comment_on_line(at)
                {
                    at = comment.end;
                    trail = comment;
                }
            }
            parts.push(Part { space: space.to_owned(), lead, own, trail });
        }
        (at < close).then_some(Layout { opening, parts, has_last_comma, closing: at..close })
    }

    /// The comment that follows on the same line, with the white space before it.
    fn comment_on_line(&self, at: usize) -> Option<Range<usize>> {
        let rest = self.text.get(at..self.text.line_end(at))?;
        let text = rest.trim_end_matches(is_white);
        let is_comment = text.trim_start_matches([' ', '\t']).starts_with('#');
        is_comment.then_some(at..at + text.len())
    }

    /// The first byte that is neither white space nor in a comment; the comments before it.
    fn comments(&self, mut at: usize, found: &mut Vec<Range<usize>>) -> usize {
        loop {
            let rest = self.text.get(at..self.text.len()).unwrap_or_default();
            let trimmed = rest.trim_start_matches(is_white);
            at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return at;
            }
            let line = self.text.get(at..self.text.line_end(at)).unwrap_or_default();
            let end = at + line.trim_end_matches(is_white).len();
            found.push(at..end);
            at = self.text.line_end(at);
        }
    }
}
