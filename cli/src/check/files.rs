//! Which files are checked.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use crate::input;

/// A file to check.
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Whether the user named it, rather than a directory that it is in.
    pub(super) is_named: bool,
}

impl File {
    pub(super) fn is_stdin(&self) -> bool {
        input::is_stdin(&self.path)
    }

    pub(super) fn is_json(&self) -> bool {
        input::is_json(&self.path)
    }

    pub(super) fn name(&self) -> String {
        input::name_of(&self.path)
    }
}

/// The files of the arguments, directories walked in the order of their names, and what could not
/// be listed.
pub(super) fn find(arguments: &[PathBuf]) -> (Vec<File>, Vec<String>) {
    let mut walk = Walk::default();
    for argument in arguments {
        if !input::is_stdin(argument) && argument.is_dir() {
            walk.directory(argument);
        } else {
            walk.files.push(File { path: argument.clone(), is_named: true });
        }
    }
    (walk.files, walk.problems)
}

#[derive(Default)]
struct Walk {
    files: Vec<File>,
    problems: Vec<String>,
    /// The directories that were walked, as they are without links: each is walked once, so that a
    /// link to a directory above ends, too.
    seen: HashSet<PathBuf>,
}

impl Walk {
    fn directory(&mut self, root: &Path) {
        // A stack of its own: nothing limits how deep directories go.
        let mut open = vec![Entry { path: root.to_owned(), is_directory: true }];
        while let Some(Entry { path, is_directory }) = open.pop() {
            if is_directory {
                // What stands last is taken first.
                open.extend(self.entries(&path).into_iter().rev());
            } else {
                self.files.push(File { path, is_named: false });
            }
        }
    }

    /// The directories and files to check in a directory, sorted.
    fn entries(&mut self, directory: &Path) -> Vec<Entry> {
        let listed = fs::canonicalize(directory).and_then(|real| {
            if self.seen.insert(real) { fs::read_dir(directory).map(Some) } else { Ok(None) }
        });
        let listed = listed.unwrap_or_else(|error| {
            self.problems.push(format!("{}: {error}", directory.display()));
            None
        });
        let mut entries = Vec::new();
        for entry in listed.into_iter().flatten() {
            let entry = match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                Ok((path, kind)) => {
                    let is_directory = kind.is_dir() || kind.is_symlink() && path.is_dir();
                    Entry { path, is_directory }
                }
                Err(error) => {
                    self.problems.push(format!("{}: {error}", directory.display()));
                    continue;
                }
            };
            if if entry.is_directory { !is_hidden(&entry.path) } else { is_manifest(&entry.path) } {
                entries.push(entry);
            }
        }
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        entries
    }
}

struct Entry {
    path: PathBuf,
    is_directory: bool,
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("yaml" | "yml" | "json"))
}
