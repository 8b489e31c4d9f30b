//! Sorting with one sort for all types. The standard library's is compiled anew for each type of element and each
//! comparison, and is then most of the code of what sorts.

use std::cmp::Ordering;

/// Sorts; equal items keep their order.
pub(crate) fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    if items.len() < 2 {
        return;
    }
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
#[cfg(any(feature = "validate", feature = "gateway-api"))]
pub(crate) fn sort_by_cached_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    let keys: Vec<K> = items.iter().map(key).collect();
    let order = order(keys.len(), &|one, other| keys.get(one).cmp(&keys.get(other)));
    rearrange(items, order);
}

/// Sorts.
#[cfg(any(feature = "envoy", feature = "validate", feature = "gateway-api", feature = "x509"))]
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// Sorts, and keeps one of equal items.
#[cfg(any(feature = "envoy", feature = "validate", feature = "gateway-api"))]
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

/// Moves each item to where the order has it.
fn rearrange<T>(items: &mut [T], mut order: Vec<usize>) {
    for start in 0..items.len() {
        // A cycle of positions, each of which gets the item of the next one.
        let mut to = start;
        while let Some(from) = order.get_mut(to) {
            let from = std::mem::replace(from, to);
            if from == start {
                break;
            }
            items.swap(to, from);
            to = from;
        }
    }
}

#[cfg(all(test, any(feature = "validate", feature = "gateway-api")))]
mod tests {
    use super::*;

    /// Keys with many equal ones, and the position of each.
    fn items(len: usize, seed: u64) -> Vec<(u64, usize)> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % (len as u64 / 2 + 1)
        };
        (0..len).map(|position| (next(), position)).collect()
    }

    #[test]
    fn items_are_in_the_order_of_the_standard_librarys_sort() {
        for (len, seed) in (0..70).zip(1..).chain([(1000, 7), (5000, 11)]) {
            let unsorted = items(len, seed);
            let mut want = unsorted.clone();
            want.sort_by_key(|(key, _)| *key);
            let (mut by_key, mut cached, mut reversed) =
                (unsorted.clone(), unsorted.clone(), unsorted.clone());
            sort_by_key(&mut by_key, |(key, _)| *key);
            sort_by_cached_key(&mut cached, |(key, _)| key.to_string().len());
            sort_by(&mut reversed, |one, other| other.cmp(one));
            assert_eq!(by_key, want);
            want.reverse();
            want.sort_by(|one, other| other.cmp(one));
            assert_eq!(reversed, want);
            want.clone_from(&unsorted);
            want.sort_by_key(|(key, _)| key.to_string().len());
            assert_eq!(cached, want);
            let mut keys: Vec<u64> = unsorted.into_iter().map(|(key, _)| key).collect();
            let mut want = keys.clone();
            want.sort_unstable();
            want.dedup();
            sort_and_dedup(&mut keys);
            assert_eq!(keys, want);
        }
    }
}
