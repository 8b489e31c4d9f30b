//! The curves (groups) for the key exchange that Envoy accepts.

use std::collections::HashSet;

use crate::diagnostic::nearest;

/// A group with its names; the first one is displayed.
struct Group {
    names: &'static [&'static str],
    is_post_quantum: bool,
}

const fn group(names: &'static [&'static str]) -> Group {
    Group { names, is_post_quantum: false }
}

const fn post_quantum(names: &'static [&'static str]) -> Group {
    Group { names, is_post_quantum: true }
}

/// The groups of Envoy 1.40.0, which `conformance/handshake` verifies. Istio's own
/// `security.ValidECDHCurves` also has P-224 and `X25519Kyber768Draft00`, which Envoy rejects.
const GROUPS: [Group; 6] = [
    group(&["X25519", "x25519"]),
    group(&["P-256", "prime256v1"]),
    group(&["P-384", "secp384r1"]),
    group(&["P-521", "secp521r1"]),
    post_quantum(&["X25519MLKEM768"]),
    post_quantum(&["MLKEM1024"]),
];

/// Other names for these groups, and removed groups.
const FOREIGN: [(&str, &str); 5] = [
    ("secp256r1", "P-256"),
    ("P-224", "P-256"),
    ("curve25519", "X25519"),
    ("X25519Kyber768Draft00", "X25519MLKEM768"),
    ("MLKEM768", "X25519MLKEM768"),
];

/// The error of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CurveError<'a> {
    Unknown(&'a str),
    Duplicate(&'a str),
}

/// The entries for which Envoy rejects the server's secrets.
/// Envoy joins the entries with colons, so an entry may contain several names, and a single empty entry
/// is an empty list.
pub(crate) fn errors(curves: &[String]) -> impl Iterator<Item = (usize, CurveError<'_>)> {
    let is_empty = matches!(curves, [only] if only.is_empty());
    let curves = if is_empty { &[] } else { curves };
    let mut seen = HashSet::new();
    curves.iter().enumerate().filter_map(move |(index, entry)| {
        entry.split(':').find_map(|name| match position(name) {
            None => Some((index, CurveError::Unknown(name))),
            Some(group) => (!seen.insert(group)).then_some((index, CurveError::Duplicate(name))),
        })
    })
}

/// Whether each name is a post-quantum group, which needs TLS 1.3.
pub(crate) fn are_post_quantum(entry: &str) -> impl Iterator<Item = bool> {
    entry.split(':').map(|name| {
        let group = position(name).and_then(|index| GROUPS.get(index));
        group.is_some_and(|group| group.is_post_quantum)
    })
}

/// The name known to Envoy that is most similar to `name`.
pub(crate) fn suggestion(name: &str) -> Option<&'static str> {
    let known = GROUPS.map(|group| group.names).concat();
    let foreign = FOREIGN.iter().find(|(foreign, _)| foreign.eq_ignore_ascii_case(name));
    foreign.map(|(_, known)| *known).or_else(|| nearest(name, known))
}

fn position(name: &str) -> Option<usize> {
    GROUPS.iter().position(|group| group.names.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors_of<'a>(curves: &'a [String]) -> Vec<(usize, CurveError<'a>)> {
        errors(curves).collect()
    }

    #[test]
    fn names_are_envoys() {
        let list = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
        assert_eq!(errors_of(&list(&["X25519MLKEM768", "X25519", "P-256:secp384r1"])), []);
        assert_eq!(errors_of(&list(&[""])), []);
        assert_eq!(errors_of(&list(&["", "P-256"])), [(0, CurveError::Unknown(""))]);
        assert_eq!(
            errors_of(&list(&["X25519", "P-224", "x25519"])),
            [(1, CurveError::Unknown("P-224")), (2, CurveError::Duplicate("x25519"))]
        );
    }

    #[test]
    fn a_suggestion_is_a_name_of_envoys() {
        for (name, want) in [
            ("P256", Some("P-256")),
            ("secp256r1", Some("P-256")),
            ("P-224", Some("P-256")),
            ("x25519mlkem768", Some("X25519MLKEM768")),
            ("X25518", Some("X25519")),
            ("ffdhe2048", None),
        ] {
            assert_eq!(suggestion(name), want, "{name}");
        }
    }
}
