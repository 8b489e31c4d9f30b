//! YAML that every reader understands alike: block style, and in quotes whatever a YAML 1.1
//! reader could take for something else than a text.

use std::fmt::Write as _;

use super::resolve;
use crate::tree::{Edit, JsonFloat, Kind, Ref};

/// Deeper than this, what is left is written in flow style, whose size does not grow with the
/// depth's square.
const MAX_BLOCK_DEPTH: usize = 40;

/// A key longer than this is written behind a `?`: YAML's simple keys have at most 1024 characters.
const MAX_SIMPLE_KEY: usize = 256;

/// Writes one document, with a line feed at its end.
pub fn write_yaml(value: &Edit<'_>, out: &mut String) {
    let (mut writer, value) = (Writer { out }, Child::of(value));
    if value.is_nested() {
        writer.block(value.children(), 0, true);
    } else {
        writer.value(value, 0);
        writer.out.push('\n');
    }
}

/// A value in flow style, on one line.
pub(super) fn flow(value: &Edit<'_>) -> String {
    let mut out = String::new();
    Writer { out: &mut out }.inline(Child::of(value));
    out
}

/// A key and its value in flow style, on one line.
pub(super) fn flow_entry(key: &str, value: &Edit<'_>) -> String {
    let mut out = String::new();
    let mut writer = Writer { out: &mut out };
    if is_long(key) {
        writer.out.push_str("? ");
    }
    writer.text(key);
    writer.out.push_str(": ");
    writer.inline(Child::of(value));
    out
}

/// A value in block style, as lines that begin at the first column.
pub(super) fn block(value: &Edit<'_>) -> String {
    let mut out = String::new();
    write_yaml(value, &mut out);
    out
}

/// A key and its value in block style, as lines that begin at the first column.
pub(super) fn entry(key: &str, value: &Edit<'_>) -> String {
    let mut out = String::new();
    Writer { out: &mut out }.block(Children::Map(vec![(key, Child::of(value))]), 0, true);
    out
}

/// A value: a node as it is, or something put together anew.
#[derive(Clone, Copy)]
enum Child<'e, 'a> {
    Node(Ref<'a, 'a>),
    Map(&'e [(&'a str, Edit<'a>)]),
    List(&'e [Edit<'a>]),
}

/// What stands in a collection.
enum Children<'e, 'a> {
    Map(Vec<(&'e str, Child<'e, 'a>)>),
    List(Vec<Child<'e, 'a>>),
}

impl<'e, 'a> Child<'e, 'a> {
    fn of(value: &'e Edit<'a>) -> Self {
        match value {
            Edit::Kept(node) | Edit::Replaced { node, .. } => Self::Node(*node),
            Edit::Mapping { entries, .. } => Self::Map(entries),
            Edit::Sequence { items, .. } => Self::List(items),
        }
    }

    /// Whether it is a collection with something in it.
    fn is_nested(self) -> bool {
        match self {
            Self::Node(node) => node.entries().next().is_some() || node.items().next().is_some(),
            Self::Map(entries) => !entries.is_empty(),
            Self::List(items) => !items.is_empty(),
        }
    }

    fn children(self) -> Children<'e, 'a> {
        match self {
            Self::Node(node) if node.is_mapping() => {
                let entries = node.distinct_entries().into_iter();
                Children::Map(entries.map(|(key, value)| (key.text(), Self::Node(value))).collect())
            }
            Self::Node(node) => Children::List(node.items().map(Self::Node).collect()),
            Self::Map(entries) => {
                Children::Map(entries.iter().map(|(key, value)| (*key, Self::of(value))).collect())
            }
            Self::List(items) => Children::List(items.iter().map(Self::of).collect()),
        }
    }
}

struct Writer<'o> {
    out: &'o mut String,
}

impl Writer<'_> {
    /// The entries or items of a block collection, each on lines of its own. `starts_line` is
    /// false behind a dash, where the first one follows on the same line.
    fn block(&mut self, children: Children<'_, '_>, depth: usize, mut starts_line: bool) {
        match children {
            Children::Map(entries) => {
                for (key, value) in entries {
                    if starts_line {
                        self.indent(depth);
                    }
                    starts_line = true;
                    if is_long(key) {
                        self.out.push_str("? ");
                        self.quoted(key);
                        self.out.push('\n');
                        self.indent(depth);
                    } else {
                        self.text(key);
                    }
                    self.out.push(':');
                    self.behind_key(value, depth);
                }
            }
            Children::List(items) => {
                for item in items {
                    if starts_line {
                        self.indent(depth);
                    }
                    starts_line = true;
                    self.out.push('-');
                    self.out.push(' ');
                    if item.is_nested() && depth < MAX_BLOCK_DEPTH {
                        self.block(item.children(), depth + 1, false);
                    } else {
                        self.value(item, depth + 1);
                        self.out.push('\n');
                    }
                }
            }
        }
    }

    fn behind_key(&mut self, value: Child<'_, '_>, depth: usize) {
        if value.is_nested() && depth < MAX_BLOCK_DEPTH {
            self.out.push('\n');
            let children = value.children();
            // A list stands below its key without indentation, as kubectl writes it.
            let depth = if matches!(children, Children::Map(_)) { depth + 1 } else { depth };
            self.block(children, depth, true);
        } else {
            self.out.push(' ');
            self.value(value, depth + 1);
            self.out.push('\n');
        }
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.out.push_str("  ");
        }
    }

    /// A scalar, an empty collection, or what is too deep for block style.
    fn value(&mut self, value: Child<'_, '_>, depth: usize) {
        match value {
            Child::Node(node) => match node.kind() {
                Kind::String(text) if is_literal(text) => self.literal(text, depth),
                Kind::String(text) => self.text(text),
                _ => self.flow(node),
            },
            Child::Map([]) => self.out.push_str("{}"),
            Child::List([]) => self.out.push_str("[]"),
            // What is put together anew follows the schema, which is a few levels deep.
            Child::Map(_) | Child::List(_) => {}
        }
    }

    /// A value on one line.
    fn inline(&mut self, value: Child<'_, '_>) {
        match value {
            Child::Node(node) => match node.kind() {
                Kind::String(text) => self.text(text),
                _ => self.flow(node),
            },
            Child::Map(entries) => {
                self.out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.text(key);
                    self.out.push_str(": ");
                    self.inline(Child::of(value));
                }
                self.out.push('}');
            }
            Child::List(items) => {
                self.out.push('[');
                for (i, item) in items.iter().enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.inline(Child::of(item));
                }
                self.out.push(']');
            }
        }
    }

    /// Without recursion: a document may be ten thousand levels deep.
    fn flow(&mut self, root: Ref<'_, '_>) {
        enum Step<'a> {
            Value(Ref<'a, 'a>),
            Key(&'a str),
            Text(&'static str),
        }
        let mut steps = vec![Step::Value(root)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Text(text) => self.out.push_str(text),
                Step::Key(key) => {
                    if is_long(key) {
                        self.out.push_str("? ");
                    }
                    self.quoted(key);
                    self.out.push_str(" : ");
                }
                Step::Value(node) => match node.kind() {
                    Kind::Sequence => {
                        self.out.push('[');
                        steps.push(Step::Text("]"));
                        let items: Vec<_> = node.items().collect();
                        for (i, item) in items.into_iter().enumerate().rev() {
                            steps.push(Step::Value(item));
                            if i > 0 {
                                steps.push(Step::Text(", "));
                            }
                        }
                    }
                    Kind::Mapping | Kind::MergedMapping(_) => {
                        self.out.push('{');
                        steps.push(Step::Text("}"));
                        for (i, (key, value)) in
                            node.distinct_entries().into_iter().enumerate().rev()
                        {
                            steps.push(Step::Value(value));
                            steps.push(Step::Key(key.text()));
                            if i > 0 {
                                steps.push(Step::Text(", "));
                            }
                        }
                    }
                    Kind::String(text) => self.quoted(text),
                    scalar => self.scalar(scalar),
                },
            }
        }
    }

    fn scalar(&mut self, scalar: &Kind<'_>) {
        // Writing to a String cannot fail.
        let _ = match scalar {
            Kind::Bool(v) => write!(self.out, "{v}"),
            Kind::Unsigned(v) => write!(self.out, "{v}"),
            // `-0` is the integer 0 in YAML; as a float it keeps its sign.
            Kind::Signed(0) => write!(self.out, "-0.0"),
            Kind::Signed(v) => write!(self.out, "{v}"),
            Kind::Float(v) => write!(self.out, "{}", yaml_float(*v)),
            Kind::BigNumber(text) => write!(self.out, "{text}"),
            _ => write!(self.out, "null"),
        };
    }

    fn text(&mut self, text: &str) {
        if is_plain(text) {
            self.out.push_str(text);
        } else {
            self.quoted(text);
        }
    }

    /// In double quotes.
    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                c if is_printable(c) => self.out.push(c),
                // Unlike JSON, YAML has no surrogate pairs.
                c if u32::from(c) > 0xffff => {
                    let _ = write!(self.out, "\\U{:08x}", u32::from(c));
                }
                c => {
                    let _ = write!(self.out, "\\u{:04x}", u32::from(c));
                }
            }
        }
        self.out.push('"');
    }

    /// A text of several lines, as it is, behind a `|`.
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
        // The line feed that ends the value is the text's own last one.
        for _ in 1..text.len() - body.len() {
            self.out.push('\n');
        }
    }
}

/// A float with a point and a signed exponent, which is a float to every YAML reader.
fn yaml_float(v: f64) -> String {
    let text = JsonFloat(v).to_string();
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text.as_str(), None),
    };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    match exponent {
        None => format!("{mantissa}{point}"),
        Some(exponent) if exponent.starts_with(['-', '+']) => {
            format!("{mantissa}{point}e{exponent}")
        }
        Some(exponent) => format!("{mantissa}{point}e+{exponent}"),
    }
}

/// Whether a text may stand without quotes: it begins like a word, has nothing in it that YAML
/// gives a meaning, and no reader takes it for a number, a time, a boolean or null.
fn is_plain(text: &str) -> bool {
    let inner = |c: char| {
        c.is_alphanumeric()
            || matches!(
                c,
                '_' | '-'
                    | '.'
                    | '/'
                    | '@'
                    | '+'
                    | '='
                    | '~'
                    | '$'
                    | '%'
                    | '*'
                    | '('
                    | ')'
                    | ';'
                    | '^'
            )
    };
    let mut chars = text.chars().peekable();
    let starts = match chars.next() {
        Some(first) if first.is_alphabetic() || matches!(first, '_' | '/' | '$') => true,
        // No number, no base 60, no time has a letter beyond hexadecimal and those few in it.
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
            c => inner(c),
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

/// Whether a key is too long for a simple one, quoted: an escape has at most ten characters.
fn is_long(key: &str) -> bool {
    let width = |c| if is_printable(c) && !matches!(c, '"' | '\\') { 1 } else { 10 };
    key.chars().map(width).sum::<usize>() > MAX_SIMPLE_KEY
}

/// Whether a text of several lines can be written as it is. libyaml takes a tab at the beginning of a
/// line for bad indentation.
fn is_literal(text: &str) -> bool {
    let body = text.trim_end_matches('\n');
    body.contains('\n')
        && !body.starts_with([' ', '\t', '\n'])
        && text.chars().all(|c| c == '\n' || is_printable(c))
}

/// Whether YAML 1.1 lets a character stand for itself. Its line breaks beyond the line feed, the byte
/// order mark, and what has no width or turns the direction of writing, are better escaped.
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
