//! Collections in block style: regions are lines.

use std::ops::Range;

use super::{
    Entry, Fate, Patch, PatchError, Step,
    text::{Change, Line, is_white},
};
use crate::{
    chars::is_break,
    tree::{Edit, Ref},
    write,
};

/// The text of an item or entry.
struct Region {
    /// Where its dash or key stands.
    start: usize,
    /// All that is its own.
    range: Range<usize>,
    /// Whether nothing stands before it on its line.
    starts_line: bool,
}

impl Patch<'_> {
    pub(super) fn block_map(
        &self,
        map: Ref<'_, '_>,
        edit: &Edit<'_>,
        entries: &[(&str, Edit<'_>)],
        changes: &mut Vec<Change>,
    ) -> Step {
        let (plan, added) = self.plan(map, entries)?;
        let starts_and_ends = plan.iter().map(|entry| {
            let end = self.end(entry.value).max(entry.key.span().end);
            (entry.key.span().start, end)
        });
        let regions = self.regions(starts_and_ends);
        if plan.is_empty() && map.is_null() {
            // A document of comments alone.
            let end = self.text.len();
            changes.push((end..end, self.lines(end, &write::block(edit), 0, "")));
            return Ok(());
        }
        let (first, last) =
            (regions.first().ok_or(PatchError::Empty)?, regions.last().ok_or(PatchError::Empty)?);
        let is_removed = |entry: &Entry<'_, '_>| matches!(entry.fate, Fate::Removed);
        if plan.iter().all(is_removed) {
            // An item, or the document itself: the value of a key is replaced as a whole.
            let gone = first.range.start..last.range.end;
            let lines = self.text.get(gone.clone()).unwrap_or_default();
            let end = gone.start + lines.trim_end_matches(is_break).len();
            let column =
                self.text.column(first.start).saturating_sub(self.text.column(first.range.start));
            changes.push((gone.start..end, " ".repeat(column) + &write::flow(edit)));
            return Ok(());
        }
        let mut kept_from = 0;
        if !first.starts_line && plan.first().is_some_and(is_removed) {
            kept_from = plan.iter().position(|entry| !is_removed(entry)).unwrap_or_default();
            let next = regions.get(kept_from).ok_or(PatchError::Layout)?;
            let gone: &[Region] = regions.get(..kept_from).unwrap_or_default();
            let is_bare = gone.last().is_some_and(|last| last.range.end == next.range.start)
                && self.text.skip(next.range.start) == next.start
                && !self.text.get(next.range.start..next.start).is_some_and(|t| t.contains('#'));
            if is_bare {
                // The next key moves to the line of the dash.
                changes.push((first.start..next.start, String::new()));
            } else {
                // Only the break of its line is left after the dash.
                let before = self.text.get(0..first.start).unwrap_or_default();
                let dash = before.trim_end_matches([' ', '\t']).len();
                changes.push((dash..first.range.end, self.text.line_break().to_owned()));
                kept_from = 1;
            }
        }
        for (i, (entry, region)) in plan.iter().zip(&regions).enumerate() {
            match entry.fate {
                Fate::Value(new) => self.value(entry.key, entry.value, new, changes)?,
                Fate::Removed if i >= kept_from => {
                    self.remove(region, i + 1 == plan.len(), changes)?;
                }
                Fate::Kept | Fate::Removed => {}
            }
        }
        let indent = self.text.column(first.start);
        for new in added {
            let at = last.range.end;
            changes.push((at..at, self.lines(at, &write::entry(new), indent, "")));
        }
        Ok(())
    }

    pub(super) fn block_list(
        &self,
        list: Ref<'_, '_>,
        items: &[Edit<'_>],
        changes: &mut Vec<Change>,
    ) -> Step {
        let old: Vec<_> = list.items().collect();
        let origins = origins(&old, items);
        if origins.iter().copied().eq((0..old.len()).map(Some)) {
            // Nothing was added, removed or moved.
            return items.iter().try_for_each(|item| self.changes(item, changes));
        }
        let regions = self.items(list, &old)?;
        let survivors: Vec<(usize, &Edit<'_>)> = origins
            .iter()
            .zip(items)
            .filter_map(|(origin, item)| Some(((*origin)?, item)))
            .collect();
        let mut slots: Vec<usize> = survivors.iter().map(|(origin, _)| *origin).collect();
        slots.sort_unstable();
        // Each survivor goes to the slot of one of them, in the new order.
        for ((origin, item), slot) in survivors.iter().zip(&slots) {
            if origin == slot {
                self.changes(item, changes)?;
                continue;
            }
            let (from, to) = (region(&regions, *origin)?, region(&regions, *slot)?);
            let mut within = Vec::new();
            self.changes(item, &mut within)?;
            let mut lines = self.apply(from.range.clone(), within).ok_or(PatchError::Layout)?;
            if !lines.ends_with(is_break) {
                lines.push_str(self.text.line_break());
            }
            changes.push((to.range.clone(), lines));
        }
        self.remove_items(&regions, &slots, changes)?;
        self.add_items(&regions, &slots, &origins, items, changes)
    }

    /// Removes the items that are in no slot, with the blank lines after each.
    fn remove_items(&self, regions: &[Region], slots: &[usize], changes: &mut Vec<Change>) -> Step {
        let mut gaps = vec![false; regions.len()];
        for (i, region) in regions.iter().enumerate() {
            if slots.binary_search(&i).is_ok() {
                continue;
            }
            changes.push((region.range.clone(), String::new()));
            // The blank lines below go with it, or if it was one of the last those above.
            let gap = if slots.last().is_some_and(|last| *last > i) { i + 1 } else { i };
            if let Some(is_gone) = gaps.get_mut(gap) {
                *is_gone = true;
            }
            // A list is never left without an item.
            if !region.starts_line {
                return Err(PatchError::Layout);
            }
        }
        for (i, pair) in regions.windows(2).enumerate() {
            if let [before, after] = pair
                && gaps.get(i + 1) == Some(&true)
                && self.is_blank(before.range.end..after.range.start)
            {
                changes.push((before.range.end..after.range.start, String::new()));
            }
        }
        Ok(())
    }

    /// Adds the new items after those that they follow.
    fn add_items(
        &self,
        regions: &[Region],
        slots: &[usize],
        origins: &[Option<usize>],
        items: &[Edit<'_>],
        changes: &mut Vec<Change>,
    ) -> Step {
        let first = region(regions, 0)?;
        let indent = self.text.column(first.start);
        let gap = |pair: &[Region]| match pair {
            [a, b] => a.range.end < b.range.start && self.is_blank(a.range.end..b.range.start),
            _ => false,
        };
        let are_spaced = regions.len() > 1 && regions.windows(2).all(gap);
        let blank = if are_spaced { self.text.line_break() } else { "" };
        let mut slots = slots.iter();
        let mut at = None;
        for (item, origin) in items.iter().zip(origins) {
            if origin.is_some() {
                at = slots.next().and_then(|slot| regions.get(*slot)).map(|r| r.range.end);
                continue;
            }
            let block = write::block(item);
            let new = match at {
                Some(at) => {
                    let lines = self.lines(at, &block, indent, "- ");
                    // The break that the text lacks comes before the blank line.
                    match lines.strip_prefix(self.text.line_break()) {
                        Some(lines) => [self.text.line_break(), blank, lines].concat(),
                        None => [blank, &lines].concat(),
                    }
                }
                None if first.starts_line => [&self.lines(0, &block, indent, "- "), blank].concat(),
                None => return Err(PatchError::Layout),
            };
            let at = at.unwrap_or(first.range.start);
            changes.push((at..at, new));
        }
        Ok(())
    }

    fn is_blank(&self, range: Range<usize>) -> bool {
        self.text.get(range).is_some_and(|text| text.trim_matches(is_white).is_empty())
    }

    fn remove(&self, region: &Region, is_last: bool, changes: &mut Vec<Change>) -> Step {
        if !region.starts_line {
            return Err(PatchError::Layout);
        }
        let Range { start, mut end } = region.range.clone();
        // Of the blank lines around it those above stay.
        let above = self.text.get(0..start).unwrap_or_default();
        let above = above.strip_suffix("\r\n").or_else(|| above.strip_suffix(is_break));
        let is_below_blank = above.and_then(|above| above.rsplit(is_break).next());
        let is_below_blank =
            is_below_blank.is_some_and(|line| line.trim_matches(is_white).is_empty());
        while is_below_blank && !is_last && self.text.line(end) == Some(Line::Blank) {
            end = self.text.line_end(end);
        }
        changes.push((start..end, String::new()));
        Ok(())
    }

    fn items(&self, list: Ref<'_, '_>, items: &[Ref<'_, '_>]) -> Step<Vec<Region>> {
        let mut at = list.span().start;
        let mut starts_and_ends = Vec::with_capacity(items.len());
        for item in items {
            let dash = self.text.skip(at);
            if self.text.byte(dash) != b'-' {
                return Err(PatchError::Layout);
            }
            let end = self.end(*item).max(dash + 1);
            starts_and_ends.push((dash, end));
            at = self.text.line_end(end);
        }
        Ok(self.regions(starts_and_ends.into_iter()))
    }

    /// The regions of items or entries that begin and end there.
    fn regions(&self, starts_and_ends: impl Iterator<Item = (usize, usize)>) -> Vec<Region> {
        let mut regions: Vec<Region> = Vec::new();
        for (start, end) in starts_and_ends {
            let (lowest, column) = match regions.first() {
                // Above the first one there are no others to which a comment could belong.
                None => (0, usize::MAX),
                Some(first) => {
                    (regions.last().map_or(0, |r| r.range.end), self.text.column(first.start))
                }
            };
            let starts_line = self.text.starts_line(start);
            let line = self.text.line_start(start);
            let from = if starts_line { self.text.head(line, lowest, column) } else { start };
            let tail = self.text.tail(end, self.text.column(start));
            regions.push(Region { start, range: from..tail, starts_line });
        }
        regions
    }

    /// A block of lines in a column, the first one after `mark`, for the beginning of a line.
    fn lines(&self, at: usize, block: &str, column: usize, mark: &str) -> String {
        let line_break = self.text.line_break();
        let mut out = String::new();
        let before = self.text.get(0..at).unwrap_or_default();
        if !before.is_empty() && !before.ends_with(is_break) {
            out.push_str(line_break);
        }
        for (i, line) in block.trim_end_matches('\n').split('\n').enumerate() {
            if !line.is_empty() {
                out.extend(std::iter::repeat_n(' ', column));
                out.push_str(if i == 0 {
                    mark
                } else {
                    "  ".get(..mark.len()).unwrap_or_default()
                });
            }
            out.push_str(line);
            out.push_str(line_break);
        }
        out
    }
}

fn region(regions: &[Region], index: usize) -> Step<&Region> {
    let region = regions.get(index).ok_or(PatchError::Layout)?;
    if region.starts_line { Ok(region) } else { Err(PatchError::Layout) }
}

/// For each new item the old one that it comes from.
pub(super) fn origins(old: &[Ref<'_, '_>], items: &[Edit<'_>]) -> Vec<Option<usize>> {
    // Nodes stand in document order.
    let position = |node: Ref<'_, '_>| {
        let found = old.binary_search_by_key(&node.index(), |old| old.index()).ok()?;
        old.get(found).filter(|old| node.is_same(**old)).map(|_| found)
    };
    let origin = |item: &Edit<'_>| match item {
        Edit::Kept(node) => position(*node),
        Edit::Replaced { origin, .. } => position(*origin),
        Edit::Mapping { origin, .. } | Edit::Sequence { origin, .. } => position((*origin)?),
    };
    items.iter().map(origin).collect()
}
