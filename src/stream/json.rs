//! Consecutive JSON documents, and what follows them that is not JSON.

use std::io::Read;

use serde::de::IgnoredAny;

use super::{DocumentReader, Format, Found, State, yaml::SEPARATOR};
use crate::{
    Error,
    json::{check_depth, error_offset, syntax_error},
};

impl<R: Read> DocumentReader<R> {
    pub(super) fn find_json(&mut self, count: usize) -> Result<Option<Found>, Error> {
        let (start, error, at) = loop {
            let bytes = self.buffer.rest();
            let start = bytes.iter().take_while(|b| is_json_space(**b)).count();
            if start == bytes.len() {
                if self.buffer.is_end() {
                    return Ok(None);
                }
                self.buffer.consume(start);
                self.fill(1)?;
                continue;
            }
            let text = bytes.get(start..).unwrap_or_default();
            let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
            let value = values.next().unwrap_or(Ok(IgnoredAny));
            let end = values.byte_offset();
            let is_open = match &value {
                // More digits may follow.
                Ok(IgnoredAny) => end == text.len() && !ends_itself(text),
                Err(error) => error.is_eof(),
            };
            if is_open && !self.buffer.is_end() {
                self.fill_more()?;
                continue;
            }
            let place = self.buffer.position_of(start);
            let checked = match value {
                Ok(IgnoredAny) => check_depth(text.get(..end).unwrap_or_default())
                    .map_or_else(|error| Err((error, end)), |()| Ok(end)),
                Err(error) => {
                    let at = error_offset(text, &error);
                    let before = text.get(..at).unwrap_or_default();
                    match serde_json::from_slice(before) {
                        // Numbers and names end where something else begins.
                        Ok(IgnoredAny) if !ends_itself(text) => Ok(at),
                        _ => Err((syntax_error(text, &error), at)),
                    }
                }
            };
            match checked {
                Ok(end) => {
                    self.state = State::Json(count.saturating_add(1));
                    let (end, format) = (start + end, Format::Json);
                    return Ok(Some(Found { start, end, format, json_error: None }));
                }
                Err((error, at)) => break (start, error.within(place), start + at),
            }
        };
        if count > 1 || !self.skip_blanks()? {
            // So it is not YAML either.
            self.skip_from(start, at);
            return Err(error);
        }
        self.find_yaml(false, Some(error))
    }

    /// Skips white space before a text that is not JSON, at most to the next line. Returns whether the
    /// text may be YAML: it may not if it is shorter than four bytes or begins with an invalid
    /// character.
    ///
    /// Source: `YAMLOrJSONDecoder.consumeWhitespace`.
    fn skip_blanks(&mut self) -> Result<bool, Error> {
        let mut count = 0;
        loop {
            self.fill(count + 4)?;
            let next = self.buffer.rest().get(count..count + 4);
            let Some(next) = next.map(String::from_utf8_lossy) else { return Ok(false) };
            match next.chars().next() {
                None | Some(char::REPLACEMENT_CHARACTER) => return Ok(false),
                Some(blank) if blank.is_whitespace() => count += blank.len_utf8(),
                Some(_) => break,
            }
            if next.starts_with('\n') {
                break;
            }
        }
        self.buffer.consume(count);
        Ok(true)
    }

    /// Continues after an error in the value that begins at `start`: at the next line that begins with
    /// a brace or a separator.
    fn skip_from(&mut self, start: usize, at: usize) {
        let before = self.buffer.rest().get(..at).unwrap_or_default();
        let line = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let rest = self.buffer.rest().get(line..).unwrap_or_default();
        let is_next = line > start || line == start && rest.starts_with(SEPARATOR);
        self.buffer.consume(if is_next { line } else { at.max(start + 1) });
        self.state = State::Skip;
    }

    /// Skips to a line that begins with a brace or a separator.
    pub(super) fn skip(&mut self) -> Result<(), Error> {
        loop {
            self.fill(SEPARATOR.len())?;
            let rest = self.buffer.rest();
            let is_line = self.buffer.position().column == 1;
            self.state = match rest.first() {
                None => State::End,
                Some(b'{') if is_line => State::Json(usize::MAX),
                Some(_) if is_line && rest.starts_with(SEPARATOR) => State::YAML,
                Some(_) => {
                    let line = rest.iter().position(|b| *b == b'\n');
                    self.buffer.consume(line.map_or(rest.len(), |end| end + 1));
                    continue;
                }
            };
            return Ok(());
        }
    }
}

fn is_json_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether nothing can follow a value that belongs to it.
fn ends_itself(value: &[u8]) -> bool {
    value.first().is_some_and(|first| matches!(first, b'{' | b'[' | b'"'))
}
