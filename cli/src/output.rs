//! Writing what a command made, to standard output or into a file.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use anstream::AutoStream;
use tempfile::Builder;

use crate::Failure;

/// Writes to standard output, all at once.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    print_to(&mut io::stdout().lock(), bytes)
}

/// Writes a text to standard output, with its colours where they are shown.
pub(crate) fn print_colored(text: &str) -> Result<(), Failure> {
    let choice = AutoStream::choice(&io::stdout());
    print_to(&mut AutoStream::new(io::stdout().lock(), choice), text.as_bytes())
}

fn print_to(out: &mut dyn Write, bytes: &[u8]) -> Result<(), Failure> {
    match out.write_all(bytes).and_then(|()| out.flush()) {
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Usage(format!("standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Writes a text into a file, without its colours. The file is whole whenever somebody sees it: the
/// old one, with whose permissions the new one takes its place, or the new one. Of a link, it is the
/// file that it leads to.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    let text = anstream::adapter::strip_str(text).to_string();
    replace(path, &text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let old = fs::canonicalize(path).and_then(|real| Ok((fs::metadata(&real)?, real)));
    let (path, permissions) = match &old {
        Ok((found, real)) if found.is_file() => (real.as_path(), Some(found.permissions())),
        // A pipe or a terminal can only be written to.
        Ok(_) => return fs::write(path, text),
        // So can a link to what is not there yet.
        Err(_) if fs::symlink_metadata(path).is_ok() => return fs::write(path, text),
        Err(_) => (path, None),
    };
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    let mut aside = Builder::new().make_in(directory, |aside| fs::File::create_new(aside))?;
    aside.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions {
        aside.as_file().set_permissions(permissions)?;
    }
    aside.persist(path)?;
    Ok(())
}
