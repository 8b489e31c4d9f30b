//! Sorting with one sort for all types. The standard library's is compiled anew for each type of element and each
//! comparison, and is then most of the code of what sorts.
#![cfg_attr(
    not(any(feature = "envoy", feature = "validate", feature = "gateway-api")),
    expect(dead_code, reason = "the features sort more")
)]

use std::cmp::Ordering;

/// Sorts; equal items keep their order.
pub(crate) fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let order = order(items.len(), &|one, other| match (items.get(one), items.get(other)) {
        (Some(one), Some(other)) => compare(one, other),
        _ => Ordering::Equal,
    });
    rearrange(items, order);
}

/// Sorts by a key; items with equal keys keep their order.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |one, other| key(one).cmp(&key(other)));
}

/// Sorts by a key that is made once for each item; items with equal keys keep their order.
pub(crate) fn sort_by_cached_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    let keys: Vec<K> = items.iter().map(key).collect();
    let order = order(keys.len(), &|one, other| keys.get(one).cmp(&keys.get(other)));
    rearrange(items, order);
}

/// Sorts.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// Sorts, and keeps one of equal items.
pub(crate) fn sort_and_dedup<T: Ord>(items: &mut Vec<T>) {
    sort(items);
    items.dedup();
}

/// The indexes of items in their order. Equal items keep theirs.
pub(crate) fn order(items: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items).collect();
    if items > 1 {
        order.sort_by(|one, other| compare(*one, *other));
    }
    order
}

/// Moves each item to its place.
fn rearrange<T>(items: &mut [T], mut order: Vec<usize>) {
    for start in 0..items.len() {
        // A cycle of places, each of which gets the item of the next one.
        let mut place = start;
        while let Some(from) = order.get_mut(place) {
            let from = std::mem::replace(from, place);
            if from == start {
                break;
            }
            items.swap(place, from);
            place = from;
        }
    }
}
