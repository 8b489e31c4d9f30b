//! Templates that are not YAML before they are rendered.

use istio_gateway::{Error, Object, stream::DocumentReader};

/// A template with something instead of each action.
pub(super) struct Outline {
    /// As long as the template, so that positions are the same in both.
    pub(super) text: String,
    /// Where the first action begins.
    pub(super) first: usize,
}

/// A text with its template actions, `{{ }}` and `{% %}`, replaced: those that print a value by a
/// scalar, those that print nothing (`if`, `end`, comments) and lines with nothing but actions by blanks.
/// `None` if there are no actions.
pub(super) fn outline(template: &str) -> Option<Outline> {
    let mut text = String::with_capacity(template.len());
    let (mut rest, mut first) = (template, None);
    // Where the line begins, and whether it has actions and nothing else so far.
    let mut line = Line::default();
    while let Some((at, close)) = next_action(rest) {
        let Some(end) = rest.get(at..).and_then(|action| action.find(close)) else { break };
        let (before, action) = rest.split_at(at);
        let (action, after) = action.split_at(end + close.len());
        first.get_or_insert(text.len() + at);
        line.pass(before, &mut text);
        line.action(action, close == "}}" && prints(action), &mut text);
        rest = after;
    }
    line.pass(rest, &mut text);
    line.finish(&mut text);
    first.map(|first| Outline { text, first })
}

/// Why a text is not YAML.
pub(super) fn syntax_error(text: &str) -> Option<Error> {
    let mut reader = DocumentReader::new(text.as_bytes());
    let read = std::iter::from_fn(|| {
        Some(reader.next_document()?.and_then(|document| Object::of_stream(&document)))
    });
    read.filter_map(Result::err).find(|error| !error.is_decode())
}

/// The position of the next action, and its end mark.
fn next_action(text: &str) -> Option<(usize, &'static str)> {
    text.match_indices('{').find_map(|(at, _)| match text.as_bytes().get(at + 1)? {
        b'{' => Some((at, "}}")),
        b'%' => Some((at, "%}")),
        _ => None,
    })
}

/// Whether an action prints something.
fn prints(action: &str) -> bool {
    const SILENT: [&str; 10] =
        ["if", "else", "end", "range", "with", "define", "block", "break", "continue", "/*"];
    let inner = action.trim_start_matches('{').trim_start_matches('-').trim_start();
    let is_word = |silent: &&str| {
        let after = inner.strip_prefix(*silent);
        after.is_some_and(|after| {
            *silent == "/*" || !after.starts_with(|c: char| c == '_' || c.is_alphanumeric())
        })
    };
    let is_assignment = inner.starts_with('$') && (inner.contains(":=") || inner.contains(" = "));
    !is_assignment && !SILENT.iter().any(is_word)
}

#[derive(Default)]
struct Line {
    /// Where it begins in what is written.
    start: usize,
    has_action: bool,
    has_text: bool,
}

impl Line {
    /// Text that stays.
    fn pass(&mut self, passed: &str, text: &mut String) {
        for part in passed.split_inclusive('\n') {
            self.has_text |= !part.trim().is_empty();
            text.push_str(part);
            if part.ends_with('\n') {
                self.finish(text);
            }
        }
    }

    /// An action, of which only the first line may print something.
    fn action(&mut self, action: &str, prints: bool, text: &mut String) {
        self.has_action = true;
        for (number, part) in action.split_inclusive('\n').enumerate() {
            let fill = if prints && number == 0 { 'x' } else { ' ' };
            let line = part.trim_end_matches(['\n', '\r']);
            text.extend(line.bytes().map(|_| fill));
            if let Some(end) = part.get(line.len()..).filter(|end| !end.is_empty()) {
                text.push_str(end);
                self.finish(text);
                self.has_action = true;
            }
        }
    }

    fn finish(&mut self, text: &mut String) {
        if self.has_action && !self.has_text {
            let blank: String = text
                .get(self.start..)
                .unwrap_or_default()
                .chars()
                .map(|c| if c == '\n' || c == '\r' { c } else { ' ' })
                .collect();
            text.truncate(self.start);
            text.push_str(&blank);
        }
        *self = Self { start: text.len(), ..Self::default() };
    }
}
