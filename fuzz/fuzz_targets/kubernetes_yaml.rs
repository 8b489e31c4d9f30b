//! A text, edits of it, and the written text: it has the requested values, and the other lines stay.
//!
//! The input is the number of bytes that select edits, these bytes, and the text.

#![no_main]

use std::collections::BTreeMap;

use kubernetes_yaml::{Edit, Position, Ref, Step, Tree, is_blank, patch, write_json, write_yaml};
use libfuzzer_sys::fuzz_target;

/// New values.
const VALUES: [&str; 12] = [
    "1",
    "-0.5",
    "true",
    "null",
    "\"\"",
    "\"no\"",
    "\"a b # c\"",
    "\"x\\ny\\n\"",
    "[]",
    "{}",
    "[1,[\"- a\",{}]]",
    "{\"a: b\":{\"<<\":\"*a\"}}",
];
const KEYS: [&str; 6] = ["a", "spec", "<<", "1", "yes", "a: #b"];

fuzz_target!(|data: &[u8]| {
    let Some((&count, rest)) = data.split_first() else { return };
    let Some((choices, text)) = rest.split_at_checked(usize::from(count % 32)) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    documents(text);

    let mut text = text.to_owned();
    let mut choices = choices.iter().map(|&choice| usize::from(choice));
    while let (Some(edit), Some(at)) = (choices.next(), choices.next()) {
        let Ok(tree) = Tree::from_yaml(&text) else { return };
        let Some(changed) = change(&text, &tree, edit, at) else { return };
        text = changed;
    }
});

/// Reads every document: none is lost, and positions are within the text.
fn documents(text: &str) {
    let mut rest = text;
    for _ in 0..50 {
        let tree = match Tree::from_yaml(rest) {
            Ok(tree) => tree,
            Err(error) => {
                assert!(
                    error.position().is_none_or(|position| is_within(position, rest)),
                    "{error}"
                );
                return;
            }
        };
        let root = tree.root();
        let json = root.to_json();
        for node in nodes(root) {
            assert!(node.position().is_none_or(|position| is_within(position, rest)));
            assert!(rest.get(node.span()).is_some(), "{:?} divides a character", node.span());
        }
        let again = Tree::from_checked_json(&json).expect("it was written here");
        assert_eq!(again.root().to_json(), json);
        let mut yaml = String::new();
        write_yaml(&Edit::Kept(root), &mut yaml);
        assert_eq!(json_of(&yaml), json, "{yaml}");

        let (document, after) = tree.split(rest);
        assert_eq!(document.len() + after.len(), rest.len());
        if is_blank(after) || after.len() == rest.len() {
            return;
        }
        rest = after;
    }
}

/// The text after an edit, in place or written anew.
fn change(text: &str, tree: &Tree<'_>, edit: usize, at: usize) -> Option<String> {
    let (path, old) = path(tree.root(), at);
    let json = VALUES[edit / 4 % VALUES.len()];
    let value = Tree::from_checked_json(json).expect("it is short");
    let (edit, line) = match edit % 4 {
        0 => (Edit::remove(tree.root(), &path), None),
        1 => {
            let path: Vec<_> = path.into_iter().chain([Step::Key(KEYS[at % KEYS.len()])]).collect();
            (Edit::set(tree.root(), &path, value.root())?, None)
        }
        _ => {
            let is_scalar =
                |node: Ref<'_, '_>| !node.is_mapping() && !node.is_sequence() && !node.is_alias();
            let is_line = is_scalar(old) && is_scalar(value.root()) && !path.is_empty();
            (Edit::set(tree.root(), &path, value.root())?, is_line.then(|| old.span()))
        }
    };
    let mut want = String::new();
    write_json(&edit, &mut want);
    if let Ok(patched) = patch(text, &edit) {
        assert_values(&patched, &want);
        // Tags and anchors may stand on earlier lines, and so may the key of a value that is not written.
        if let Some(span) =
            line.filter(|span| !span.is_empty() && !text.contains(['!', '&', '*', '|', '>']))
        {
            let before = &text[..text[..span.start].rfind(['\n', '\r']).map_or(0, |at| at + 1)];
            let after = text[span.end..].find(['\n', '\r']).map_or("", |at| &text[span.end + at..]);
            assert!(patched.starts_with(before) && patched.ends_with(after), "{text}\n{patched}");
        }
        return Some(patched);
    }
    let mut yaml = String::new();
    write_yaml(&edit, &mut yaml);
    assert_values(&yaml, &want);
    Some(yaml)
}

/// A value and the path to it.
fn path<'t>(root: Ref<'t, 't>, choice: usize) -> (Vec<Step<'t>>, Ref<'t, 't>) {
    let (mut path, mut node, mut rest) = (Vec::new(), root, choice);
    for _ in 0..8 {
        let children: Vec<_> = if node.is_mapping() {
            let entries = node.distinct_entries().into_iter();
            entries.map(|(key, value)| (Step::Key(key.text()), value)).collect()
        } else {
            node.items().take(200).enumerate().map(|(i, item)| (Step::Index(i), item)).collect()
        };
        let Some((step, child)) = children.get(rest % (children.len() + 1)) else { break };
        path.push(*step);
        (node, rest) = (*child, rest / 2);
    }
    (path, node)
}

/// The first nodes, as they are written.
fn nodes<'t>(root: Ref<'t, 't>) -> impl Iterator<Item = Ref<'t, 't>> {
    let mut open = vec![root];
    std::iter::from_fn(move || {
        let node = open.pop()?;
        if !node.is_alias() {
            open.extend(node.inner());
        }
        Some(node)
    })
    .take(1000)
}

/// A text has the values of a JSON text, in its order. With merge keys any order will do: a merged key
/// gets its own line, after the others, when its value is edited.
fn assert_values(yaml: &str, want: &str) {
    let json = json_of(yaml);
    if json != want {
        let [json, want] =
            [&json, want].map(|json| Tree::from_checked_json(json).expect("written here"));
        let is_same = yaml.contains("<<") && has_values(json.root(), want.root());
        assert!(
            is_same,
            "{yaml}\nis:   {}\nwant: {}",
            json.root().to_json(),
            want.root().to_json()
        );
    }
}

/// Whether two values are equal but for the order of keys.
fn has_values(a: Ref<'_, '_>, b: Ref<'_, '_>) -> bool {
    if a.is_mapping() && b.is_mapping() {
        let (a, b) = (sorted(a), sorted(b));
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && has_values(*a.1, *b.1))
    } else if a.is_sequence() && b.is_sequence() {
        a.items().count() == b.items().count()
            && a.items().zip(b.items()).all(|(a, b)| has_values(a, b))
    } else {
        a.to_json() == b.to_json()
    }
}

fn sorted<'t>(node: Ref<'t, 't>) -> BTreeMap<&'t str, Ref<'t, 't>> {
    node.entries().map(|(key, value)| (key.text(), value)).collect()
}

fn json_of(yaml: &str) -> String {
    Tree::from_yaml(yaml).expect("it was written here").root().to_json()
}

fn is_within(position: Position, text: &str) -> bool {
    const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    let lines = text.matches(BREAKS).count() + 1;
    position.line >= 1 && position.column >= 1 && position.line <= lines + 1
}
