//! The scanner's anchors, aliases, tags and directives.

use super::{ScanError, Scanner, Tag, TokenKind};
use crate::chars::is_word;

impl<'s> Scanner<'s> {
    /// An anchor or an alias.
    pub(super) fn name(&mut self, kind: fn(&'s str) -> TokenKind<'s>) -> Result<(), ScanError> {
        self.save_simple_key()?;
        self.is_key_allowed = false;
        let start = self.at;
        self.at += 1;
        let name = self.word();
        let is_end = self.is_space_or_end(0)
            || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !is_end {
            let message = "did not find expected alphabetic or numeric character";
            return Err(ScanError::new(message, self.at));
        }
        self.push(kind(name), start, self.at);
        Ok(())
    }

    fn word(&mut self) -> &'s str {
        let start = self.at;
        self.skip_while(is_word);
        self.slice(start, self.at)
    }

    pub(super) fn tag(&mut self) -> Result<(), ScanError> {
        self.save_simple_key()?;
        self.is_key_allowed = false;
        let start = self.at;
        let (handle, suffix) = if self.byte(1) == b'<' {
            self.at += 2;
            let uri = self.uri(false)?;
            if self.byte(0) != b'>' {
                return Err(ScanError::new("did not find the expected '>'", self.at));
            }
            self.at += 1;
            ("", uri)
        } else {
            match self.handle()? {
                handle if handle.len() > 1 && handle.ends_with('!') => (handle, self.uri(false)?),
                word => {
                    let word = word.get(1..).unwrap_or_default();
                    let suffix = format!("{word}{}", self.uri(true)?);
                    // The tag "!" alone has neither.
                    if suffix.is_empty() { ("", "!".to_owned()) } else { ("!", suffix) }
                }
            }
        };
        if !self.is_space_or_end(0) {
            return Err(ScanError::new("did not find expected whitespace or line break", self.at));
        }
        self.push(TokenKind::Tag(Box::new(Tag { handle, suffix })), start, self.at);
        Ok(())
    }

    /// `!`, a word, and `!` if it is there.
    fn handle(&mut self) -> Result<&'s str, ScanError> {
        let start = self.at;
        if self.byte(0) != b'!' {
            return Err(ScanError::new("did not find expected '!'", self.at));
        }
        self.at += 1;
        self.word();
        self.at += usize::from(self.byte(0) == b'!');
        Ok(self.slice(start, self.at))
    }

    /// A tag, or a part of it, its escapes read.
    fn uri(&mut self, may_be_empty: bool) -> Result<String, ScanError> {
        let (start, mut uri) = (self.at, Vec::new());
        loop {
            match self.byte(0) {
                b'%' => self.uri_escape(&mut uri)?,
                c if is_word(c) || b";/?:@&=+$,.!~*'()[]".contains(&c) => {
                    uri.push(c);
                    self.at += 1;
                }
                _ => break,
            }
        }
        if self.at == start && !may_be_empty {
            return Err(ScanError::new("did not find expected tag URI", self.at));
        }
        // No tag with a meaning has bytes that are not UTF-8.
        Ok(String::from_utf8_lossy(&uri).into_owned())
    }

    /// A character, each of its bytes escaped.
    fn uri_escape(&mut self, uri: &mut Vec<u8>) -> Result<(), ScanError> {
        let mut left = 1;
        let mut is_first = true;
        while left > 0 {
            let digits = self.text.get(self.at..self.at + 3).and_then(|e| e.strip_prefix('%'));
            let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
            let Some(octet) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) else {
                return Err(ScanError::new("did not find URI escaped octet", self.at));
            };
            if is_first {
                left = match octet {
                    0..0x80 => 1,
                    0xc0..0xe0 => 2,
                    0xe0..0xf0 => 3,
                    0xf0..0xf8 => 4,
                    _ => {
                        let message = "found an incorrect leading UTF-8 octet";
                        return Err(ScanError::new(message, self.at));
                    }
                };
                is_first = false;
            } else if octet & 0xc0 != 0x80 {
                let message = "found an incorrect trailing UTF-8 octet";
                return Err(ScanError::new(message, self.at));
            }
            uri.push(octet);
            self.at += 3;
            left -= 1;
        }
        Ok(())
    }

    pub(super) fn scan_directive(&mut self) -> Result<(), ScanError> {
        let start = self.at;
        self.at += 1;
        let name = self.word();
        if name.is_empty() {
            return Err(ScanError::new("could not find expected directive name", self.at));
        }
        if !self.is_space_or_end(0) {
            return Err(ScanError::new("found unexpected non-alphabetical character", self.at));
        }
        self.skip_blanks();
        let kind = match name {
            "YAML" => self.version()?,
            "TAG" => self.tag_directive()?,
            _ => return Err(ScanError::new("found unknown directive name", start)),
        };
        self.push(kind, start, self.at);
        self.skip_blanks();
        self.skip_comment();
        let len = self.break_len();
        if len == 0 && self.at < self.text.len() {
            return Err(ScanError::new("did not find expected comment or line break", self.at));
        }
        self.skip_break(len);
        Ok(())
    }

    fn version(&mut self) -> Result<TokenKind<'s>, ScanError> {
        let major = self.number()?;
        if self.byte(0) != b'.' {
            return Err(ScanError::new("did not find expected digit or '.' character", self.at));
        }
        self.at += 1;
        Ok(TokenKind::Version(major, self.number()?))
    }

    fn number(&mut self) -> Result<u8, ScanError> {
        let start = self.at;
        self.skip_while(|b| b.is_ascii_digit());
        match self.slice(start, self.at) {
            "" => Err(ScanError::new("did not find expected version number", start)),
            digits if digits.len() > 2 => {
                Err(ScanError::new("found extremely long version number", start))
            }
            digits => Ok(digits.parse().unwrap_or(u8::MAX)),
        }
    }

    fn tag_directive(&mut self) -> Result<TokenKind<'s>, ScanError> {
        let start = self.at;
        let handle = self.handle()?;
        if handle.len() > 1 && !handle.ends_with('!') {
            return Err(ScanError::new("did not find expected '!'", start));
        }
        if !matches!(self.byte(0), b' ' | b'\t') {
            return Err(ScanError::new("did not find expected whitespace", self.at));
        }
        self.skip_blanks();
        let suffix = self.uri(false)?;
        if !self.is_space_or_end(0) {
            return Err(ScanError::new("did not find expected whitespace or line break", self.at));
        }
        Ok(TokenKind::TagDirective(Box::new(Tag { handle, suffix })))
    }
}
