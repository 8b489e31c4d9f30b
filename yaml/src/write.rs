//! YAML that readers of YAML 1.1 and 1.2 read as the same: block style, with quotes around each string that one
//! of them would read as something else.

use std::{fmt::Write as _, slice};

use super::resolve;
use crate::tree::{Children, Edit, Inline, JsonFloat, Kind, Value, write_inline};

/// Deeper than this, what is left is written in flow style, whose size does not grow with the
/// depth's square.
const MAX_BLOCK_DEPTH: usize = 40;

/// A key longer than this is written after a `?`: simple keys have at most 1,024 characters.
const MAX_SIMPLE_KEY: usize = 256;

/// Appends one document in block style, with a line feed at its end.
///
/// Strings that a reader of YAML 1.1 or 1.2 would read as another type are quoted, strings of several lines are
/// literal block scalars, and what is nested deeper than 40 levels is in flow style.
///
/// ```
/// use kubernetes_yaml::{Edit, Tree, write_yaml};
///
/// let tree = Tree::from_checked_json(r#"{"a":["x","no","1"],"b":"1\n2\n","c":{}}"#)?;
/// let mut yaml = String::new();
/// write_yaml(&Edit::Kept(tree.root()), &mut yaml);
/// assert_eq!(yaml, "a:\n- x\n- \"no\"\n- \"1\"\nb: |\n  1\n  2\nc: {}\n");
/// # Ok::<(), kubernetes_yaml::Error>(())
/// ```
pub fn write_yaml(value: &Edit<'_>, out: &mut String) {
    let (mut writer, value) = (Writer { out }, Value::of(value));
    match value.children() {
        Ok(children) if value.is_nested() => writer.block(children, 0, true),
        // go-yaml indents a literal of the root, too.
        _ => writer.value(value, 1),
    }
}

/// A value in flow style, on one line.
pub(super) fn flow(value: &Edit<'_>) -> String {
    let mut out = String::new();
    write_inline::<Flow>(Value::of(value), &mut out);
    out
}

/// A key and its value in flow style, on one line.
pub(super) fn flow_entry(key: &str, value: &Edit<'_>) -> String {
    let mut out = String::new();
    Flow::key(key, false, &mut out);
    write_inline::<Flow>(Value::of(value), &mut out);
    out
}

/// A value in block style, as lines that begin at the first column.
pub(super) fn block(value: &Edit<'_>) -> String {
    let mut out = String::new();
    write_yaml(value, &mut out);
    out
}

/// A key and its value in block style, as lines that begin at the first column.
pub(super) fn entry<'a>(entry: &(&'a str, Edit<'a>)) -> String {
    let mut out = String::new();
    let entries = Children::EditedEntries(slice::from_ref(entry).iter());
    Writer { out: &mut out }.block(entries, 0, true);
    out
}

/// Flow style, in which a node's own keys and strings are always quoted.
struct Flow;

impl Inline for Flow {
    const COMMA: &str = ", ";

    fn key(key: &str, is_in_node: bool, out: &mut String) {
        if is_long(key) {
            out.push_str("? ");
        }
        if is_in_node {
            quoted(key, out);
            out.push_str(" : ");
        } else {
            string(key, out);
            out.push_str(": ");
        }
    }

    fn scalar(scalar: &Kind<'_>, is_in_node: bool, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match scalar {
            Kind::Bool(v) => write!(out, "{v}"),
            Kind::Unsigned(v) => write!(out, "{v}"),
            // `-0` is the integer 0 in YAML; as a float it keeps its sign.
            Kind::Signed(0) => write!(out, "-0.0"),
            Kind::Signed(v) => write!(out, "{v}"),
            Kind::Float(v) => write!(out, "{}", yaml_float(*v)),
            Kind::BigNumber(text) => write!(out, "{text}"),
            Kind::String(text) => {
                if is_in_node {
                    quoted(text, out);
                } else {
                    string(text, out);
                }
                Ok(())
            }
            _ => write!(out, "null"),
        };
    }
}

struct Writer<'o> {
    out: &'o mut String,
}

impl Writer<'_> {
    /// The entries or items of a block collection, each on lines of its own. `starts_line` is
    /// false after a dash, where the first one follows on the same line.
    fn block(&mut self, children: Children<'_, '_>, depth: usize, mut starts_line: bool) {
        for (key, value) in children {
            if starts_line {
                self.indent(depth);
            }
            starts_line = true;
            match key {
                None => self.out.push('-'),
                Some(key) if is_long(key) => {
                    self.out.push_str("? ");
                    quoted(key, self.out);
                    self.out.push('\n');
                    self.indent(depth);
                    self.out.push(':');
                }
                Some(key) => {
                    string(key, self.out);
                    self.out.push(':');
                }
            }
            match value.children() {
                Ok(children) if value.is_nested() && depth < MAX_BLOCK_DEPTH => {
                    // A sequence stands below its key without indentation, as kubectl writes it.
                    let is_indented = key.is_none() || children.is_mapping();
                    self.out.push(if key.is_none() { ' ' } else { '\n' });
                    self.block(children, depth + usize::from(is_indented), key.is_some());
                }
                _ => {
                    self.out.push(' ');
                    self.value(value, depth + 1);
                }
            }
        }
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.out.push_str("  ");
        }
    }

    /// A scalar, an empty collection, or what is too deep for block style, and the end of its line.
    fn value(&mut self, value: Value<'_, '_>, depth: usize) {
        match value {
            Value::Node(node) if node.as_str().is_some_and(is_literal) => {
                self.literal(node.text(), depth);
            }
            value => write_inline::<Flow>(value, self.out),
        }
        self.out.push('\n');
    }

    /// A string of several lines, as it is, after a `|`.
    fn literal(&mut self, text: &str, depth: usize) {
        self.out.push('|');
        let body = text.trim_end_matches('\n');
        match text.len() - body.len() {
            0 => self.out.push('-'),
            1 => {}
            _ => self.out.push('+'),
        }
        for line in body.split('\n') {
            self.out.push('\n');
            if !line.is_empty() {
                self.indent(depth);
                self.out.push_str(line);
            }
        }
        // The last line feed of the string ends the value's line.
        for _ in 1..text.len() - body.len() {
            self.out.push('\n');
        }
    }
}

fn string(text: &str, out: &mut String) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        quoted(text, out);
    }
}

/// In double quotes.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            // Unlike JSON, YAML has no surrogate pairs.
            c if u32::from(c) > 0xffff => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
            c => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
    }
    out.push('"');
}

/// A float with a point, which is a float to every YAML reader. An exponent has a sign already.
fn yaml_float(v: f64) -> String {
    let text = JsonFloat(v).to_string();
    if text.contains('.') {
        return text;
    }
    let digits = text.find('e').unwrap_or(text.len());
    let (mantissa, exponent) = text.split_at_checked(digits).unwrap_or((&text, ""));
    format!("{mantissa}.0{exponent}")
}

/// Whether a string needs no quotes: it begins like a word, has no indicator of YAML in it, and no reader
/// reads it as a number, a time, a boolean or null.
fn is_plain(text: &str) -> bool {
    let mut chars = text.chars().peekable();
    let starts = match chars.next() {
        Some(first) if first.is_alphabetic() || matches!(first, '_' | '/' | '$') => true,
        // Numbers, base 60 and times have hexadecimal digits and these letters only.
        Some('0'..='9') => {
            text.contains(|c: char| c.is_alphabetic() && !"abcdefxobABCDEFXOBtTzZ".contains(c))
        }
        _ => false,
    };
    let mut last = ' ';
    while let Some(c) = chars.next() {
        let is_fine = match c {
            ':' => chars.peek().is_some_and(|next| *next != ' '),
            ' ' => last != ' ' && chars.peek().is_some_and(|next| *next != '#'),
            c => c.is_alphanumeric() || "_-./@+=~$%*();^".contains(c),
        };
        if !is_fine {
            return false;
        }
        last = c;
    }
    starts
        && text.len() <= 1024
        && resolve::plain(text).is_none()
        && !text.chars().any(|c| !is_printable(c))
}

/// Whether a key, quoted, is too long for a simple key: an escape has at most ten characters.
fn is_long(key: &str) -> bool {
    let width = |c| if is_printable(c) && !matches!(c, '"' | '\\') { 1 } else { 10 };
    key.chars().map(width).sum::<usize>() > MAX_SIMPLE_KEY
}

/// Whether a string of several lines can be a literal block scalar. libyaml rejects a tab at the beginning of
/// a line as bad indentation.
fn is_literal(text: &str) -> bool {
    let body = text.trim_end_matches('\n');
    body.contains('\n')
        && !body.starts_with([' ', '\t', '\n'])
        && text.chars().all(|c| c == '\n' || is_printable(c))
}

/// Whether a character is written as it is. Not printable in YAML 1.1 are control characters; YAML 1.1's line
/// breaks beyond the line feed, the byte order mark, and characters without width or that change the direction
/// of writing are escaped for safety.
fn is_printable(c: char) -> bool {
    match c {
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => false,
        ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => true,
        _ => false,
    }
}
