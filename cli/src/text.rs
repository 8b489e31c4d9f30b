//! Text output: escaping, lists, and lines of a given width.

#[cfg(any(unix, windows))]
use std::io;

/// Untrusted text for one line: escaped, and truncated if it is very long.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        None => harmless(text),
        Some((end, _)) => harmless(text.get(..end).unwrap_or_default()) + "…",
    }
}

/// Escapes untrusted text: characters that affect a terminal or browser (control characters, line
/// breaks, and those that change the text direction or have no width) are written as their code points.
pub(crate) fn harmless(text: &str) -> String {
    if text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let mut harmless = String::new();
    for character in text.chars() {
        if is_harmful(character) {
            harmless += &format!("\\u{{{:x}}}", u32::from(character));
        } else {
            harmless.push(character);
        }
    }
    harmless
}

/// Whether it is a printable character of ASCII, as nearly all are.
pub(crate) fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

pub(crate) fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The first `most` of a list of untrusted texts, and the number of the others; `nothing` if it is
/// empty.
pub(crate) fn listed(texts: &[String], most: usize, nothing: &str) -> String {
    if texts.is_empty() {
        return nothing.to_owned();
    }
    let mut first: Vec<String> = texts.iter().take(most).map(|text| shown(text)).collect();
    if texts.len() > most {
        first.push(format!("and {} more", thousands(texts.len() - most)));
    }
    first.join(", ")
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn joined(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [first @ .., word] => format!("{} {last} {word}", first.join(", ")),
    }
}

/// `1 name`, `2 names`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `9,990`.
fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The width of the terminal in columns, if standard output is one.
#[cfg(any(unix, windows))]
pub(crate) fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// WebAssembly has no terminal.
#[cfg(not(any(unix, windows)))]
pub(crate) fn terminal_width() -> Option<usize> {
    None
}

/// The width of text if there is no terminal.
pub(crate) const DEFAULT_WIDTH: usize = 80;

/// The width of text: that of the terminal, from 60 to 100 columns.
pub(crate) fn text_width() -> usize {
    terminal_width().map_or(DEFAULT_WIDTH, |columns| columns.clamp(60, 100))
}

/// Wraps at `width` characters. Line breaks are kept, and a longer word is broken at the end of the
/// line.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.trim_end().lines() {
        let mut line = String::new();
        let mut length = 0;
        for word in paragraph.split_whitespace() {
            let long = word.chars().count();
            if length > 0 && length + 1 + long > width {
                lines.push(std::mem::take(&mut line));
                length = 0;
            }
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            for character in word.chars() {
                if length == width {
                    lines.push(std::mem::take(&mut line));
                    length = 0;
                }
                line.push(character);
                length += 1;
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown_as_its_number() {
        assert_eq!(shown("a\u{1b}[31m\u{202e}b\n"), "a\\u{1b}[31m\\u{202e}b\\u{a}");
        assert_eq!(shown("käse <b>"), "käse <b>");
        assert_eq!(shown(&"x".repeat(300)).chars().count(), 201);
        assert_eq!(harmless(&"\n".repeat(300)), "\\u{a}".repeat(300));
    }

    #[test]
    fn lists_and_lines_have_an_end() {
        let texts: Vec<String> = (0..1500).map(|n| n.to_string()).collect();
        assert_eq!(listed(&texts, 2, "none"), "0, 1, and 1,498 more");
        assert_eq!(listed(&[], 2, "none"), "none");
        assert_eq!(joined(&["a", "b", "c"], "or"), "a, b or c");
        assert_eq!(wrapped("a bb ccc dddddd", 4), ["a bb", "ccc", "dddd", "dd"]);
        assert_eq!(wrapped("a\n\nb", 4), ["a", "", "b"]);
    }
}
