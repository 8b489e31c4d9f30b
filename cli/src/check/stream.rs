//! A file's documents one by one, so that a long stream needs no more memory than a short one.

use std::io::{self, Read};

use istio_gateway::yaml;

/// How much is read at once. A document that is longer is read whole all the same.
const BLOCK: usize = 128 * 1024;

/// The text of a YAML document.
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    /// How many lines of the stream stand before it.
    pub(super) lines: usize,
    /// Where in the text the first byte stood that is not UTF-8; there are question marks now.
    pub(super) not_text: Option<usize>,
}

/// Reads streams, one after the other, into the same memory.
#[derive(Default)]
pub(super) struct Stream {
    block: Block,
}

impl Stream {
    /// Calls `each` with every document of a YAML stream that is not blank.
    pub(super) fn yaml(
        &mut self,
        mut reader: impl Read,
        mut each: impl FnMut(&Piece<'_>),
    ) -> io::Result<()> {
        let block = &mut self.block;
        block.clear();
        let (mut lines, mut wanted) = (0, BLOCK);
        loop {
            let is_end = block.fill(&mut reader, wanted)?;
            let (done, done_lines) = cut(block, is_end, lines, &mut each);
            if is_end {
                return Ok(());
            }
            lines += done_lines;
            block.drop(done);
            wanted = if done == 0 { wanted.saturating_mul(2) } else { block.filled + BLOCK };
        }
    }
}

/// Calls `each` with the documents that are there to their ends; tells how many bytes and lines
/// these are.
fn cut(
    block: &Block,
    is_end: bool,
    lines: usize,
    each: &mut impl FnMut(&Piece<'_>),
) -> (usize, usize) {
    let mut chunks = yaml::split(block.text(is_end)).peekable();
    let (mut done, mut done_lines) = (0, 0);
    while let Some(chunk) = chunks.next() {
        if chunks.peek().is_none() && !is_end {
            break;
        }
        let end = done + chunk.text.len();
        if !chunk.is_blank() {
            let not_text = block.not_text(done, end);
            each(&Piece { text: chunk.text, lines: lines + chunk.lines, not_text });
        }
        done = end;
        done_lines = chunk.lines + chunk.text.bytes().filter(|&b| b == b'\n').count();
    }
    (done, done_lines)
}

/// Bytes of a stream, of which those that are no text were replaced.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    /// How many of the bytes are the stream's.
    filled: usize,
    /// Up to where the bytes are known to be text.
    checked: usize,
    /// Where those stood that were not.
    replaced: Vec<usize>,
}

impl Block {
    fn clear(&mut self) {
        (self.filled, self.checked) = (0, 0);
        self.replaced.clear();
    }

    /// Reads until there are `wanted` bytes; tells whether the stream has ended.
    fn fill(&mut self, reader: &mut impl Read, wanted: usize) -> io::Result<bool> {
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        let mut is_end = false;
        while self.filled < wanted && !is_end {
            let free = self.bytes.get_mut(self.filled..wanted).unwrap_or_default();
            match reader.read(free) {
                Ok(0) => is_end = true,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.mend(is_end);
        Ok(is_end)
    }

    /// Replaces what is not UTF-8 by as many question marks, so that places stay what they are.
    fn mend(&mut self, is_end: bool) {
        loop {
            let rest = self.bytes.get_mut(self.checked..self.filled).unwrap_or_default();
            let Err(error) = std::str::from_utf8(rest) else {
                self.checked = self.filled;
                return;
            };
            let bad = error.valid_up_to();
            self.checked += bad;
            let length = match error.error_len() {
                Some(length) => length,
                None if is_end => rest.len() - bad,
                // The rest of a character is still to be read.
                None => return,
            };
            self.replaced.push(self.checked);
            rest.iter_mut().skip(bad).take(length).for_each(|byte| *byte = b'?');
        }
    }

    /// What can be cut into documents: whole lines, or all.
    fn text(&self, is_end: bool) -> &str {
        let checked = self.bytes.get(..self.checked).unwrap_or_default();
        let end = match checked.iter().rposition(|&b| b == b'\n') {
            _ if is_end => checked.len(),
            Some(last) => last + 1,
            None => 0,
        };
        std::str::from_utf8(checked.get(..end).unwrap_or_default()).unwrap_or_default()
    }

    fn not_text(&self, from: usize, to: usize) -> Option<usize> {
        let first = self.replaced.iter().find(|at| (from..to).contains(at));
        first.map(|at| at - from)
    }

    fn drop(&mut self, length: usize) {
        self.bytes.copy_within(length..self.filled, 0);
        self.filled -= length;
        self.checked -= length;
        self.replaced.retain_mut(|at| {
            let is_left = *at >= length;
            *at = at.wrapping_sub(length);
            is_left
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let (now, later) = self.0.split_at(self.0.len().min(out.len()).min(7));
            out[..now.len()].copy_from_slice(now);
            self.0 = later;
            Ok(now.len())
        }
    }

    fn pieces(bytes: &[u8]) -> Vec<(String, usize, Option<usize>)> {
        let mut pieces = Vec::new();
        let mut stream = Stream::default();
        // What was read before leaves nothing behind.
        stream.yaml(&b"a: \xff"[..], |_| ()).unwrap();
        stream
            .yaml(Slow(bytes), |piece| {
                pieces.push((piece.text.to_owned(), piece.lines, piece.not_text));
            })
            .unwrap();
        pieces
    }

    #[test]
    fn a_long_stream_is_cut_as_a_short_one() {
        let mut text = String::new();
        for i in 0..20_000 {
            text += &format!("---\n# {i}\nname: ü{i}\ntext: |\n  --- no\n{}", "\n".repeat(i % 3));
        }
        let want: Vec<_> =
            yaml::split(&text).map(|chunk| (chunk.text.to_owned(), chunk.lines, None)).collect();
        assert_eq!(want.len(), 20_000);
        assert!(pieces(text.as_bytes()) == want);
    }

    #[test]
    fn a_document_longer_than_a_block_is_whole() {
        let long = format!("a: {}\n", "ü".repeat(BLOCK));
        let got = pieces(format!("{long}---\nb: 1\n").as_bytes());
        assert_eq!(got, [(long, 0, None), ("---\nb: 1\n".to_owned(), 1, None)]);
    }

    #[test]
    fn what_is_no_text_spoils_its_own_document_alone() {
        let got = pieces(b"a: \xff\n---\nb: \xc3");
        let want = [("a: ?\n".to_owned(), 0, Some(3)), ("---\nb: ?".to_owned(), 1, Some(7))];
        assert_eq!(got, want);
        assert_eq!(pieces(b"a: 1\n---\nb: 2\n").len(), 2);
    }
}
