//! PEM as Go's `encoding/pem` reads it: text that is not a block is skipped silently.
//!
//! Libraries fail on a malformed block, or know only the types of RFC 7468; Go skips the one, and accepts
//! any type that ends with `PRIVATE KEY`.

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// A block of a PEM text.
#[cfg_attr(
    not(feature = "gateway-api"),
    expect(dead_code, reason = "istiod reads the type for Gateway API only")
)]
pub(super) struct Block {
    /// Its type, after `BEGIN`.
    pub(super) kind: Vec<u8>,
    /// Whether there are headers before the Base64.
    pub(super) has_headers: bool,
    pub(super) bytes: Vec<u8>,
}

/// The blocks of a text, one after the other.
///
/// Source: `encoding/pem.Decode`, called until it finds nothing.
pub(super) fn blocks(text: &[u8]) -> impl Iterator<Item = Block> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (block, after) = next(rest)?;
        rest = after;
        Some(block)
    })
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// The first block of a text, and the text after it.
fn next(mut rest: &[u8]) -> Option<(Block, &[u8])> {
    loop {
        // The end comes first, then the last beginning before it: a beginning without an end is skipped.
        let end = find(rest, END)?;
        let begin = rest.get(..end).and_then(|before| find_last(before, BEGIN));
        let after_end = rest.get(end + END.len()..)?;
        let is_at_line = |at: usize| at == 0 || rest.get(at - 1) == Some(&b'\n');
        let Some(begin) = begin.filter(|begin| is_at_line(*begin)) else {
            rest = after_end;
            continue;
        };
        let (first, body) = line(rest.get(begin + BEGIN.len()..)?);
        let Some(kind) = first.strip_suffix(DASHES) else {
            rest = after_end;
            continue;
        };
        let (has_headers, data) = skip_headers(body)?;
        if data.len() < after_end.len() {
            // The end was treated as a header.
            return None;
        }
        let len = data.len().checked_sub(after_end.len() + END.len());
        let closes = after_end
            .strip_prefix(kind)
            .and_then(|rest| rest.strip_prefix(DASHES))
            .filter(|rest| line(rest).0.is_empty());
        let data = match (len, closes) {
            (_, None) => None,
            (Some(len), Some(_)) => data.get(..len).and_then(base64_lines),
            // Without headers, the line break before the end may be that of the beginning.
            (None, Some(_)) if !has_headers => Some(Vec::new()),
            (None, Some(_)) => None,
        };
        let Some(bytes) = data else {
            rest = after_end;
            continue;
        };
        return Some((Block { kind: kind.to_vec(), has_headers, bytes }, line(after_end).1));
    }
}

/// Whether there are lines with a colon, and the text after them. `None` if nothing follows.
fn skip_headers(mut rest: &[u8]) -> Option<(bool, &[u8])> {
    let mut has_headers = false;
    loop {
        if rest.is_empty() {
            return None;
        }
        let (first, after) = line(rest);
        if !first.contains(&b':') {
            return Some((has_headers, rest));
        }
        has_headers = true;
        rest = after;
    }
}

/// The first line without its end and the spaces before that, and the text after it.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|b| *b == b'\n') {
        Some(at) => {
            let (line, rest) = text.split_at(at);
            (line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..).unwrap_or_default())
        }
        None => (text, &[][..]),
    };
    let end = line.iter().rposition(|b| !matches!(b, b' ' | b'\t')).map_or(0, |at| at + 1);
    (line.get(..end).unwrap_or_default(), rest)
}

fn base64_lines(text: &[u8]) -> Option<Vec<u8>> {
    let kept = text.iter().copied().filter(|b| !matches!(b, b' ' | b'\t'));
    base64(&kept.collect::<Vec<_>>())
}

/// Base64 as Go's `StdEncoding` reads it: padded; line breaks and surplus bits are ignored.
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    const STANDARD: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
    );
    let kept: Vec<u8> = text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    STANDARD.decode(kept).ok()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn find_last(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).rposition(|window| window == wanted)
}
