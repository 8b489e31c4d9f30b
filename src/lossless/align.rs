//! Matches the items of a sequence before and after a change.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::tree::{Kind, Ref};

/// For each item of `after`, the item of `before` that it corresponds to.
///
/// First equal items; then items with the same key; then items that have more than half of their values
/// in common, most similar first; then, if nothing was added or removed, items at the same index.
pub(super) fn align(before: &[Ref<'_, '_>], after: &[Ref<'_, '_>]) -> Vec<Option<usize>> {
    let mut pairs = Pairs { origins: vec![None; after.len()], is_taken: vec![false; before.len()] };
    for (i, (old, new)) in before.iter().zip(after).enumerate() {
        if old.source() == new.source() {
            pairs.take(i, i);
        }
    }
    let mut equal: HashMap<&str, Vec<usize>> = HashMap::new();
    for i in pairs.free_old().into_iter().rev() {
        equal.entry(before.get(i).map_or("", |b| b.source())).or_default().push(i);
    }
    for i in pairs.free_new() {
        let old = after.get(i).and_then(|a| equal.get_mut(a.source())?.pop());
        if let Some(old) = old {
            pairs.take(old, i);
        }
    }
    drop(equal);
    for (old, new) in match_by_key(before, after, &pairs) {
        pairs.take(old, new);
    }
    for (old, new) in match_by_similarity(before, after, &pairs) {
        pairs.take(old, new);
    }
    if before.len() == after.len() {
        for i in 0..before.len() {
            pairs.take(i, i);
        }
    }
    pairs.origins
}

struct Pairs {
    origins: Vec<Option<usize>>,
    is_taken: Vec<bool>,
}

impl Pairs {
    /// Pairs two items if both are free.
    fn take(&mut self, old: usize, new: usize) {
        if let (Some(origin @ None), Some(is_taken @ false)) =
            (self.origins.get_mut(new), self.is_taken.get_mut(old))
        {
            (*origin, *is_taken) = (Some(old), true);
        }
    }

    fn free_old(&self) -> Vec<usize> {
        (0..self.is_taken.len()).filter(|i| self.is_taken.get(*i) == Some(&false)).collect()
    }

    fn free_new(&self) -> Vec<usize> {
        (0..self.origins.len()).filter(|i| self.origins.get(*i) == Some(&None)).collect()
    }
}

/// The key of an item: its field and value.
type Name<'t> = (&'static str, &'t str);

/// Pairs free items with a unique key. A condition may change everything except its type.
fn match_by_key(
    before: &[Ref<'_, '_>],
    after: &[Ref<'_, '_>],
    pairs: &Pairs,
) -> Vec<(usize, usize)> {
    fn names<'t>(all: &[Ref<'t, '_>], free: Vec<usize>) -> HashMap<Name<'t>, Option<usize>> {
        let mut names = HashMap::new();
        for i in free {
            let element = all.get(i);
            let name = NAMES.iter().find_map(|key| Some((*key, element?.get(key)?.as_str()?)));
            if let Some(name) = name {
                names.entry(name).and_modify(|only| *only = None).or_insert(Some(i));
            }
        }
        names
    }
    let old = names(before, pairs.free_old());
    let new = names(after, pairs.free_new());
    let pair = |(name, i): (Name<'_>, Option<usize>)| Some(((*old.get(&name)?)?, i?));
    new.into_iter().filter_map(pair).collect()
}

/// The fields that identify an item of a sequence: owner references, conditions, servers.
const NAMES: [&str; 3] = ["uid", "type", "name"];

/// A value of more items than this does not identify any.
const COMMON: usize = 8;

/// Pairs free items that have more than half in common, most similar first.
fn match_by_similarity(
    before: &[Ref<'_, '_>],
    after: &[Ref<'_, '_>],
    pairs: &Pairs,
) -> Vec<(usize, usize)> {
    let values_of = |all: &[Ref<'_, '_>], free: Vec<usize>| -> Vec<(usize, Vec<u64>)> {
        free.into_iter().filter_map(|i| Some((i, values(*all.get(i)?)))).collect()
    };
    let old = values_of(before, pairs.free_old());
    let new = values_of(after, pairs.free_new());
    let mut having: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, (_, values)) in old.iter().enumerate() {
        for value in values {
            having.entry(*value).or_default().push(at);
        }
    }
    let mut found = Vec::new();
    for (i, values) in &new {
        let rare = values.iter().filter_map(|value| having.get(value));
        let mut candidates: Vec<usize> =
            rare.filter(|at| at.len() <= COMMON).flatten().copied().collect();
        // Items that share no rare value are similar only at the same index.
        candidates.extend(old.binary_search_by_key(i, |(old, _)| *old).ok());
        candidates.sort_unstable();
        candidates.dedup();
        for (old, old_values) in candidates.into_iter().filter_map(|at| old.get(at)) {
            // With this difference in size they have less than half in common.
            if 3 * old_values.len().min(values.len()) < old_values.len().max(values.len()) {
                continue;
            }
            let common = common(old_values, values);
            if 4 * common > old_values.len() + values.len() {
                // In parts per million, to sort by it.
                let score = 2_000_000 * common / (old_values.len() + values.len());
                found.push((std::cmp::Reverse(score), old.abs_diff(*i), *old, *i));
            }
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(_, _, old, new)| (old, new)).collect()
}

/// The values in an item, each with its path, sorted.
fn values(element: Ref<'_, '_>) -> Vec<u64> {
    fn collect(node: Ref<'_, '_>, way: u64, values: &mut Vec<u64>) {
        let below = |key: &str| {
            let mut hasher = DefaultHasher::new();
            (way, key).hash(&mut hasher);
            hasher.finish()
        };
        match node.kind() {
            Kind::Sequence => node.items().for_each(|item| collect(item, below("[]"), values)),
            Kind::Mapping => {
                node.entries().for_each(|(key, value)| collect(value, below(key.text()), values));
            }
            _ => values.push(below(node.source())),
        }
    }
    let mut values = Vec::new();
    // The encoder's output is as deep as the schema.
    collect(element, 0, &mut values);
    values.sort_unstable();
    values
}

/// The number of values that two sorted lists share.
fn common(a: &[u64], b: &[u64]) -> usize {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut count = 0;
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                count += 1;
                a.next();
                b.next();
            }
        }
    }
    count
}
