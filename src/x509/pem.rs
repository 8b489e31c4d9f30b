//! PEM as BoringSSL reads it.

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::Secret;

/// A block of a PEM text.
pub(super) struct Block {
    /// Its type, after `BEGIN`.
    pub(super) kind: Vec<u8>,
    pub(super) bytes: Secret,
    /// The line at which it begins.
    pub(super) line: usize,
    /// What stands before an empty line.
    header: Vec<u8>,
}

/// A malformed block, by the line at which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) line: usize,
}

/// The most bytes of a line; a longer one is read in parts.
const LONGEST_LINE: usize = 253;

impl Block {
    /// Whether the block has no header, which would be that of an encrypted one. Envoy has no password.
    ///
    /// Source: BoringSSL's `PEM_get_EVP_CIPHER_INFO`, which reads the header as text that ends with a zero byte.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.header.first(), None | Some(0))
    }

    /// The length of the header as text.
    #[cfg(feature = "validate")]
    pub(super) fn header_len(&self) -> usize {
        self.header.iter().take_while(|byte| **byte != 0).count()
    }
}

/// The blocks of a text, one after the other, up to a malformed one.
///
/// Source: BoringSSL's `PEM_read_bio_inner`, called until it finds nothing or fails.
pub(super) fn blocks(text: &[u8]) -> impl Iterator<Item = Result<Block, Malformed>> {
    let mut lines = Lines { rest: text, number: 1 };
    let mut has_failed = false;
    std::iter::from_fn(move || {
        if has_failed {
            return None;
        }
        let (begin, kind) =
            lines.by_ref().find_map(|(number, line)| Some((number, kind_of(&line)?)))?;
        let block = read(begin, kind, &mut lines).ok_or(Malformed { line: begin });
        has_failed = block.is_err();
        Some(block)
    })
}

/// The lines, each with its number, without what is not visible at the end.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl Iterator for Lines<'_> {
    type Item = (usize, Secret);

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.number;
        let window = self.rest.get(..LONGEST_LINE.min(self.rest.len()))?;
        let end = window.iter().position(|byte| *byte == b'\n');
        let (line, rest) = self.rest.split_at(end.map_or(window.len(), |end| end + 1));
        if line.is_empty() {
            return None;
        }
        self.rest = rest;
        self.number += usize::from(end.is_some());
        // On x86-64, bytes above 127 are negative numbers, and so below a space.
        let is_trimmed = |byte: &u8| *byte <= b' ' || *byte >= 0x80;
        let end = line.iter().rposition(|byte| !is_trimmed(byte)).map_or(0, |at| at + 1);
        Some((number, Secret::new(line.get(..end)?.to_vec())))
    }
}

/// The type of the block that a line begins.
fn kind_of(line: &[u8]) -> Option<Vec<u8>> {
    let kind = line.strip_prefix(b"-----BEGIN ")?.strip_suffix(b"-----")?;
    // The line is text that ends with a zero byte.
    (!kind.contains(&0)).then(|| kind.to_vec())
}

fn read(begin: usize, kind: Vec<u8>, lines: &mut Lines<'_>) -> Option<Block> {
    let end = [b"-----END ", &*kind, b"-----"].concat();
    let (mut header, mut body) = (Vec::new(), Secret::default());
    let mut has_header = false;
    loop {
        let (_, line) = lines.next()?;
        if line.is_empty() && !has_header {
            has_header = true;
            header = std::mem::take(&mut *body);
        } else if line.starts_with(b"-----END ") {
            let bytes = (*line == end).then(|| base64(&body))??;
            return Some(Block { kind, bytes: Secret::new(bytes), line: begin, header });
        } else {
            body.extend_from_slice(&line);
            body.push(b'\n');
        }
    }
}

/// Decodes Base64, which is not empty. The unused bits of the last digit may have any value.
///
/// Source: BoringSSL's `EVP_DecodeUpdate` and `EVP_DecodeFinal`.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    const STANDARD: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
    );
    let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let digits = text.iter().filter(|byte| !is_space(byte)).copied();
    let digits = Secret::new(digits.collect());
    STANDARD.decode(&*digits).ok().filter(|bytes| !bytes.is_empty())
}
