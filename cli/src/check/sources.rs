//! Reads lines of files again, for findings across documents.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    path::PathBuf,
};

use super::judge::LONGEST_LINE;
use crate::files::File;

/// Lines of files. Request them in ascending order: only the last one is kept, and for an earlier one
/// its file is read again from the start.
#[derive(Default)]
pub(super) struct Sources {
    open: Option<(PathBuf, Lines<BufReader<fs::File>>)>,
}

impl Sources {
    /// A line by its number from 1, without its end; `None` for standard input, and for a line that is
    /// too long to display.
    pub(super) fn line(&mut self, file: &File, line: usize) -> Option<String> {
        if file.is_stdin() {
            return None;
        }
        let is_open =
            |(path, lines): &(PathBuf, Lines<_>)| *path == file.path && lines.last <= line;
        if !self.open.as_ref().is_some_and(is_open) {
            let reader = BufReader::new(fs::File::open(&file.path).ok()?);
            self.open = Some((file.path.clone(), Lines::new(reader)));
        }
        let (_, lines) = self.open.as_mut()?;
        lines.seek(line).ok()?;
        let text = (lines.last == line && lines.length <= LONGEST_LINE).then_some(&lines.text)?;
        Some(String::from_utf8_lossy(text).trim_end().to_owned())
    }
}

/// The lines of a text in sequence; one is in memory.
struct Lines<R> {
    reader: R,
    /// The number of the last line that was read; 0 before the first.
    last: usize,
    /// Its start.
    text: Vec<u8>,
    /// Its total length in bytes.
    length: usize,
}

impl<R: BufRead> Lines<R> {
    fn new(reader: R) -> Self {
        Self { reader, last: 0, text: Vec::new(), length: 0 }
    }

    fn seek(&mut self, line: usize) -> io::Result<()> {
        while self.last < line && self.next()? {}
        Ok(())
    }

    /// Reads a line, if there is one.
    fn next(&mut self) -> io::Result<bool> {
        if self.reader.fill_buf()?.is_empty() {
            return Ok(false);
        }
        self.last += 1;
        self.length = 0;
        self.text.clear();
        loop {
            let block = self.reader.fill_buf()?;
            let end = block.iter().position(|&byte| byte == b'\n');
            let line = block.get(..end.unwrap_or(block.len())).unwrap_or_default();
            let room = (LONGEST_LINE + 1).saturating_sub(self.text.len());
            self.text.extend(line.iter().take(room));
            self.length += line.len();
            let used = line.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() || used == 0 {
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_their_numbers() {
        let long = "x".repeat(100_000);
        let text = format!("one\n\n{long}\nfour");
        let mut lines = Lines::new(BufReader::with_capacity(7, text.as_bytes()));
        let mut line = |number| {
            lines.seek(number).unwrap();
            (lines.last, String::from_utf8_lossy(&lines.text).into_owned(), lines.length)
        };
        assert_eq!(line(1), (1, "one".to_owned(), 3));
        assert_eq!(line(2), (2, String::new(), 0));
        assert_eq!(line(3), (3, long[..=LONGEST_LINE].to_owned(), 100_000));
        assert_eq!(line(4), (4, "four".to_owned(), 4));
        assert_eq!(line(5), (4, "four".to_owned(), 4));
    }
}
