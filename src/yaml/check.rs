//! What Go's scanner, a YAML 1.1 one, refuses between the values of a document: tabs where it wants
//! blanks, names of anchors, tags and directives.

/// Why a text is refused, and where.
pub(super) type Refused = (&'static str, usize);

/// What stood last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// A plain scalar, whose continuation lines may begin here.
    Plain,
    Other,
}

/// Walks over the text between the values.
#[derive(Debug)]
pub(super) struct Gaps<'s> {
    text: &'s str,
    /// Whether the text has tabs, and all of it has to be walked over.
    pub(super) has_tabs: bool,
    /// Whether a key might begin here: then a tab is none of the blanks that may stand before it.
    is_key_allowed: bool,
    last: Last,
    at: usize,
    /// The columns of the block collections around, one more each than the last.
    indents: Vec<usize>,
    pub(super) flow: usize,
    /// Where an anchor's name ends before a character that YAML 1.2 has in it.
    pub(super) name_ends: Vec<usize>,
    /// Tags with characters that YAML 1.2 has not in them.
    pub(super) long_tags: Vec<usize>,
    /// Where the tag or anchor stands that the next value begins with.
    properties: Option<usize>,
}

impl<'s> Gaps<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        Self {
            text,
            has_tabs: text.contains('\t'),
            is_key_allowed: true,
            last: Last::Other,
            at: 0,
            indents: Vec::new(),
            flow: 0,
            name_ends: Vec::new(),
            long_tags: Vec::new(),
            properties: None,
        }
    }

    /// The column that a continuation line of a plain scalar must reach.
    fn indent(&self) -> usize {
        self.indents.last().copied().unwrap_or(0)
    }

    fn column(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.rfind(is_break).map_or(0, |i| i + 1);
        let line = before.get(line..).unwrap_or_default();
        line.trim_start_matches(|c| is_break(c) || c == '\u{feff}').chars().count()
    }

    /// A block collection begins. A list that stands in a map without indentation of its own begins
    /// with its first item, behind the dash, and is indented as the map is.
    pub(super) fn open_block(&mut self, start: usize, is_list_in_map: bool) {
        self.properties = None;
        if self.has_tabs {
            let before = self.text.get(..start).unwrap_or_default().trim_end_matches([' ', '\t']);
            let is_indentless = is_list_in_map && before.ends_with('-');
            let column = if is_indentless { 0 } else { self.column(start) + 1 };
            self.indents.push(self.indent().max(column));
        }
    }

    pub(super) fn close_block(&mut self) {
        self.indents.pop();
    }

    /// A key of a flow collection: without `?`, it and its `:` stand on one line, and not far.
    pub(super) fn flow_key(&self, start: usize, end: usize) -> Result<(), Refused> {
        const FAR: usize = 1024;
        let rest = self.text.get(end..).unwrap_or_default();
        let blanks = blanks_len(rest);
        if !rest.get(blanks..).is_some_and(|rest| rest.starts_with(':')) {
            return Ok(());
        }
        let start = self.properties.unwrap_or(start);
        let key = self.text.get(start..end + blanks).unwrap_or_default();
        let is_simple = !key.contains(is_break) && (key.len() <= FAR || key.chars().count() <= FAR);
        if is_simple || self.has_indicator(start, '?') {
            return Ok(());
        }
        Err(("did not find expected ',' or a bracket", end + blanks))
    }

    /// Whether the next value begins with a tag or an anchor.
    pub(super) fn has_properties(&self) -> bool {
        self.properties.is_some()
    }

    /// Where the next token stands.
    pub(super) fn next(&self) -> usize {
        self.at + self.text.get(self.at..).map_or(0, blanks_len)
    }

    /// A key that is not there: libyaml knows it behind `?` alone, and in a flow list not even there.
    pub(super) fn empty_key(&self, start: usize, is_pair: bool) -> Result<(), Refused> {
        let end = start + self.text.get(start..).map_or(0, blanks_len);
        if !is_pair && self.has_indicator(end, '?') {
            return Ok(());
        }
        Err(("did not find expected key", start))
    }

    /// Whether an indicator stands between the last value and a place.
    pub(super) fn has_indicator(&self, to: usize, indicator: char) -> bool {
        let mut at = self.at.min(to);
        while let Some(rest) = self.text.get(at..to).filter(|rest| !rest.is_empty()) {
            let blanks = blanks_len(rest);
            match rest.get(blanks..).and_then(|rest| rest.chars().next()) {
                Some(c) if c == indicator => return true,
                Some(c) => at += blanks + c.len_utf8(),
                None => return false,
            }
        }
        false
    }

    /// A flow collection begins or ends.
    pub(super) fn bracket(&mut self, end: usize, opens: bool) {
        self.flow = if opens { self.flow + 1 } else { self.flow.saturating_sub(1) };
        self.behind(end, opens, Last::Other);
    }

    /// A value that ends at a byte was read.
    fn behind(&mut self, end: usize, is_key_allowed: bool, last: Last) {
        self.at = self.at.max(end);
        (self.is_key_allowed, self.last) = (is_key_allowed, last);
        self.properties = None;
    }

    /// A quoted scalar or an alias.
    pub(super) fn quoted(&mut self, end: usize) {
        self.behind(end, false, Last::Other);
    }

    /// A plain scalar as it is written.
    pub(super) fn plain(&mut self, start: usize, end: usize) -> Result<(), Refused> {
        if start == end {
            self.properties = None;
            return Ok(());
        }
        if self.has_tabs {
            self.tail(start, end, true)?;
        }
        self.behind(end, false, Last::Plain);
        Ok(())
    }

    /// A block scalar that ends at a byte. Its header is where the walk ended.
    pub(super) fn block_scalar(&mut self, end: usize) -> Result<(), Refused> {
        if self.has_tabs {
            let start = self.at;
            let raw = self.text.get(start..end).unwrap_or_default();
            let mut lines = raw.split_inclusive(is_break);
            let header = lines.next().unwrap_or_default();
            let digit = header.chars().take(3).find_map(|c| c.to_digit(10));
            let mut indent = digit.map(|d| self.indent().saturating_sub(1) + d as usize);
            let (mut at, mut widest) = (start + header.len(), 0);
            for line in lines {
                let blanks = line.bytes().take_while(|b| *b == b' ').count();
                let is_tab = line.as_bytes().get(blanks) == Some(&b'\t');
                if is_tab && indent.is_none_or(|indent| blanks < indent) {
                    let message = "found a tab character where an indentation space is expected";
                    return Err((message, at + blanks));
                }
                widest = widest.max(blanks);
                if indent.is_none() && !line.trim_matches(is_break).trim_matches(' ').is_empty() {
                    indent = Some(widest.max(self.indent()).max(1));
                }
                at += line.len();
            }
        }
        self.behind(end, true, Last::Other);
        Ok(())
    }

    /// Walks to where the next value begins.
    pub(super) fn walk(&mut self, to: usize) -> Result<(), Refused> {
        if to <= self.at {
            return Ok(());
        }
        let (from, text) = (self.at, self.text);
        self.at = to;
        let mut at = from;
        if self.last == Last::Plain {
            at = self.tail(from, to, false)?;
            self.last = Last::Other;
        }
        while let Some(rest) = text.get(at..to) {
            let Some(c) = rest.chars().next() else { break };
            at += match c {
                '\t' if self.flow == 0 && self.is_key_allowed => {
                    return Err(("found character that cannot start any token", at));
                }
                '#' => rest.find(is_break).unwrap_or(rest.len()),
                '-' if is_marker(rest, "---") => {
                    self.is_key_allowed = false;
                    3
                }
                '-' | '?' => {
                    self.is_key_allowed = self.flow == 0;
                    1
                }
                // Behind a simple key no other one may stand; behind a complex one it may.
                ':' => {
                    self.is_key_allowed &= self.flow == 0;
                    1
                }
                // A block scalar's header.
                '|' | '>' => {
                    self.at = at;
                    break;
                }
                '&' => {
                    self.is_key_allowed = false;
                    self.properties.get_or_insert(at);
                    let len = 1 + name(text, at + 1)?;
                    if is_cut_short(text, at + len) {
                        self.name_ends.push(at + len);
                    }
                    len
                }
                '!' => {
                    self.is_key_allowed = false;
                    self.properties.get_or_insert(at);
                    let len = tag(text, at)?;
                    if rest.get(..len).is_none_or(|tag| tag.contains([',', '[', ']', '\''])) {
                        self.long_tags.push(at);
                    }
                    len
                }
                '%' if self.column(at) == 0 => {
                    self.is_key_allowed = false;
                    let line = rest.find(is_break).unwrap_or(rest.len());
                    directive(rest.get(1..line).unwrap_or_default()).map_err(|e| (e, at))?;
                    let break_len = rest.get(line..).map_or(0, break_len);
                    line + break_len
                }
                c => {
                    self.is_key_allowed |= is_break(c) && self.flow == 0;
                    c.len_utf8()
                }
            };
        }
        Ok(())
    }

    /// The blanks and line breaks that belong to a plain scalar, within or behind it.
    fn tail(&mut self, from: usize, to: usize, is_within: bool) -> Result<usize, Refused> {
        let (mut is_new_line, mut column) = (false, 0);
        let text = self.text.get(from..to).unwrap_or_default();
        for (i, c) in text.char_indices() {
            match c {
                c if is_break(c) => (is_new_line, column) = (true, 0),
                '\t' if is_new_line && column < self.indent() => {
                    return Err(("found a tab character that violates indentation", from + i));
                }
                ' ' | '\t' => column += 1,
                _ if is_within => is_new_line = false,
                _ => {
                    self.is_key_allowed = is_new_line;
                    return Ok(from + i);
                }
            }
        }
        self.is_key_allowed = is_new_line;
        Ok(to)
    }
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The length of the blanks, line breaks and comments that a text begins with.
pub(super) fn blanks_len(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        at += match rest.chars().next() {
            Some('#') => rest.find(is_break).unwrap_or(rest.len()),
            Some(c) if is_break(c) || matches!(c, ' ' | '\t') => c.len_utf8(),
            _ => return at,
        };
    }
}

fn break_len(text: &str) -> usize {
    if text.starts_with("\r\n") { 2 } else { text.chars().next().map_or(0, char::len_utf8) }
}

fn is_blank_or_end(c: Option<char>) -> bool {
    c.is_none_or(|c| matches!(c, ' ' | '\t') || is_break(c))
}

pub(super) fn is_marker(text: &str, marker: &str) -> bool {
    text.strip_prefix(marker).is_some_and(|rest| is_blank_or_end(rest.chars().next()))
}

pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn word_len(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

/// The length of an anchor's name.
fn name(text: &str, at: usize) -> Result<usize, Refused> {
    let rest = text.get(at..).unwrap_or_default();
    let len = word_len(rest);
    let next = rest.get(len..).and_then(|rest| rest.chars().next());
    let ends = is_blank_or_end(next) || next.is_some_and(|c| "?:,]}".contains(c));
    if len == 0 || !ends {
        return Err(("did not find expected alphabetic or numeric character", at));
    }
    Ok(len)
}

/// Whether Go ends a name before a character that YAML 1.2 has in it.
fn is_cut_short(text: &str, end: usize) -> bool {
    text.get(end..).is_some_and(|rest| rest.starts_with([':', '?']))
}

/// Checks an alias: where its `*` stands, and what to mend.
pub(super) fn alias(text: &str, at: usize) -> Result<Option<usize>, Refused> {
    let end = at + 1 + name(text, at + 1)?;
    Ok(is_cut_short(text, end).then_some(end))
}

/// The length of the tags and anchors that a text begins with, with what is blank around them.
pub(super) fn properties_len(text: &str) -> usize {
    let mut at = blanks_len(text);
    loop {
        let len = match text.as_bytes().get(at) {
            Some(b'&') => name(text, at + 1).map(|len| len + 1),
            Some(b'!') => tag(text, at),
            _ => return at,
        };
        let Ok(len) = len else { return at };
        at += len;
        at += text.get(at..).map_or(0, blanks_len);
    }
}

/// The length of a tag.
fn tag(text: &str, at: usize) -> Result<usize, Refused> {
    let rest = text.get(at..).unwrap_or_default();
    let is_verbatim = rest.starts_with("!<");
    let start = if is_verbatim { 2 } else { 1 };
    let end = rest.get(start..).and_then(|uri| uri.find(|c| !is_uri(c)));
    let mut end = end.map_or(rest.len(), |len| start + len);
    let uri = rest.get(start..end).unwrap_or_default();
    let mut escapes = uri.split('%').skip(1);
    if !escapes.all(|e| e.get(..2).is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))) {
        return Err(("did not find URI escaped octet", at));
    }
    if is_verbatim {
        if uri.is_empty() || rest.as_bytes().get(end) != Some(&b'>') {
            return Err(("did not find the expected '>'", at));
        }
        end += 1;
    } else {
        // A handle without a suffix is no tag.
        let handle = word_len(uri);
        if uri.get(handle..) == Some("!") {
            return Err(("did not find expected tag URI", at));
        }
    }
    if !is_blank_or_end(rest.get(end..).and_then(|rest| rest.chars().next())) {
        return Err(("did not find expected whitespace or line break", at));
    }
    Ok(end)
}

pub(super) fn is_uri(c: char) -> bool {
    is_word(c) || ";/?:@&=+$,.!~*'()[]%".contains(c)
}

/// A directive's line without its `%`.
fn directive(line: &str) -> Result<(), &'static str> {
    let (directive, rest) = line.split_at_checked(word_len(line)).unwrap_or_default();
    if directive.is_empty() {
        return Err("could not find expected directive name");
    }
    if !is_blank_or_end(rest.chars().next()) {
        return Err("found unexpected non-alphabetical character");
    }
    let blanks = [' ', '\t'];
    let rest = rest.trim_start_matches(blanks);
    let rest = match directive {
        "YAML" => {
            let mut rest = rest;
            for (i, wanted) in [1, 1].into_iter().enumerate() {
                if i > 0 {
                    rest = rest.strip_prefix('.').ok_or("did not find expected '.' character")?;
                }
                let len = rest.bytes().take_while(u8::is_ascii_digit).count();
                let (number, left) = rest.split_at_checked(len).unwrap_or_default();
                if len > 2 || number.parse() != Ok(wanted) {
                    return Err("found incompatible YAML document");
                }
                rest = left;
            }
            rest
        }
        "TAG" => {
            let rest = rest.strip_prefix('!').ok_or("did not find expected '!'")?;
            let rest = match rest.get(word_len(rest)..).unwrap_or_default().strip_prefix('!') {
                Some(behind) => behind,
                None if word_len(rest) == 0 => rest,
                None => return Err("did not find expected '!'"),
            };
            if !rest.starts_with(blanks) {
                return Err("did not find expected whitespace");
            }
            let rest = rest.trim_start_matches(blanks);
            let rest = rest.strip_prefix(is_uri).ok_or("did not find expected tag URI")?;
            rest.trim_start_matches(is_uri)
        }
        _ => return Err("found unknown directive name"),
    };
    let left = rest.trim_start_matches(blanks);
    if left.is_empty() || left.starts_with('#') && (directive == "YAML" || left.len() < rest.len())
    {
        Ok(())
    } else {
        Err("did not find expected comment or line break")
    }
}
