//! Selects the files to read.

use std::{
    collections::HashSet,
    fs,
    io::{self, BufRead as _, Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::Failure;

/// A file to read, or standard input.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// Whether it is an argument, not a file in a directory.
    pub(crate) is_named: bool,
    /// What to read instead of the file.
    pub(crate) content: Option<Arc<[u8]>>,
}

impl File {
    pub(crate) fn is_stdin(&self) -> bool {
        is_stdin(&self.path)
    }

    pub(crate) fn name(&self) -> String {
        name_of(&self.path)
    }

    /// Opens it. Devices and named pipes are rejected, since they may never end or never have a writer;
    /// pipes of the shell are accepted: `<(...)` is a file in /dev/fd.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read>> {
        if let Some(content) = &self.content {
            return Ok(Box::new(Cursor::new(Arc::clone(content))));
        }
        if self.is_stdin() {
            let mut stdin = io::stdin().lock();
            return match stdin.fill_buf()? {
                // A closed standard input is an error too.
                [] => Err(io::Error::other("empty input")),
                _ => Ok(Box::new(stdin)),
            };
        }
        let kind = fs::metadata(&self.path)?.file_type();
        if !(kind.is_file() || kind.is_dir() || is_pipe(kind) && self.is_open()) {
            let what = if is_pipe(kind) { "a named pipe" } else { "a device or socket" };
            return Err(io::Error::other(format!(
                "{what} cannot be read; use `-` for standard input"
            )));
        }
        Ok(Box::new(fs::File::open(&self.path)?))
    }

    /// Whether this process has the file open already.
    fn is_open(&self) -> bool {
        let parents = ["/dev/fd", "/proc/self/fd"].map(Path::new);
        self.path == Path::new("/dev/stdin")
            || self.path.parent().is_some_and(|parent| parents.contains(&parent))
    }
}

#[cfg(unix)]
fn is_pipe(kind: fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_kind: fs::FileType) -> bool {
    false
}

pub(crate) fn name_of(path: &Path) -> String {
    if is_stdin(path) { "<stdin>".to_owned() } else { path.display().to_string() }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Rejects a second `-`, since standard input can be read only once.
pub(crate) fn check_stdin_once(files: &[PathBuf]) -> Result<(), Failure> {
    if files.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Failure::Usage(
            "standard input can be read only once: remove the second -".to_owned(),
        ));
    }
    Ok(())
}

/// The files of the arguments, with directories in the order of names, and errors of listing.
pub(crate) fn find(arguments: &[PathBuf]) -> (Vec<File>, Vec<String>) {
    let mut walk = Walk::default();
    for argument in arguments {
        if !is_stdin(argument) && argument.is_dir() {
            walk.directory(argument);
        } else {
            walk.files.push(File { path: argument.clone(), is_named: true, content: None });
        }
    }
    (walk.files, walk.problems)
}

#[derive(Default)]
struct Walk {
    files: Vec<File>,
    problems: Vec<String>,
    /// The canonical paths of visited directories: each is visited once, so that symlink loops end.
    seen: HashSet<PathBuf>,
}

impl Walk {
    fn directory(&mut self, root: &Path) {
        // An explicit stack, since directories can be nested deeply.
        let mut open = vec![Entry { path: root.to_owned(), is_directory: true }];
        while let Some(Entry { path, is_directory }) = open.pop() {
            if is_directory {
                // The last entry is processed first.
                open.extend(self.entries(&path).into_iter().rev());
            } else {
                self.files.push(File { path, is_named: false, content: None });
            }
        }
    }

    /// The directories and files in a directory, sorted.
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
