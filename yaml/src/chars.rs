//! The character classes of YAML 1.1. A byte after the end of a text reads as NUL, which no text has in it:
//! control characters are rejected.

/// A byte of no other class: loops skip it.
const OTHER: u8 = 0;
/// A blank, a line break, or the end.
const SPACE: u8 = 1;
/// The first byte of NEL, LS or PS, and of other characters.
const WIDE: u8 = 2;
/// What ends a plain scalar in a flow collection.
const FLOW: u8 = 4;
const COLON: u8 = 8;
/// What a quoted scalar may end with, or escape by.
const QUOTE: u8 = 16;

pub(super) const ENDS_PLAIN: u8 = SPACE | WIDE | COLON;
pub(super) const ENDS_FLOW_PLAIN: u8 = ENDS_PLAIN | FLOW;
pub(super) const ENDS_QUOTED: u8 = SPACE | WIDE | QUOTE;

#[expect(clippy::indexing_slicing, reason = "the compiler sees that it is within bounds")]
const CLASSES: [u8; 256] = {
    let mut classes = [OTHER; 256];
    let mut b = 0;
    while b < classes.len() {
        classes[b] = match b as u8 {
            0 | b' ' | b'\t' | b'\n' | b'\r' => SPACE,
            0xc2 | 0xe2 => WIDE,
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => FLOW,
            b':' => COLON,
            b'\'' | b'"' | b'\\' => QUOTE,
            _ => OTHER,
        };
        b += 1;
    }
    classes
};

/// Whether a byte is of one of the classes.
#[inline]
pub(super) fn is_any(byte: u8, classes: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|class| class & classes != 0)
}

#[inline]
pub(super) fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}

/// The length of the line break at a byte; 0 where there is none.
#[inline]
pub(super) fn break_len(text: &str, at: usize) -> usize {
    match byte(text, at) {
        b'\n' => 1,
        b'\r' => 1 + usize::from(byte(text, at + 1) == b'\n'),
        0xc2 if byte(text, at + 1) == 0x85 => 2,
        0xe2 if byte(text, at + 1) == 0x80 && matches!(byte(text, at + 2), 0xa8 | 0xa9) => 3,
        _ => 0,
    }
}

/// What a line break is in a value: LS and PS stay, any other is a line feed.
pub(super) fn break_text(text: &str, at: usize) -> &str {
    if byte(text, at) == 0xe2 { text.get(at..at + 3).unwrap_or_default() } else { "\n" }
}

#[inline]
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether there is a blank, a line break or the end.
#[inline]
pub(super) fn is_space_or_end(text: &str, at: usize) -> bool {
    match byte(text, at) {
        0 | b' ' | b'\t' | b'\n' | b'\r' => true,
        0xc2 | 0xe2 => break_len(text, at) > 0,
        _ => false,
    }
}

/// A character of a name: of an anchor, a directive, or a tag's handle.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a line begins with a document marker.
pub(super) fn is_marker(text: &str, marker: &str) -> bool {
    text.starts_with(marker) && is_space_or_end(text, marker.len())
}

/// Whether YAML does not allow a character.
fn is_control(c: char) -> bool {
    !matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

/// The first control character.
pub(super) fn find_control(text: &str) -> Option<usize> {
    // Bytes that may be part of one, counted without a branch: there is hardly ever any.
    let is_suspicious = |b: u8| {
        let is_low = (b < b' ') & (b != b'\n') & (b != b'\t') & (b != b'\r');
        is_low | (b == 0x7f) | (b == 0xc2) | (b == 0xef)
    };
    let suspicious = |chunk: &[u8]| chunk.iter().fold(false, |any, &b| any | is_suspicious(b));
    let (chunks, rest) = text.as_bytes().as_chunks::<64>();
    let at = match chunks.iter().position(|chunk| suspicious(chunk)) {
        Some(chunk) => chunk * 64,
        None if suspicious(rest) => text.len() - rest.len(),
        None => return None,
    };
    // It may begin in the middle of a character.
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at))?;
    text.get(at..)?.find(is_control).map(|found| at + found)
}

/// How many bytes Go's reader decodes at once.
const BLOCK: usize = 512;

/// The byte at which Go's reader leaves the first block: it needs four characters there.
pub(super) fn first_block_end(text: &str) -> usize {
    let block = text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= BLOCK);
    block.map(|(at, _)| at).collect::<Vec<_>>().iter().rev().nth(2).copied().unwrap_or_default()
}

/// Where Go's reader begins the block with a byte in it.
pub(super) fn block_start(text: &str, byte: usize) -> usize {
    let mut start = 0;
    loop {
        let mut end = (start + BLOCK).min(text.len());
        // What is left of a character is read with the next block.
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        if byte < end || end == start || end == text.len() {
            return start;
        }
        start = end;
    }
}
