//! Writing what a command made, to standard output or into a file.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use anstream::AutoStream;
use serde::Serialize;
use tempfile::Builder;

use crate::{Failure, text::is_harmful};

/// Writes to standard output, all at once.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    print_with(|out| out.write_all(bytes))
}

/// Writes JSON to standard output as it is made, in which nothing acts on a terminal.
pub(crate) fn print_json<'a, T: Serialize + 'a>(
    values: impl IntoIterator<Item = &'a T>,
    layout: Layout,
) -> Result<(), Failure> {
    print_with(|out| write_json(out, values, layout))
}

/// Writes a text to standard output, with its colors where they are shown.
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

/// An error of standard output; none where whoever reads has read enough.
pub(crate) fn failed_to_print(error: &io::Error) -> Result<(), Failure> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Failure::Usage(format!("standard output: {error}"))),
    }
}

/// How much is written at once.
pub(crate) const BUFFER: usize = 64 * 1024;

/// Standard output as a file: std's own reports nothing where the descriptor cannot be written to.
#[cfg(unix)]
pub(crate) fn stdout() -> io::Result<Box<dyn Write>> {
    use std::os::fd::AsFd as _;
    Ok(Box::new(fs::File::from(io::stdout().as_fd().try_clone_to_owned()?)))
}

/// Standard output.
#[cfg(not(unix))]
pub(crate) fn stdout() -> io::Result<Box<dyn Write>> {
    Ok(Box::new(io::stdout().lock()))
}

/// How JSON is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One value, indented.
    Pretty,
    /// A value a line.
    Lines,
}

/// Writes JSON in which nothing acts on a terminal.
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

/// Escapes what a terminal would act on. It can only stand in strings, so that the values stay the
/// same. What is written at once has to be whole characters.
pub(crate) struct HarmlessJson<W>(pub(crate) W);

impl<W: Write> Write for HarmlessJson<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
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

/// Writes a file. Whoever looks sees the old file or the new one, which gets the old one's permissions.
/// Of a link, it is the file that it leads to.
pub(crate) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
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
        // A pipe or a terminal can only be written to.
        Ok(_) => return write(fs::File::create(path)?),
        // So can a link to what is not there yet.
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

/// The temporary file that is to become the output. It is made, and takes its place, under this lock.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

fn unfinished() -> MutexGuard<'static, Option<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary file when a signal ends the command, which it then does as ever.
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
            // Held to the end: no other file takes its place.
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
