//! PEM as BoringSSL reads it.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A block of a PEM text.
pub(super) struct Block<'a> {
    /// Its type, after `BEGIN`.
    pub(super) kind: &'a [u8],
    pub(super) bytes: Vec<u8>,
}

/// A malformed block, by the line at which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) line: usize,
}

/// The blocks of a text, one after the other.
///
/// Source: BoringSSL's `PEM_read_bio`, called until it finds nothing.
pub(super) fn blocks(text: &[u8]) -> impl Iterator<Item = Result<Block<'_>, Malformed>> {
    let mut lines = text.split(|b| *b == b'\n').map(trim).enumerate();
    std::iter::from_fn(move || {
        let (begin, kind) =
            lines.by_ref().find_map(|(number, line)| Some((number, boundary(line, b"BEGIN ")?)))?;
        let mut rest = lines.by_ref().map(|(_, line)| line);
        Some(read(kind, &mut rest).ok_or(Malformed { line: begin + 1 }))
    })
}

fn read<'a>(kind: &'a [u8], lines: &mut impl Iterator<Item = &'a [u8]>) -> Option<Block<'a>> {
    let mut digits = Vec::new();
    let mut has_header = false;
    for line in lines {
        if let Some(end) = boundary(line, b"END ") {
            let bytes = STANDARD.decode(digits).ok().filter(|bytes| !bytes.is_empty())?;
            return (end == kind).then_some(Block { kind, bytes });
        }
        // What stands before an empty line is a header. Only that of an encrypted key is allowed.
        if line.is_empty() {
            if has_header || !digits.is_empty() && !digits.starts_with(b"Proc-Type:") {
                return None;
            }
            has_header = true;
            digits.clear();
        }
        digits.extend(line.iter().filter(|b| !matches!(b, b' ' | b'\t')));
    }
    None
}

/// The type in a line that begins or ends a block.
fn boundary<'a>(line: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(b"-----")?.strip_prefix(word)?.strip_suffix(b"-----")
}

fn trim(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|b| *b > b' ').map_or(0, |at| at + 1);
    line.get(..end).unwrap_or_default()
}
