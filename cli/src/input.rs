//! Reading what a command is to work on.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use istio_gateway::{Error, Severity};

use crate::Failure;

/// A file, or standard input for `-`.
pub(crate) struct Input {
    path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

impl Input {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = if is_stdin(path) {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            fs::read(path)
        };
        match bytes {
            Ok(bytes) => Ok(Self { path: path.to_owned(), bytes }),
            Err(error) => Err(Failure::Usage(format!("{}: {error}", name_of(path)))),
        }
    }

    pub(crate) fn name(&self) -> String {
        name_of(&self.path)
    }

    pub(crate) fn is_json(&self) -> bool {
        is_json(&self.path)
    }

    /// The text, or where it stops being one.
    pub(crate) fn text(&self) -> Result<&str, Vec<String>> {
        std::str::from_utf8(&self.bytes).map_err(|error| {
            let before = self.bytes.get(..error.valid_up_to()).unwrap_or_default();
            let before = String::from_utf8_lossy(before);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            vec![format!("{}:{line}:{column}: not UTF-8", self.name())]
        })
    }

    /// `file:line:column: what is wrong`, a line for each thing. `lines` is how many lines of the
    /// file stand before the text that the error is about.
    pub(crate) fn lines_of(&self, error: &Error, lines: usize) -> Vec<String> {
        let at = |position: Option<istio_gateway::Position>| match position {
            Some(position) => {
                format!("{}:{}:{}", self.name(), position.line + lines, position.column)
            }
            None => self.name(),
        };
        if error.diagnostics().is_empty() {
            return vec![format!("{}: {}", at(error.position()), error.without_position())];
        }
        let errors = error.diagnostics().iter().filter(|d| d.severity == Severity::Error);
        errors.map(|d| format!("{}: {}", at(d.position), d.without_position())).collect()
    }
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

pub(crate) fn name_of(path: &Path) -> String {
    if is_stdin(path) { "<stdin>".to_owned() } else { path.display().to_string() }
}

/// Whether the name says that it is JSON.
pub(crate) fn is_json(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("json" | "ndjson" | "jsonl"))
}

/// Refuses `-` where it stands more than once: there is nothing left to read the second time.
pub(crate) fn check_stdin_once(files: &[PathBuf]) -> Result<(), Failure> {
    if files.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Failure::Usage("standard input can be read once only: name - once".to_owned()));
    }
    Ok(())
}
