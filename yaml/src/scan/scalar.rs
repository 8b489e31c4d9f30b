//! The scanner's scalars. A value that the text has in one piece is borrowed.

use std::borrow::Cow;

use super::{ScanError, Scanner, TokenKind};
use crate::chars::{
    ENDS_FLOW_PLAIN, ENDS_PLAIN, ENDS_QUOTED, break_len, break_text, is_any, is_blank,
};

/// The line breaks between two parts of a scalar.
#[derive(Default)]
struct Fold<'s> {
    first: &'s str,
    others: String,
}

impl<'s> Fold<'s> {
    fn add(&mut self, line_break: &'s str) {
        if self.first.is_empty() {
            self.first = line_break;
        } else {
            self.others.push_str(line_break);
        }
    }

    /// One line feed becomes a blank; of more, the first is dropped.
    fn write(&mut self, out: &mut String) {
        match (self.first, self.others.as_str()) {
            ("\n", "") => out.push(' '),
            ("\n", others) => out.push_str(others),
            (first, others) => out.extend([first, others]),
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.first = "";
        self.others.clear();
    }
}

impl<'s> Scanner<'s> {
    pub(super) fn plain_scalar(&mut self) -> Result<(), ScanError> {
        self.save_simple_key()?;
        self.is_key_allowed = false;
        let (start, is_flow) = (self.at, self.is_flow());
        let indent = (self.indent + 1).cast_unsigned();
        let ends = if is_flow { ENDS_FLOW_PLAIN } else { ENDS_PLAIN };
        // The end of the scalar so far, and its value where that is not in one piece.
        let (mut end, mut folded) = (start, None::<String>);
        let (mut fold, mut is_new_line) = (Fold::default(), false);
        while !self.is_marker() && self.byte(0) != b'#' {
            let word = self.at;
            self.skip_plain(ends, is_flow);
            if self.at > word {
                if is_new_line {
                    let folded = folded.get_or_insert_with(|| self.slice(start, end).to_owned());
                    fold.write(folded);
                    folded.push_str(self.slice(word, self.at));
                    is_new_line = false;
                } else if let Some(folded) = &mut folded {
                    folded.push_str(self.slice(end, self.at));
                }
                end = self.at;
            }
            if !is_blank(self.byte(0)) && self.break_len() == 0 {
                break;
            }
            loop {
                let len = self.break_len();
                if len > 0 {
                    fold.add(break_text(self.text, self.at));
                    self.skip_break(len);
                    is_new_line = true;
                } else if is_blank(self.byte(0)) {
                    if is_new_line && self.byte(0) == b'\t' && self.column() < indent {
                        let message = "found a tab character that violates indentation";
                        return Err(ScanError::new(message, self.at));
                    }
                    self.at += 1;
                } else {
                    break;
                }
            }
            if !is_flow && self.column() < indent {
                break;
            }
        }
        self.check_readable(1)?;
        self.is_key_allowed |= is_new_line;
        let value = folded.map_or(Cow::Borrowed(self.slice(start, end)), Cow::Owned);
        self.push(TokenKind::Scalar(value, true), start, end);
        Ok(())
    }

    /// Skips what is part of a plain scalar, up to a blank or its end.
    #[inline]
    fn skip_plain(&mut self, ends: u8, is_flow: bool) {
        loop {
            self.skip_while(|b| !is_any(b, ends));
            match self.byte(0) {
                b':' if !self.is_space_or_end(1) => {}
                0xc2 | 0xe2 if self.break_len() == 0 => {}
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if !is_flow => {}
                _ => return,
            }
            self.at += 1;
        }
    }

    pub(super) fn quoted_scalar(&mut self, is_single: bool) -> Result<(), ScanError> {
        debug_assert!(matches!(self.byte(0), b'\'' | b'"'));
        self.save_simple_key()?;
        self.is_key_allowed = false;
        let start = self.at;
        self.at += 1;
        let quote = if is_single { b'\'' } else { b'"' };
        // What is not in `out` yet begins at `from`.
        let (mut out, mut from, mut fold) = (None::<String>, self.at, Fold::default());
        loop {
            self.check_readable(1)?;
            if self.is_marker() {
                return Err(ScanError::new("found unexpected document indicator", self.at));
            }
            if self.at >= self.text.len() {
                return Err(ScanError::new("unclosed quote", start));
            }
            let mut is_new_line = false;
            while !self.is_space_or_end(0) {
                match self.byte(0) {
                    b'\'' if is_single && self.byte(1) == b'\'' => {
                        self.flush(&mut out, from, self.at + 1);
                        self.at += 2;
                        from = self.at;
                    }
                    c if c == quote => break,
                    b'\\' if !is_single => {
                        let out = self.flush(&mut out, from, self.at);
                        let len = break_len(self.text, self.at + 1);
                        if len > 0 {
                            self.at += 1;
                            self.skip_break(len);
                            from = self.at;
                            is_new_line = true;
                            break;
                        }
                        out.push(self.escape(start)?);
                        from = self.at;
                    }
                    _ => {
                        self.at += 1;
                        self.skip_while(|b| !is_any(b, ENDS_QUOTED));
                    }
                }
            }
            if self.byte(0) == quote {
                break;
            }
            let word_end = self.at;
            loop {
                let len = self.break_len();
                if len > 0 {
                    // After an escaped break, the next break counts as a further one.
                    if is_new_line && fold.first.is_empty() {
                        fold.others.push_str(break_text(self.text, self.at));
                    } else {
                        fold.add(break_text(self.text, self.at));
                    }
                    self.skip_break(len);
                    is_new_line = true;
                } else if is_blank(self.byte(0)) {
                    self.at += 1;
                } else {
                    break;
                }
            }
            if is_new_line {
                let out = self.flush(&mut out, from, word_end);
                fold.write(out);
                from = self.at;
            }
        }
        let value = match out {
            Some(mut out) => {
                out.push_str(self.slice(from, self.at));
                Cow::Owned(out)
            }
            None => Cow::Borrowed(self.slice(from, self.at)),
        };
        self.at += 1;
        self.push(TokenKind::Scalar(value, false), start, self.at);
        Ok(())
    }

    /// Copies a range of the text.
    fn flush<'o>(&self, out: &'o mut Option<String>, from: usize, to: usize) -> &'o mut String {
        let out = out.get_or_insert_default();
        out.push_str(self.slice(from, to));
        out
    }

    /// The character of an escape.
    fn escape(&mut self, start: usize) -> Result<char, ScanError> {
        let digits = match self.byte(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            c => {
                let char = match c {
                    b'0' => '\0',
                    b'a' => '\x07',
                    b'b' => '\x08',
                    b't' | b'\t' => '\t',
                    b'n' => '\n',
                    b'v' => '\x0b',
                    b'f' => '\x0c',
                    b'r' => '\r',
                    b'e' => '\x1b',
                    b' ' | b'"' | b'\'' | b'\\' => char::from(c),
                    b'N' => '\u{85}',
                    b'_' => '\u{a0}',
                    b'L' => '\u{2028}',
                    b'P' => '\u{2029}',
                    _ => return Err(ScanError::new("found unknown escape character", self.at)),
                };
                self.at += 2;
                return Ok(char);
            }
        };
        let at = self.at;
        let code = self.text.get(at + 2..at + 2 + digits);
        let Some(code) = code.filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit())) else {
            return Err(ScanError::new("did not find expected hexdecimal number", start));
        };
        self.at += 2 + digits;
        let code = u32::from_str_radix(code, 16).ok();
        code.and_then(char::from_u32)
            .ok_or_else(|| ScanError::new("found invalid Unicode character escape code", at))
    }

    pub(super) fn block_scalar(&mut self, is_literal: bool) -> Result<(), ScanError> {
        debug_assert!(matches!(self.byte(0), b'|' | b'>'));
        self.remove_simple_key()?;
        self.is_key_allowed = true;
        let start = self.at;
        self.at += 1;
        let (chomping, increment) = self.block_header()?;
        self.skip_blanks();
        self.skip_comment();
        let len = self.break_len();
        if len == 0 && self.at < self.text.len() {
            return Err(ScanError::new("did not find expected comment or line break", self.at));
        }
        self.skip_break(len);
        let mut indent = match increment {
            0 => 0,
            increment => self.indent.max(0).cast_unsigned() + increment,
        };
        let (mut out, mut fold) = (String::new(), Fold::default());
        let mut end = self.block_breaks(&mut indent, &mut fold.others)?;
        let mut was_indented = false;
        while self.column() == indent && self.at < self.text.len() {
            let is_indented = is_blank(self.byte(0));
            if is_literal || was_indented || is_indented || fold.first != "\n" {
                out.push_str(fold.first);
                out.push_str(&fold.others);
                fold.clear();
            } else {
                fold.write(&mut out);
            }
            was_indented = is_indented;
            let line = self.at;
            self.skip_line();
            out.push_str(self.slice(line, self.at));
            let len = self.break_len();
            if len > 0 {
                fold.first = break_text(self.text, self.at);
                self.skip_break(len);
            }
            end = self.block_breaks(&mut indent, &mut fold.others)?;
        }
        self.check_readable(1)?;
        if chomping != Some(b'-') {
            out.push_str(fold.first);
        }
        if chomping == Some(b'+') {
            out.push_str(&fold.others);
        }
        self.push(TokenKind::Scalar(Cow::Owned(out), false), start, end);
        Ok(())
    }

    /// A block scalar's header: the chomping indicator and the indentation indicator.
    fn block_header(&mut self) -> Result<(Option<u8>, usize), ScanError> {
        let (mut chomping, mut increment) = (None, 0);
        for _ in 0..2 {
            match self.byte(0) {
                c @ (b'+' | b'-') if chomping.is_none() => chomping = Some(c),
                b'0' if increment == 0 => {
                    let message = "found an indentation indicator equal to 0";
                    return Err(ScanError::new(message, self.at));
                }
                c @ b'1'..=b'9' if increment == 0 => increment = usize::from(c - b'0'),
                _ => break,
            }
            self.at += 1;
        }
        Ok((chomping, increment))
    }

    /// Skips a block scalar's empty lines and the next line's indentation, which the first line decides. Returns
    /// where the scalar ends if there is no next line.
    fn block_breaks(
        &mut self,
        indent: &mut usize,
        breaks: &mut String,
    ) -> Result<usize, ScanError> {
        let (mut end, mut widest) = (self.at, 0);
        loop {
            let mut column = self.column();
            while (*indent == 0 || column < *indent) && self.byte(0) == b' ' {
                self.at += 1;
                column += 1;
            }
            widest = widest.max(column);
            if (*indent == 0 || column < *indent) && self.byte(0) == b'\t' {
                let message = "found a tab character where an indentation space is expected";
                return Err(ScanError::new(message, self.at));
            }
            let len = self.break_len();
            if len == 0 {
                break;
            }
            breaks.push_str(break_text(self.text, self.at));
            self.skip_break(len);
            end = self.at;
        }
        if *indent == 0 {
            *indent = widest.max((self.indent + 1).cast_unsigned()).max(1);
        }
        Ok(end)
    }
}
