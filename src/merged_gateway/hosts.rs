//! Host names as istiod and Envoy compare them. Source: istiod's `host.Name` and `host.Names`.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Bound,
};

use crate::sort;

/// Names, found by those that they overlap.
pub(super) struct Names<'a> {
    exact: HashSet<&'a str>,
    has_wildcards: bool,
    /// With their characters in reverse, so that those below a wildcard are neighbours.
    reversed: Vec<(String, &'a str)>,
}

impl<'a> Names<'a> {
    pub(super) fn new(names: &[&'a str]) -> Self {
        let mut reversed: Vec<_> = names.iter().map(|name| (reverse(name), *name)).collect();
        sort::sort_and_dedup(&mut reversed);
        let has_wildcards = names.iter().any(|name| name.starts_with('*'));
        Self { exact: names.iter().copied().collect(), has_wildcards, reversed }
    }

    /// The names that this one and one of these match: of each pair that overlaps, the narrower one.
    pub(super) fn intersection<'n>(&self, name: &'n str) -> Vec<&'n str>
    where
        'a: 'n,
    {
        let mut result = Vec::new();
        if self.exact.contains(name) || self.wildcards_above(name) {
            result.push(name);
        }
        if let Some(suffix) = suffix(name) {
            result.extend(self.below(suffix).filter(|below| *below != name));
        }
        result
    }

    pub(super) fn overlap(&self, name: &str) -> bool {
        self.exact.contains(name)
            || self.wildcards_above(name)
            || suffix(name).is_some_and(|suffix| self.below(suffix).next().is_some())
    }

    /// Those that end with it.
    fn below(&self, suffix: &str) -> impl Iterator<Item = &'a str> {
        let prefix = reverse(suffix);
        let start = self.reversed.partition_point(|(reversed, _)| *reversed < prefix);
        let below = self.reversed.iter().skip(start);
        below.take_while(move |(reversed, _)| reversed.starts_with(&prefix)).map(|(_, name)| *name)
    }

    /// Whether a wildcard of these, other than the name itself, matches all that the name does.
    fn wildcards_above(&self, name: &str) -> bool {
        let rest = suffix(name).unwrap_or(name);
        let starts = rest.char_indices().map(|(start, _)| start).chain([rest.len()]);
        self.has_wildcards
            && first_wildcard(rest, starts, |wildcard| {
                (wildcard != name && self.exact.contains(wildcard)).then_some(())
            })
            .is_some()
    }
}

/// The domain whose virtual host Envoy chooses for a host: the exact one, else the longest wildcard.
pub(super) fn best<'a, V>(domains: &'a BTreeMap<String, V>, host: &str) -> Option<&'a str> {
    if let Some((exact, _)) = domains.get_key_value(host) {
        return Some(exact);
    }
    // Wildcards are neighbours. Most gateways have none.
    let wildcards = (Bound::Included("*"), Bound::Excluded("+"));
    domains.range::<str, _>(wildcards).next()?;
    // A wildcard stands for one character at least.
    let starts = host.char_indices().map(|(start, _)| start).skip(1).chain([host.len()]);
    first_wildcard(host, starts, |wildcard| Some(domains.get_key_value(wildcard)?.0.as_str()))
}

/// The maximum length of a host name, as istiod validates it: no wildcard is longer.
pub(super) const LONGEST: usize = 255;

/// What is found first for the wildcards that end with the name from one of these indexes.
fn first_wildcard<T>(
    name: &str,
    mut starts: impl Iterator<Item = usize>,
    find: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let mut wildcard = String::new();
    starts.find_map(|start| {
        if name.len() - start > LONGEST {
            return None;
        }
        wildcard.clear();
        wildcard.push('*');
        wildcard.push_str(name.get(start..)?);
        find(&wildcard)
    })
}

/// The hosts of servers, without the namespaces before them.
#[cfg(feature = "validate")]
pub(crate) struct HostNames<'a>(Names<'a>);

#[cfg(feature = "validate")]
impl<'a> HostNames<'a> {
    pub(crate) fn new(hosts: &[&'a str]) -> Self {
        Self(Names::new(hosts))
    }

    /// Whether one of them and the name match the same host.
    pub(crate) fn overlap(&self, name: &str) -> bool {
        self.0.overlap(name)
    }
}

/// The wildcards that match all that the domain does, the narrowest first: of whole labels, or also of parts
/// of a label.
pub(super) fn wildcards_above(domain: &str, has_partial: bool) -> impl Iterator<Item = String> {
    let suffix = suffix(domain).unwrap_or(domain);
    let starts = suffix.match_indices(move |one| one == '.' || has_partial);
    let starts = starts.map(|(start, _)| start).chain([suffix.len()]);
    let starts = starts.filter(|start| suffix.len() - start <= LONGEST);
    let wildcards = starts.map(|start| format!("*{}", suffix.get(start..).unwrap_or_default()));
    wildcards.filter(move |wildcard| wildcard != domain)
}

/// Whether it is a wildcard for a part of a label. Hosts of VirtualServices may be such.
pub(super) fn is_partial(domain: &str) -> bool {
    suffix(domain).is_some_and(|suffix| !suffix.is_empty() && !suffix.starts_with('.'))
}

pub(super) fn reverse(name: &str) -> String {
    name.chars().rev().collect()
}

/// What follows the asterisk of a wildcard.
fn suffix(name: &str) -> Option<&str> {
    name.strip_prefix('*')
}
