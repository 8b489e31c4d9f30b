//! Changes of the metadata.

use super::{
    Manifest, Object,
    read::{envelope, tree},
};
use crate::{
    tree::{self, Edit, Step, write_json, write_text, write_yaml},
    yaml::patch,
};

/// Changes of the metadata. Each is made in the text at once; comments and layout of YAML are kept, or
/// [`write`](Self::write) reports why not. [`position`](Self::position) is then of the new text, while
/// [`diagnostics`](Self::diagnostics) are those of the text that was read. Values are not validated.
///
/// ```
/// use istio_gateway::Manifest;
///
/// let mut manifest = Manifest::from_yaml("\
/// metadata:
///   name: edge # the public one
///   labels: {app: edge, old: x}
/// spec: {}
/// ")?;
/// manifest.set_namespace("infra");
/// manifest.set_label("team", Some("web"));
/// manifest.set_label("old", None);
/// assert_eq!(manifest.to_yaml(), "\
/// metadata:
///   name: edge # the public one
///   labels: {app: edge, team: web}
///   namespace: infra
/// spec: {}
/// ");
/// # Ok::<(), istio_gateway::Error>(())
/// ```
impl Manifest {
    /// Sets the name.
    pub fn set_name(&mut self, name: &str) {
        self.set_metadata(&["name"], Some(name));
    }

    /// Sets the namespace; removes it if it is empty.
    pub fn set_namespace(&mut self, namespace: &str) {
        self.set_metadata(&["namespace"], Some(namespace).filter(|name| !name.is_empty()));
    }

    /// Sets a label, or removes it.
    pub fn set_label(&mut self, key: &str, value: Option<&str>) {
        self.set_metadata(&["labels", key], value);
    }

    /// Sets an annotation, or removes it.
    pub fn set_annotation(&mut self, key: &str, value: Option<&str>) {
        self.set_metadata(&["annotations", key], value);
    }

    fn set_metadata(&mut self, below: &[&str], value: Option<&str>) {
        let Object { text, is_yaml, .. } = &self.object;
        // The text was read before.
        let Ok(old) = tree(text, *is_yaml) else { return };
        let root = old.root();
        let written = envelope(root, "metadata");
        let name = written.last().map_or("metadata", |(key, _)| key.text());
        let path: Vec<_> = [name].iter().chain(below).copied().map(Step::Key).collect();
        let mut json = String::new();
        write_text(value.unwrap_or_default(), &mut json);
        let Ok(new) = tree::from_checked_json(&json) else { return };
        let edit = match value {
            Some(_) => Edit::set(root, &path, new.root()),
            None => Some(Edit::remove(root, &path)),
        };
        // Metadata that is not a mapping is an error when it is read.
        let Some(edit) = edit else { return };
        let mut changed = String::new();
        if *is_yaml {
            match patch(text, &edit) {
                Ok(text) => changed = text,
                Err(reason) => {
                    write_yaml(&edit, &mut changed);
                    self.rewritten = Some(reason);
                }
            }
        } else {
            write_json(&edit, &mut changed);
        }
        let read = if *is_yaml { Object::from_yaml(&changed) } else { Object::from_json(&changed) };
        if let Ok(read) = read {
            let Object { start, has_positions, .. } = self.object;
            self.object = Object { start, has_positions, ..read };
        }
    }
}
