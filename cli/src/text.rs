//! Text for people: names of severities, what comes from outside made harmless, lists, and lines of a
//! given width.

use std::io;

use istio_gateway::Severity;

/// `error`, `warning` or `note`.
pub(crate) fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        _ => "note",
    }
}

/// A text from outside as it can be shown in one line: harmless, and cut where it is very long.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        None => harmless(text),
        Some((end, _)) => harmless(text.get(..end).unwrap_or_default()) + "…",
    }
}

/// A text from outside, in which what a terminal or a browser would act on (control characters, line
/// breaks among them, those that turn the direction of writing or have no width) is written as its
/// number.
pub(crate) fn harmless(text: &str) -> String {
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

/// The first `most` of a list of texts from outside, and how many more there are; `nothing` of an
/// empty one.
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

/// How many columns a terminal has that standard output is.
pub(crate) fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// How wide a text for people is where there is no terminal.
pub(crate) const DEFAULT_WIDTH: usize = 80;

/// How wide a text for people is: as wide as the terminal, from 60 to 100 columns.
pub(crate) fn text_width() -> usize {
    terminal_width().map_or(DEFAULT_WIDTH, |columns| columns.clamp(60, 100))
}

/// Lines of at most `width` characters; what the text breaks itself stays broken, and a word that
/// is longer is broken where the line ends.
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
