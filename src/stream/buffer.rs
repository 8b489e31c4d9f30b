//! The part of a stream that is in memory, decoded to UTF-8 if the stream has a byte order mark.

use std::{
    io::{self, Read},
    mem,
};

use crate::diagnostic::Position;

/// The minimum number of bytes that are read at once.
const BLOCK: usize = 128 * 1024;

/// Bytes that were read and not consumed yet.
pub(super) struct Buffer<R> {
    reader: R,
    encoding: Encoding,
    bytes: Vec<u8>,
    /// The number of consumed bytes.
    used: usize,
    /// The position of the first byte that is not consumed.
    position: Position,
    is_end: bool,
}

enum Encoding {
    /// The first bytes have not been read.
    Unknown,
    Utf8,
    Utf16 {
        is_big_endian: bool,
        /// The bytes of half a character.
        rest: Vec<u8>,
    },
}

impl<R: Read> Buffer<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            encoding: Encoding::Unknown,
            bytes: Vec::new(),
            used: 0,
            position: Position::START,
            is_end: false,
        }
    }

    /// The available bytes.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.used..).unwrap_or_default()
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Whether nothing follows the available bytes.
    pub(super) fn is_end(&self) -> bool {
        self.is_end
    }

    /// Reads until this many bytes are available, or the stream ends.
    pub(super) fn fill(&mut self, wanted: usize) -> io::Result<()> {
        while self.rest().len() < wanted && !self.is_end {
            self.bytes.drain(..mem::take(&mut self.used));
            let missing = wanted - self.bytes.len();
            self.read(missing.max(BLOCK))?;
        }
        Ok(())
    }

    fn read(&mut self, count: usize) -> io::Result<()> {
        if let Encoding::Unknown = self.encoding {
            let mut start = Vec::new();
            self.reader.by_ref().take(3).read_to_end(&mut start)?;
            let (encoding, mark) = match *start.as_slice() {
                [0xef, 0xbb, 0xbf] => (Encoding::Utf8, 3),
                [0xff, 0xfe, ..] => (Encoding::utf16(false), 2),
                [0xfe, 0xff, ..] => (Encoding::utf16(true), 2),
                _ => (Encoding::Utf8, 0),
            };
            self.encoding = encoding;
            self.push(start.split_off(mark));
        }
        let mut read = Vec::new();
        let is_utf8 = matches!(self.encoding, Encoding::Utf8);
        let target = if is_utf8 { &mut self.bytes } else { &mut read };
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let done = self.reader.by_ref().take(count).read_to_end(target)?;
        self.push(read);
        if u64::try_from(done).unwrap_or(u64::MAX) < count {
            self.is_end = true;
            if let Encoding::Utf16 { rest, .. } = &mut self.encoding
                && !mem::take(rest).is_empty()
            {
                self.bytes.extend("\u{fffd}".as_bytes());
            }
        }
        Ok(())
    }

    fn push(&mut self, mut read: Vec<u8>) {
        let Encoding::Utf16 { is_big_endian, rest } = &mut self.encoding else {
            self.bytes.append(&mut read);
            return;
        };
        let is_high = |unit: u16| (0xd800..0xdc00).contains(&unit);
        rest.append(&mut read);
        let (pairs, odd) = rest.as_chunks::<2>();
        let unit = if *is_big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
        let mut units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        let mut left = odd.to_vec();
        if units.pop_if(|last| is_high(*last)).is_some() {
            left.splice(..0, pairs.last().copied().unwrap_or_default());
        }
        *rest = left;
        for decoded in char::decode_utf16(units) {
            let decoded = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.bytes.extend(decoded.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    /// Ends the last line if the stream ends within it.
    pub(super) fn end_line(&mut self) {
        if self.is_end && self.rest().last().is_some_and(|last| *last != b'\n') {
            self.bytes.push(b'\n');
        }
    }

    /// The position of one of the available bytes.
    pub(super) fn position_of(&self, offset: usize) -> Position {
        let before = self.rest().get(..offset).unwrap_or(self.rest());
        let lines = before.iter().filter(|&&byte| byte == b'\n').count();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = String::from_utf8_lossy(before.get(line_start..).unwrap_or_default());
        let column = line.chars().count();
        match lines {
            0 => Position { column: self.position.column + column, ..self.position },
            _ => Position::new(self.position.line + lines, column + 1),
        }
    }

    /// Consumes this many bytes.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.rest().len());
        self.position = self.position_of(count);
        self.used += count;
    }
}

impl Encoding {
    fn utf16(is_big_endian: bool) -> Self {
        Self::Utf16 { is_big_endian, rest: Vec::new() }
    }
}
