//! A document's text with changes made in place: comments, quotes and layout stay where nothing is
//! changed.
//!
//! Positions are the scanner's, and YAML has many ways to write a thing. So this does the usual
//! ones and proves each result: what is patched is read again and must say what it is to say. If it
//! does not, or something unusual is in the way (an alias, a merge key, a duplicate), there is no
//! patch, and the document is written anew.

use std::ops::Range;

use super::write;
use crate::tree::{Edit, Kind, Ref, Tree, write_json};

/// The text with the changes, or nothing where they cannot be made in place.
pub(crate) fn patch(text: &str, edit: &Edit<'_>) -> Option<String> {
    let mut changes = Vec::new();
    Patch { text }.changes(edit, &mut changes)?;
    let patched = apply(text, 0..text.len(), changes)?;
    let tree = Tree::from_yaml(&patched).ok()?;
    let (mut want, mut got) = (String::new(), String::new());
    write_json(edit, &mut want);
    write_json(&Edit::Kept(tree.root()), &mut got);
    // Mostly the order is the same, too.
    let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).ok();
    (want == got || value(&want)? == value(&got)?).then_some(patched)
}

/// What replaces a range of the text.
type Change = (Range<usize>, String);

/// A range of the text with the changes within it.
fn apply(text: &str, range: Range<usize>, mut changes: Vec<Change>) -> Option<String> {
    // Stable: of two insertions at one place the inner one was found first.
    changes.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(range.len());
    let mut at = range.start;
    for (change, new) in changes {
        out.push_str(text.get(at..change.start)?);
        out.push_str(&new);
        at = change.end;
    }
    out.push_str(text.get(at..range.end)?);
    Some(out)
}

struct Patch<'t> {
    text: &'t str,
}

impl Patch<'_> {
    /// Collects the changes that make of a collection what it is to be.
    fn changes(&self, edit: &Edit<'_>, changes: &mut Vec<Change>) -> Option<()> {
        match edit {
            Edit::Kept(_) => Some(()),
            Edit::Map { origin, entries } => self.map((*origin)?, edit, entries, changes),
            Edit::List { origin, items } => self.list((*origin)?, edit, items, changes),
        }
    }

    fn map(
        &self,
        map: Ref<'_, '_>,
        edit: &Edit<'_>,
        entries: &[(&str, Edit<'_>)],
        changes: &mut Vec<Change>,
    ) -> Option<()> {
        if map.is_alias() || *map.kind() != Kind::Map {
            return None;
        }
        let old: Vec<_> = map.entries().collect();
        let is_distinct = old.len() == map.distinct_entries().len();
        let (first, last) = (old.first()?.0, old.last()?);
        if !is_distinct {
            return None;
        }
        let new_of = |key: &str| entries.iter().find(|(name, _)| *name == key).map(|(_, new)| new);
        let added: Vec<_> = entries
            .iter()
            .filter(|(name, _)| !old.iter().any(|(key, _)| key.text() == *name))
            .collect();
        let kept = old.iter().filter(|(key, _)| new_of(key.text()).is_some()).count();
        if self.is_flow(map) && (!added.is_empty() || kept < old.len()) {
            changes.push((map.span(), write::flow(edit)));
            return Some(());
        }
        if kept == 0 && added.is_empty() {
            changes.push((map.span().start..self.end(map), "{}".to_owned()));
            return Some(());
        }
        for (i, (key, value)) in old.iter().enumerate() {
            match new_of(key.text()) {
                Some(new) => self.value(*key, *value, new, changes)?,
                None => self.remove(*key, *value, old.get(i + 1).map(|next| next.0), changes)?,
            }
        }
        let indent = self.column(first.span().start);
        let at = self.line_end(self.end(last.1).max(last.0.span().end));
        for (name, new) in added {
            changes.push((at..at, self.lines(at, &write::entry(name, new), indent, "")));
        }
        Some(())
    }

    /// The value behind a key that stays.
    fn value(
        &self,
        key: Ref<'_, '_>,
        old: Ref<'_, '_>,
        new: &Edit<'_>,
        changes: &mut Vec<Change>,
    ) -> Option<()> {
        match new {
            Edit::Kept(node) if node.is_same(old) => return Some(()),
            Edit::List { items, .. } if items.is_empty() => {}
            Edit::Map { origin: Some(origin), .. } | Edit::List { origin: Some(origin), .. }
                if origin.is_same(old) =>
            {
                return self.changes(new, changes);
            }
            _ => {}
        }
        let inline = write::flow(new);
        let is_block = !self.is_flow(old) && (old.is_map() || old.is_list());
        if is_block || old.span().is_empty() {
            // Behind the key's colon, in place of all that stood below it.
            let behind = self.text.get(key.span().end..)?;
            let colon = key.span().end + behind.find(':')?;
            let end = if is_block { self.end(old) } else { colon + 1 };
            changes.push((colon + 1..end, format!(" {inline}")));
        } else {
            let start = old.span().start;
            changes.push((start..self.end(old), inline));
        }
        Some(())
    }

    fn remove(
        &self,
        key: Ref<'_, '_>,
        value: Ref<'_, '_>,
        next: Option<Ref<'_, '_>>,
        changes: &mut Vec<Change>,
    ) -> Option<()> {
        let start = key.span().start;
        let line = self.line_start(start);
        if self.text.get(line..start)?.trim().is_empty() {
            changes.push((line..self.line_end(self.end(value).max(key.span().end)), String::new()));
        } else {
            // Behind a dash: the next key takes its place.
            changes.push((start..next?.span().start, String::new()));
        }
        Some(())
    }

    fn list(
        &self,
        list: Ref<'_, '_>,
        edit: &Edit<'_>,
        items: &[Edit<'_>],
        changes: &mut Vec<Change>,
    ) -> Option<()> {
        if list.is_alias() {
            return None;
        }
        let old: Vec<_> = list.items().collect();
        let origin = |item: &Edit<'_>| {
            let node = match item {
                Edit::Kept(node) => *node,
                Edit::Map { origin, .. } | Edit::List { origin, .. } => (*origin)?,
            };
            old.iter().position(|old| node.is_same(*old))
        };
        let origins: Vec<_> = items.iter().map(origin).collect();
        if origins.iter().copied().eq((0..old.len()).map(Some)) {
            // Nothing was added, removed or moved.
            return items.iter().try_for_each(|item| self.changes(item, changes));
        }
        if self.is_flow(list) {
            changes.push((list.span(), write::flow(edit)));
            return Some(());
        }
        let (ranges, indent) = self.item_lines(&old)?;
        let whole = ranges.first()?.start..ranges.last()?.end;
        let mut lines = String::new();
        for (item, origin) in items.iter().zip(origins) {
            if let Some(range) = origin.and_then(|i| ranges.get(i)) {
                let mut within = Vec::new();
                self.changes(item, &mut within)?;
                lines.push_str(&apply(self.text, range.clone(), within)?);
                if !lines.ends_with('\n') {
                    lines.push('\n');
                }
            } else {
                lines.push_str(&self.lines(0, &write::block(item), indent, "- "));
            }
        }
        changes.push((whole, lines));
        Some(())
    }

    /// The lines of each item of a block list, comments above it included, and the column of the
    /// dashes.
    fn item_lines(&self, items: &[Ref<'_, '_>]) -> Option<(Vec<Range<usize>>, usize)> {
        let mut start = self.line_start(items.first()?.span().start);
        let line = self.text.get(start..)?;
        let column = line.len() - line.trim_start_matches(' ').len();
        if !line.get(column..)?.starts_with("- ") {
            return None;
        }
        let ranges = items.iter().map(|item| {
            let end = self.line_end(self.end(*item).max(start));
            let range = start..end;
            start = end;
            range
        });
        let ranges: Vec<_> = ranges.collect();
        // Two items on one line are no block list as we know it.
        let is_sound = ranges.iter().all(|range| !range.is_empty());
        is_sound.then_some((ranges, column))
    }

    /// A block of lines at a column, the first behind `mark`, to stand at the beginning of a line.
    fn lines(&self, at: usize, block: &str, column: usize, mark: &str) -> String {
        let mut out = String::new();
        if at > 0 && !self.text.get(..at).is_some_and(|before| before.ends_with('\n')) {
            out.push('\n');
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
            out.push('\n');
        }
        out
    }

    fn is_flow(&self, node: Ref<'_, '_>) -> bool {
        let text = self.text.get(node.span()).unwrap_or_default();
        (node.is_map() || node.is_list()) && text.starts_with(['{', '['])
    }

    /// Where a node's own text ends. A block collection ends with its last child: the scanner sees
    /// its end only at the next token.
    fn end(&self, node: Ref<'_, '_>) -> usize {
        let mut node = node;
        while !self.is_flow(node) {
            match node.inner().last() {
                Some(last) if !node.is_alias() => node = last,
                _ => break,
            }
        }
        let text = self.text.get(node.span()).unwrap_or_default();
        node.span().start + text.trim_end().len()
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |i| i + 1)
    }

    /// The end of the line that a byte is on, its line feed included.
    fn line_end(&self, at: usize) -> usize {
        let behind = self.text.get(at..).and_then(|rest| rest.find('\n'));
        behind.map_or(self.text.len(), |i| at + i + 1)
    }

    fn column(&self, at: usize) -> usize {
        let line = self.line_start(at);
        self.text.get(line..at).map_or(0, |before| before.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Manifest, Server, ServerTlsSettings};

    const TEXT: &str = "\
# The edge.
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge} # named so
spec:
  selector:
    istio: ingress # the pods
  servers:
  # first
  - name: a # a name
    hosts:
    - 'a.example.com' # of A
    - b.example.com
    tls: {mode: SIMPLE, credentialName: c}   # flow
    new: 1
  # second
  - hosts: [x, w]
    port:
      number: 0x1bb # 443
      name: \"https\"
# end
";

    #[track_caller]
    fn edits(edit: impl FnOnce(&mut crate::Gateway), changes: &[(&str, &str)]) {
        let mut manifest = Manifest::parse(TEXT).unwrap();
        edit(manifest.spec_mut());
        let want = changes.iter().fold(TEXT.to_owned(), |text, (old, new)| {
            assert!(text.contains(old), "{old}");
            text.replacen(old, new, 1)
        });
        assert_eq!(manifest.to_yaml(), want);
        assert_eq!(Manifest::parse(&want).unwrap().spec(), manifest.spec());
    }

    #[test]
    fn a_scalar_is_replaced_where_it_stands() {
        edits(|g| g.servers[0].name = "yes".into(), &[("name: a #", "name: \"yes\" #")]);
        edits(|g| g.servers[1].port.as_mut().unwrap().number = 8443, &[("0x1bb", "8443")]);
        edits(
            |g| g.servers[0].tls.as_mut().unwrap().credential_name = "d".into(),
            &[("credentialName: c", "credentialName: d")],
        );
        edits(
            |g| drop(g.selector.insert("istio".into(), "egress".into())),
            &[("istio: ingress", "istio: egress")],
        );
    }

    #[test]
    fn a_field_is_added_behind_the_others() {
        edits(
            |g| g.servers[0].bind = "::".into(),
            &[("    new: 1\n", "    new: 1\n    bind: \"::\"\n")],
        );
        edits(
            |g| drop(g.selector.insert("app".into(), "x".into())),
            &[("# the pods\n", "# the pods\n    app: x\n")],
        );
        edits(
            |g| g.servers[1].tls = Some(ServerTlsSettings::simple("e")),
            &[(
                "\"https\"\n",
                "\"https\"\n    tls:\n      mode: SIMPLE\n      credentialName: e\n",
            )],
        );
        edits(
            |g| g.servers[0].tls.as_mut().unwrap().insecure_skip_verify = Some(true),
            &[(
                "{mode: SIMPLE, credentialName: c}",
                "{mode: SIMPLE, credentialName: c, insecureSkipVerify: true}",
            )],
        );
    }

    #[test]
    fn a_field_is_removed_with_its_line() {
        edits(|g| g.servers[0].name.clear(), &[("name: a # a name\n    ", "")]);
        edits(
            |g| g.servers[1].port.as_mut().unwrap().name.clear(),
            &[("      name: \"https\"\n", "")],
        );
        edits(
            |g| g.servers[0].tls = None,
            &[("    tls: {mode: SIMPLE, credentialName: c}   # flow\n", "")],
        );
        edits(
            |g| g.servers[0].hosts.clear(),
            &[("    hosts:\n    - 'a.example.com' # of A\n    - b.example.com\n", "")],
        );
    }

    #[test]
    fn items_move_with_their_comments() {
        let (first, second) = TEXT.split_once("  # second\n").unwrap();
        let (head, first) = first.split_once("  - name: a").unwrap();
        let head = head.strip_suffix("  # first\n").unwrap();
        let second = second.strip_suffix("# end\n").unwrap();
        let mut manifest = Manifest::parse(TEXT).unwrap();
        manifest.spec_mut().servers.swap(0, 1);
        assert_eq!(
            manifest.to_yaml(),
            format!("{head}  # first\n  # second\n{second}  - name: a{first}# end\n"),
        );
        edits(
            |g| g.servers.insert(1, Server { name: "n".into(), ..Default::default() }),
            &[("  # second\n", "  - name: \"n\"\n  # second\n")],
        );
        edits(|g| drop(g.servers[0].hosts.remove(0)), &[("    - 'a.example.com' # of A\n", "")]);
        edits(
            |g| g.servers[0].hosts.push("c".into()),
            &[("    - b.example.com\n", "    - b.example.com\n    - c\n")],
        );
        edits(|g| g.servers[1].hosts.push("z".into()), &[("[x, w]", "[x, w, z]")]);
    }

    #[test]
    fn what_cannot_be_patched_is_written_anew() {
        let text = "x: &a {mode: SIMPLE}\nspec: {servers: [{tls: *a}, {tls: *a}]} # c\n";
        let mut manifest = Manifest::parse(text).unwrap();
        manifest.spec_mut().servers[0].tls.as_mut().unwrap().mode = 2;
        let yaml = manifest.to_yaml();
        assert_eq!(Manifest::parse(&yaml).unwrap().spec(), manifest.spec());
        assert!(!yaml.contains('#'));
    }
}
