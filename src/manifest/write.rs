//! Writes the document with its changes.

use std::fmt;

use serde::{Serialize, Serializer, ser::Error as _};

use super::{
    Manifest, Object,
    read::{envelope, part, part_of},
};
use crate::{
    Gateway, json,
    lossless::edited_since,
    tree::{self, Edit, Ref, Tree, write_json, write_yaml},
    yaml::{RewriteReason, patch},
};

/// A document as YAML, and whether comments and layout were kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The document.
    pub text: String,
    /// The reason why comments and layout were lost; `None` if they were kept.
    pub rewritten: Option<RewriteReason>,
}

impl Manifest {
    /// Writes the document as YAML. Comments, quotes, layout and line breaks of a YAML document are
    /// kept except for the changes. [`write`](Self::write) reports whether that was possible.
    ///
    /// A comment moves with its owner. An item of a sequence owns the comment lines directly above it,
    /// the comment at its end, and those below it that are indented deeper.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        self.write().text
    }

    /// Writes the document like [`to_yaml`](Self::to_yaml), and reports whether its comments and layout
    /// were lost.
    ///
    /// ```
    /// use istio_gateway::{Manifest, RewriteReason};
    ///
    /// let mut manifest = Manifest::from_yaml("\
    /// x-tls: &tls {mode: SIMPLE, credentialName: edge}
    /// spec:
    ///   servers:
    ///   - name: a # the first
    ///     tls: {<<: *tls, mode: MUTUAL}
    /// ")?;
    /// manifest.spec_mut().servers[0].name = "b".into();
    /// let written = manifest.write();
    /// assert!(written.text.contains("- name: b # the first"));
    /// assert_eq!(written.rewritten, None);
    ///
    /// // A value from a merge key cannot be removed in place.
    /// manifest.spec_mut().servers[0].tls.as_mut().unwrap().credential_name.clear();
    /// assert_eq!(manifest.write().rewritten, Some(RewriteReason::MergeKey));
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn write(&self) -> Written {
        let Object { text, is_yaml, .. } = &self.object;
        self.with_edit(|edit| {
            let reason = match edit {
                _ if !is_yaml => RewriteReason::NotYaml,
                Edit::Kept(_) => return Written { text: text.clone(), rewritten: self.rewritten },
                edit => match patch(text, edit) {
                    Ok(text) => return Written { text, rewritten: self.rewritten },
                    Err(reason) => reason,
                },
            };
            let mut written = Written { text: String::new(), rewritten: Some(reason) };
            write_yaml(edit, &mut written.text);
            if *is_yaml
                && text
                    .find('\n')
                    .is_some_and(|at| text.get(..at).is_some_and(|l| l.ends_with('\r')))
            {
                written.text = written.text.replace('\n', "\r\n");
            }
            written
        })
    }

    /// Writes the document with its changes as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.with_edit(|edit| {
            let mut json = String::new();
            write_json(edit, &mut json);
            json
        })
    }

    /// The result of `read` for the document, if nothing in it is changed; otherwise the document as it
    /// would be written.
    pub(crate) fn unchanged<R>(&self, read: impl FnOnce(&Tree<'_>) -> R) -> Result<R, Box<Object>> {
        let is_kept = self.with_edit(|edit| matches!(edit, Edit::Kept(_)));
        let done = is_kept.then(|| self.object.with_tree(read));
        // The text is YAML with a mapping.
        done.ok_or_else(|| {
            Box::new(Object::from_yaml(&self.to_yaml()).unwrap_or_else(|_| self.object.clone()))
        })
    }

    /// Calls `write` with the document as it is to be written.
    ///
    /// Keys that differ only in case are merged when they are read, as in Go's encoding/json. If the
    /// spec is unchanged, all of them are kept; otherwise the last one gets the whole spec, and the
    /// others are removed.
    fn with_edit<R: Default>(&self, write: impl FnOnce(&Edit<'_>) -> R) -> R {
        self.object.with_tree(|tree| {
            let root = tree.root();
            let specs = envelope(root, "spec");
            let read = part::<Gateway>(tree, "spec", true, &mut Vec::new()).0;
            if read == self.spec {
                return write(&Edit::Kept(root));
            }
            let last = specs.iter().rev().find(|(_, spec)| !spec.is_null()).or(specs.last());
            let Some((key, spec)) = last else {
                let text = json::to_string(&self.spec);
                // The encoder always writes valid JSON.
                let new = tree::from_checked_json(&text).unwrap_or_default();
                let mut entries = kept(root);
                entries.push(("spec", Edit::Kept(new.root())));
                return write(&Edit::Mapping { origin: Some(root), entries });
            };
            // Values from other keys are not in this one.
            let before = match specs.as_slice() {
                [_] => read,
                _ => part_of::<Gateway>(tree, &[(*key, *spec)], "spec", true, &mut Vec::new()),
            };
            edited_since(*spec, &before, &self.spec, |edit| {
                let mut entries = kept(root);
                entries.retain(|(name, _)| {
                    *name == key.text() || !specs.iter().any(|(other, _)| other.text() == *name)
                });
                if let Some((_, value)) = entries.iter_mut().find(|(name, _)| *name == key.text()) {
                    *value = edit.clone();
                }
                write(&Edit::Mapping { origin: Some(root), entries })
            })
            // A message can always be written.
            .unwrap_or_default()
        })
    }
}

/// As [`to_yaml`](Manifest::to_yaml).
impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_yaml())
    }
}

/// As the JSON of [`to_json`](Manifest::to_json). A document that is nested deeper than 500 levels is an
/// error.
impl Serialize for Manifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = self.with_edit(|edit| Some(edit.serialize(serializer)));
        written.unwrap_or_else(|| Err(S::Error::custom("the document cannot be read again")))
    }
}

fn kept<'a>(root: Ref<'a, 'a>) -> Vec<(&'a str, Edit<'a>)> {
    root.distinct_entries().into_iter().map(|(k, v)| (k.text(), Edit::Kept(v))).collect()
}
