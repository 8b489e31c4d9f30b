//! The document as it was read, but for what is changed.

use std::fmt;

use super::{Manifest, Object, read::envelope};
use crate::{
    Gateway, json,
    lossless::edited,
    tree::{Edit, Ref, Tree, write_json},
    yaml::{patch, write_yaml},
};

impl Manifest {
    /// Writes the document as YAML. If it was YAML, it is as it was read, comments, quotes and
    /// layout included, but for what is changed; where a change cannot be made in place (what is
    /// changed is an alias, or comes from a merge key), it is written anew without them.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        self.write(|edit| match edit {
            Edit::Kept(_) if self.object.is_yaml => self.object.text.clone(),
            edit => {
                let text = Some(&self.object.text).filter(|_| self.object.is_yaml);
                text.and_then(|text| patch(text, edit)).unwrap_or_else(|| {
                    let mut yaml = String::new();
                    write_yaml(edit, &mut yaml);
                    yaml
                })
            }
        })
    }

    /// Writes the document with its changes as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.write(|edit| {
            let mut json = String::new();
            write_json(edit, &mut json);
            json
        })
    }

    /// What `read` makes of the document, if nothing in it is changed; else the document as it would
    /// be written.
    pub(crate) fn unchanged<R>(&self, read: impl FnOnce(&Tree<'_>) -> R) -> Result<R, Box<Object>> {
        let done = self.object.with_tree(|tree| {
            let is_kept = match envelope(tree.root(), "spec").pop() {
                Some((_, spec)) => edited(spec, &self.spec, |edit| matches!(edit, Edit::Kept(_))),
                None => Ok(self.spec == Gateway::default()),
            };
            is_kept.unwrap_or(false).then(|| read(tree))
        });
        // What is written is YAML, of a mapping.
        done.ok().flatten().ok_or_else(|| {
            Box::new(Object::parse(&self.to_yaml()).unwrap_or_else(|_| self.object.clone()))
        })
    }

    fn write<R: Default>(&self, write: impl FnOnce(&Edit<'_>) -> R) -> R {
        let written = self.object.with_tree(|tree| {
            let root = tree.root();
            let spec = envelope(root, "spec").pop();
            let Some((spec_key, spec)) = spec else {
                if self.spec == Gateway::default() {
                    return write(&Edit::Kept(root));
                }
                let text = json::to_string(&self.spec);
                // What the encoder wrote is JSON.
                let new = Tree::from_checked_json(&text).unwrap_or_default();
                let mut entries = kept(root);
                entries.push(("spec", Edit::Kept(new.root())));
                return write(&Edit::Map { origin: Some(root), entries });
            };
            edited(spec, &self.spec, |edit| match edit {
                Edit::Kept(_) => write(&Edit::Kept(root)),
                edit => {
                    let mut entries = kept(root);
                    let place = entries.iter_mut().find(|(key, _)| *key == spec_key.text());
                    if let Some((_, value)) = place {
                        *value = edit.clone();
                    }
                    write(&Edit::Map { origin: Some(root), entries })
                }
            })
            // A message can always be written.
            .unwrap_or_default()
        });
        // The text was read before, and is read again without an error.
        written.unwrap_or_default()
    }
}

/// As [`to_yaml`](Manifest::to_yaml).
impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_yaml())
    }
}

fn kept<'a>(root: Ref<'a, 'a>) -> Vec<(&'a str, Edit<'a>)> {
    root.distinct_entries().into_iter().map(|(k, v)| (k.text(), Edit::Kept(v))).collect()
}
