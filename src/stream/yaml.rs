//! YAML documents between lines that begin with `---`.

use std::io::Read;

use super::{DocumentReader, Format, Found, State};
use crate::{Error, diagnostic::Quoted};

pub(super) const SEPARATOR: &[u8] = b"---";

impl<R: Read> DocumentReader<R> {
    /// The lines up to the next one that begins with `---`, which is left for the next call. A line
    /// `---` at the beginning is part of the document.
    ///
    /// Source: apimachinery's `YAMLReader`.
    pub(super) fn find_yaml(
        &mut self,
        is_separated: bool,
        json_error: Option<Error>,
    ) -> Result<Option<Found>, Error> {
        self.state = State::YAML;
        let start = if is_separated { self.line_end(0)? } else { 0 };
        let is_own = self.is_separator(start)?;
        let mut end = if is_own { self.check_separator(start)? } else { start };
        loop {
            if self.is_separator(end)? {
                self.check_separator(end)?;
                self.state = State::Yaml { is_separated: true };
                break;
            }
            end = self.line_end(end)?;
            if end == self.buffer.rest().len() && self.buffer.is_end() {
                if end > start {
                    self.buffer.end_line();
                    end = self.buffer.rest().len();
                    break;
                }
                return Ok(None);
            }
        }
        Ok(Some(Found { start, end, format: Format::Yaml, json_error }))
    }

    fn is_separator(&mut self, at: usize) -> Result<bool, Error> {
        while self.buffer.rest().len() < at + SEPARATOR.len() && !self.buffer.is_end() {
            self.fill_more()?;
        }
        Ok(self.buffer.rest().get(at..).is_some_and(|rest| rest.starts_with(SEPARATOR)))
    }

    /// The start of the next line.
    fn line_end(&mut self, at: usize) -> Result<usize, Error> {
        let mut from = at;
        loop {
            let rest = self.buffer.rest().get(from..).unwrap_or_default();
            let length = rest.len();
            match memchr::memchr(b'\n', rest) {
                Some(end) => return Ok(from + end + 1),
                None if self.buffer.is_end() => return Ok(from + length),
                None => self.fill_more()?,
            }
            from += length;
        }
    }

    /// The start of the line after a separator, which may be followed only by a comment. With anything
    /// else, the text up to there is skipped.
    fn check_separator(&mut self, at: usize) -> Result<usize, Error> {
        let end = self.line_end(at)?;
        let line = self.buffer.rest().get(at + SEPARATOR.len()..end).unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            return Ok(end);
        }
        let blanks = line.len() - line.trim_start().len();
        let position = self.buffer.position_of(at + SEPARATOR.len() + blanks);
        let message = format!("invalid Yaml document separator: {}", Quoted(content));
        self.buffer.consume(end);
        Err(Error::syntax(message, Some(position)))
    }
}
