//! Writes the output of a command to standard output or a file.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use anstream::AutoStream;
use serde::Serialize;
use tempfile::Builder;

use crate::{
    Failure, progress,
    text::{is_harmful, is_plain},
};

/// Writes to standard output at once.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    print_with(|out| out.write_all(bytes))
}

/// Writes JSON to standard output incrementally, with terminal control characters escaped.
pub(crate) fn print_json<'a, T: Serialize + 'a>(
    values: impl IntoIterator<Item = &'a T>,
    layout: Layout,
) -> Result<(), Failure> {
    print_with(|out| write_json(out, values, layout))
}

/// Writes text to standard output, with colors if they are enabled.
pub(crate) fn print_colored(text: &str) -> Result<(), Failure> {
    let choice = AutoStream::choice(&io::stdout());
    let printed = stdout().and_then(|out| {
        let mut out = AutoStream::new(out, choice);
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    });
    printed.or_else(|error| failed_to_print(&error))
}

fn print_with(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let printed = stdout().and_then(|out| {
        let mut out = BufWriter::with_capacity(BUFFER, out);
        write(&mut out).and_then(|()| out.flush())
    });
    printed.or_else(|error| failed_to_print(&error))
}

/// An error of standard output; success if the reader has closed it.
pub(crate) fn failed_to_print(error: &io::Error) -> Result<(), Failure> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Failure::Usage(format!("standard output: {error}"))),
    }
}

/// The size of one write.
pub(crate) const BUFFER: usize = 64 * 1024;

/// Standard output as a file: std's own ignores errors of a closed descriptor.
#[cfg(unix)]
pub(crate) fn stdout() -> io::Result<Box<dyn Write>> {
    use std::os::fd::AsFd as _;
    progress::clear();
    Ok(Box::new(fs::File::from(io::stdout().as_fd().try_clone_to_owned()?)))
}

/// Standard output.
#[cfg(not(unix))]
pub(crate) fn stdout() -> io::Result<Box<dyn Write>> {
    progress::clear();
    Ok(Box::new(io::stdout().lock()))
}

/// Standard error, for a report that must not be in standard output.
pub(crate) fn stderr() -> Box<dyn Write> {
    Box::new(io::stderr())
}

/// The layout of JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One value, indented.
    Pretty,
    /// One value a line.
    Lines,
}

/// Writes JSON with terminal control characters escaped.
pub(crate) fn write_json<'a, T: Serialize + 'a>(
    out: &mut dyn Write,
    values: impl IntoIterator<Item = &'a T>,
    layout: Layout,
) -> io::Result<()> {
    for value in values {
        let mut json = HarmlessJson(&mut *out);
        match layout {
            Layout::Pretty => serde_json::to_writer_pretty(&mut json, value)?,
            Layout::Lines => serde_json::to_writer(&mut json, value)?,
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Escapes terminal control characters. They can only be in strings, so the values do not change. A
/// write has to consist of whole characters.
pub(crate) struct HarmlessJson<W>(pub(crate) W);

impl<W: Write> Write for HarmlessJson<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().all(|&byte| is_plain(byte) || byte == b'\n') {
            self.0.write_all(bytes)?;
            return Ok(bytes.len());
        }
        let text = str::from_utf8(bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let mut written = 0;
        for (at, harmful) in text.match_indices(|c| is_harmful(c) && c != '\n') {
            self.0.write_all(bytes.get(written..at).unwrap_or_default())?;
            for unit in harmful.encode_utf16() {
                write!(self.0, "\\u{unit:04x}")?;
            }
            written = at + harmful.len();
        }
        self.0.write_all(bytes.get(written..).unwrap_or_default())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Replaces a file atomically and keeps its permissions. A symlink is followed.
pub(crate) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    progress::clear();
    let write = |file: fs::File| {
        let mut out = BufWriter::with_capacity(BUFFER, file);
        write(&mut out)?;
        out.flush()
    };
    replace(path, write).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn replace(path: &Path, write: impl FnOnce(fs::File) -> io::Result<()>) -> io::Result<()> {
    let old = fs::canonicalize(path).and_then(|real| Ok((fs::metadata(&real)?, real)));
    let (path, permissions) = match &old {
        Ok((found, real)) if found.is_file() => (real.as_path(), Some(found.permissions())),
        // A pipe or a terminal cannot be replaced, only written to.
        Ok(_) => return write(fs::File::create(path)?),
        // Nor can a symlink to a missing file.
        Err(_) if fs::symlink_metadata(path).is_ok() => return write(fs::File::create(path)?),
        Err(_) => (path, None),
    };
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    #[cfg(unix)]
    remove_on_signals()?;
    let mut unfinished = unfinished();
    let aside = Builder::new().make_in(directory, |aside| fs::File::create_new(aside))?;
    *unfinished = Some(aside.path().to_owned());
    drop(unfinished);
    write(aside.as_file().try_clone()?)?;
    if let Some(permissions) = permissions {
        aside.as_file().set_permissions(permissions)?;
    }
    let mut unfinished = self::unfinished();
    aside.persist(path)?;
    *unfinished = None;
    Ok(())
}

/// The temporary file that replaces the output. It is created and renamed while this is locked.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

fn unfinished() -> MutexGuard<'static, Option<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary file when a signal ends the command.
#[cfg(unix)]
fn remove_on_signals() -> io::Result<()> {
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM},
        iterator::Signals,
        low_level::emulate_default_handler,
    };

    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    std::thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            // The lock is held until the end, so that no other file replaces it.
            let unfinished = unfinished();
            if let Some(path) = &*unfinished {
                let _ = fs::remove_file(path);
            }
            let _ = emulate_default_handler(signal);
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmful_characters_are_escaped_in_json() {
        let text = "\u{1b}\u{7f}\u{9b}\n\u{202e}\u{e0041}ü\"";
        let mut json = Vec::new();
        write_json(&mut json, [&[text]], Layout::Pretty).unwrap();
        let json = String::from_utf8(json).unwrap();
        let escaped = r#""\u001b\u007f\u009b\n\u202e\udb40\udc41ü\"""#;
        assert_eq!(json, format!("[\n  {escaped}\n]\n"));
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [text]);
    }
}
