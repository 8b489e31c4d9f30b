//! The tokens of a text, under libyaml's names. `conformance/yamltokens/run` compares those of every text in
//! here, and of random ones, with what go-yaml's own scanner makes of it.

use std::{fmt::Write as _, fs::OpenOptions, io::Write as _, sync::Mutex};

use serde_json::{Value, json};

use super::{ScanError, Scanner, Token, TokenKind};

/// The name of a token, and what it holds.
fn parts(kind: &TokenKind<'_>) -> (&'static str, Vec<Value>) {
    let name = match kind {
        TokenKind::StreamEnd => "STREAM_END",
        TokenKind::Version(major, minor) => {
            return ("VERSION_DIRECTIVE", vec![json!(major), json!(minor)]);
        }
        TokenKind::TagDirective(tag) => {
            return ("TAG_DIRECTIVE", vec![json!(tag.handle), json!(tag.suffix)]);
        }
        TokenKind::DocumentStart => "DOCUMENT_START",
        TokenKind::DocumentEnd => "DOCUMENT_END",
        TokenKind::BlockSequenceStart => "BLOCK_SEQUENCE_START",
        TokenKind::BlockMappingStart => "BLOCK_MAPPING_START",
        TokenKind::BlockEnd => "BLOCK_END",
        TokenKind::FlowSequenceStart => "FLOW_SEQUENCE_START",
        TokenKind::FlowSequenceEnd => "FLOW_SEQUENCE_END",
        TokenKind::FlowMappingStart => "FLOW_MAPPING_START",
        TokenKind::FlowMappingEnd => "FLOW_MAPPING_END",
        TokenKind::BlockEntry => "BLOCK_ENTRY",
        TokenKind::FlowEntry => "FLOW_ENTRY",
        TokenKind::Key => "KEY",
        TokenKind::Value => "VALUE",
        TokenKind::Alias(name) => return ("ALIAS", vec![json!(name)]),
        TokenKind::Anchor(name) => return ("ANCHOR", vec![json!(name)]),
        TokenKind::Tag(tag) => return ("TAG", vec![json!(tag.handle), json!(tag.suffix)]),
        TokenKind::Scalar(text, is_plain) => return ("SCALAR", vec![json!(text), json!(is_plain)]),
    };
    (name, Vec::new())
}

/// All tokens of a text, up to the first error.
fn scan(text: &str) -> (Vec<Token<'_>>, Option<ScanError>) {
    let (mut scanner, mut tokens) = (Scanner::new(text), Vec::new());
    loop {
        if let Err(error) = scanner.peek() {
            return (tokens, Some(error));
        }
        let token = scanner.take().expect("it was peeked at");
        let is_end = token.kind == TokenKind::StreamEnd;
        tokens.push(token);
        if is_end {
            return (tokens, None);
        }
    }
}

/// The tokens without `STREAM_END`: names, and plain scalars as they are, others in quotes.
fn shown(tokens: &[Token<'_>]) -> String {
    let mut shown = String::new();
    for token in tokens.iter().filter(|token| token.kind != TokenKind::StreamEnd) {
        let (name, values) = parts(&token.kind);
        let separator = if shown.is_empty() { "" } else { " " };
        let _ = match &token.kind {
            TokenKind::Scalar(text, true) => write!(shown, "{separator}{text}"),
            TokenKind::Scalar(text, false) => write!(shown, "{separator}{text:?}"),
            _ if values.is_empty() => write!(shown, "{separator}{name}"),
            _ => write!(shown, "{separator}{name}{}", Value::Array(values)),
        };
    }
    shown
}

/// Appends the tokens of a text to the file in the environment's `KUBERNETES_YAML_TOKENS`, if there is one, for
/// `conformance/yamltokens/run`.
pub(super) fn record(texts: &[String]) {
    static FILE: Mutex<()> = Mutex::new(());
    let Some(path) = std::env::var_os("KUBERNETES_YAML_TOKENS") else { return };
    let mut lines = String::new();
    for text in texts.iter().filter(|text| !text.is_empty()) {
        let (tokens, error) = scan(text);
        // go-yaml counts characters, and not a byte order mark at the beginning.
        let chars = |at: usize| {
            text[..at].chars().count() - usize::from(at > 0 && text.starts_with('\u{feff}'))
        };
        let tokens: Vec<Value> = tokens
            .iter()
            .map(|token| {
                let (name, values) = parts(&token.kind);
                let head = [json!(name), json!(chars(token.start)), json!(chars(token.end))];
                head.into_iter().chain(values).collect()
            })
            .collect();
        let error = error.map_or("", |error| error.message);
        let _ = writeln!(lines, "{}", json!({"yaml": text, "tokens": tokens, "error": error}));
    }
    let _guard = FILE.lock();
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(lines.as_bytes())).expect("the file can be written");
}

#[track_caller]
fn tokens(text: &str, want: &str) {
    record(&[text.to_owned()]);
    let (tokens, error) = scan(text);
    assert_eq!(error.map(|error| error.message), None, "{text:?}");
    assert_eq!(shown(&tokens), want, "{text:?}");
}

#[track_caller]
fn rejected(text: &str, message: &str, at: usize) {
    record(&[text.to_owned()]);
    let error = scan(text).1.expect("it is rejected");
    assert_eq!((error.message, error.at), (message, at), "{text:?}");
}

#[test]
fn a_mapping_begins_at_its_first_colon() {
    tokens("a: 1\n", "BLOCK_MAPPING_START KEY a VALUE 1 BLOCK_END");
    tokens("a: 1\nb: 2", "BLOCK_MAPPING_START KEY a VALUE 1 KEY b VALUE 2 BLOCK_END");
    tokens("a:1\n", "a:1");
    tokens("a: \n", "BLOCK_MAPPING_START KEY a VALUE BLOCK_END");
    tokens(": 1\n", "BLOCK_MAPPING_START VALUE 1 BLOCK_END");
}

#[test]
fn an_indented_mapping_ends_where_the_indentation_does() {
    tokens(
        "a:\n  b: 1\nc: 2\n",
        "BLOCK_MAPPING_START KEY a VALUE BLOCK_MAPPING_START KEY b VALUE 1 BLOCK_END KEY c VALUE 2 BLOCK_END",
    );
    // A comment or a blank line has no indentation.
    tokens(
        "a:\n# c\n\n  b: 1\n# d\n  e: 2\n",
        "BLOCK_MAPPING_START KEY a VALUE BLOCK_MAPPING_START KEY b VALUE 1 KEY e VALUE 2 BLOCK_END BLOCK_END",
    );
}

#[test]
fn a_sequence_below_a_key_need_not_be_indented() {
    tokens("- a\n- b\n", "BLOCK_SEQUENCE_START BLOCK_ENTRY a BLOCK_ENTRY b BLOCK_END");
    // Then it has neither a start nor an end of its own.
    tokens(
        "a:\n- 1\nb: 2\n",
        "BLOCK_MAPPING_START KEY a VALUE BLOCK_ENTRY 1 KEY b VALUE 2 BLOCK_END",
    );
    tokens(
        "a:\n  - 1\nb: 2\n",
        "BLOCK_MAPPING_START KEY a VALUE BLOCK_SEQUENCE_START BLOCK_ENTRY 1 BLOCK_END KEY b VALUE 2 BLOCK_END",
    );
}

#[test]
fn collections_begin_after_a_dash_on_the_same_line() {
    tokens(
        "- - a\n  - b\n",
        "BLOCK_SEQUENCE_START BLOCK_ENTRY BLOCK_SEQUENCE_START BLOCK_ENTRY a BLOCK_ENTRY b BLOCK_END BLOCK_END",
    );
    tokens(
        "- a: 1\n  b: 2\n-\n",
        "BLOCK_SEQUENCE_START BLOCK_ENTRY BLOCK_MAPPING_START KEY a VALUE 1 KEY b VALUE 2 BLOCK_END BLOCK_ENTRY BLOCK_END",
    );
    tokens("-a\n", "-a");
}

#[test]
fn an_explicit_key_may_be_a_collection() {
    tokens("? a\n: 1\n", "BLOCK_MAPPING_START KEY a VALUE 1 BLOCK_END");
    tokens(
        "? - a\n: - 1\n",
        "BLOCK_MAPPING_START KEY BLOCK_SEQUENCE_START BLOCK_ENTRY a BLOCK_END VALUE BLOCK_SEQUENCE_START BLOCK_ENTRY 1 BLOCK_END BLOCK_END",
    );
    tokens("?a: 1\n", "BLOCK_MAPPING_START KEY ?a VALUE 1 BLOCK_END");
}

#[test]
fn flow_collections() {
    tokens("[a, b]", "FLOW_SEQUENCE_START a FLOW_ENTRY b FLOW_SEQUENCE_END");
    tokens("{a: 1, b}", "FLOW_MAPPING_START KEY a VALUE 1 FLOW_ENTRY b FLOW_MAPPING_END");
    tokens("[a: 1]", "FLOW_SEQUENCE_START KEY a VALUE 1 FLOW_SEQUENCE_END");
    tokens("[]", "FLOW_SEQUENCE_START FLOW_SEQUENCE_END");
    // The scanner does not match brackets; the grammar does.
    tokens("[}", "FLOW_SEQUENCE_START FLOW_MAPPING_END");
}

#[test]
fn in_a_flow_collection_lines_and_indentation_have_no_meaning() {
    tokens(
        "{a:\n1,\n  # c\n  b\n: 2}",
        "FLOW_MAPPING_START KEY a VALUE 1 FLOW_ENTRY b VALUE 2 FLOW_MAPPING_END",
    );
    // A colon there needs no blank after it, but a plain scalar holds one.
    tokens(
        "{\"a\":1, b:2}",
        "FLOW_MAPPING_START KEY \"a\" VALUE 1 FLOW_ENTRY b:2 FLOW_MAPPING_END",
    );
    tokens("{? a : 1}", "FLOW_MAPPING_START KEY a VALUE 1 FLOW_MAPPING_END");
}

#[test]
fn a_flow_collection_may_be_a_key() {
    tokens(
        "{a: 1}: 2\n",
        "BLOCK_MAPPING_START KEY FLOW_MAPPING_START KEY a VALUE 1 FLOW_MAPPING_END VALUE 2 BLOCK_END",
    );
    // Upstream bug: a collection without a possible key in it is released before its colon is seen, and the
    // mapping begins only after it.
    tokens(
        "[]: 1\n",
        "FLOW_SEQUENCE_START FLOW_SEQUENCE_END KEY BLOCK_MAPPING_START VALUE 1 BLOCK_END",
    );
}

#[test]
fn a_simple_key_is_on_one_line_and_short() {
    tokens("'a\n b'\n", "\"a b\"");
    rejected("'a\n b': 1\n", "mapping values are not allowed in this context", 6);
    let key = "k".repeat(1024);
    tokens(&format!("{key}: 1\n"), &format!("BLOCK_MAPPING_START KEY {key} VALUE 1 BLOCK_END"));
    let key = "k".repeat(1025);
    rejected(&format!("{key}: 1\n"), "mapping values are not allowed in this context", 1025);
}

#[test]
fn where_only_a_key_can_stand_there_must_be_one() {
    rejected("a: 1\nb\nc: 2\n", "could not find expected ':'", 5);
    rejected("a: 1\nb\n", "could not find expected ':'", 5);
    // Here the grammar rejects the dash.
    tokens("a: 1\n- b\n", "BLOCK_MAPPING_START KEY a VALUE 1 BLOCK_ENTRY b BLOCK_END");
}

#[test]
fn what_a_line_cannot_hold_twice() {
    rejected("a: b: c\n", "mapping values are not allowed in this context", 4);
    rejected("a: - b\n", "block sequence entries are not allowed in this context", 3);
    rejected("a: ? b\n", "mapping keys are not allowed in this context", 3);
    rejected("a: 'b': c\n", "mapping values are not allowed in this context", 6);
}

#[test]
fn plain_scalars_end_at_indicators() {
    tokens("a b  # c\n", "a b");
    tokens("a#b\n", "a#b");
    tokens("a:b#c: d\n", "BLOCK_MAPPING_START KEY a:b#c VALUE d BLOCK_END");
    tokens("a, b]\n", "a, b]");
    tokens("[a-b, c]", "FLOW_SEQUENCE_START a-b FLOW_ENTRY c FLOW_SEQUENCE_END");
    // Not in YAML 1.2: a question mark ends one in a flow collection.
    tokens("[a?b]", "FLOW_SEQUENCE_START a KEY b FLOW_SEQUENCE_END");
}

#[test]
fn plain_scalars_are_folded() {
    tokens("a\n b\n", "a b");
    tokens("a\n\n b\n", "a\nb");
    tokens("a: b\n  c\n\n\n  d\n", "BLOCK_MAPPING_START KEY a VALUE b c\n\nd BLOCK_END");
    tokens("a\n---\nb", "a DOCUMENT_START b");
    rejected("a:\n  b\n\t c\n", "found a tab character that violates indentation", 7);
}

#[test]
fn characters_that_begin_no_token() {
    for c in ['@', '`', '%'] {
        rejected(&format!(" {c}a"), "found character that cannot start any token", 1);
    }
    rejected("\ta: 1\n", "found character that cannot start any token", 0);
    rejected("[|a]", "found character that cannot start any token", 1);
}

#[test]
fn single_quoted_scalars() {
    tokens("'a''b'", "\"a'b\"");
    tokens("'a\\n'", "\"a\\\\n\"");
    tokens("'a \n  b\n\n c '", "\"a b\\nc \"");
    rejected("'a", "unclosed quote", 0);
    rejected("'a\n---\n'", "found unexpected document indicator", 3);
}

#[test]
fn double_quoted_scalars() {
    tokens(r#""\t\n\"\\\0\e\N\_\L\P""#, r#""\t\n\"\\\0\u{1b}\u{85}\u{a0}\u{2028}\u{2029}""#);
    tokens(r#""\x41\u00e9\U0001f600""#, "\"Aé😀\"");
    // Not in YAML 1.1 or 1.2.
    tokens(r#""\'""#, r#""'""#);
    // Not in libyaml, but in YAML 1.2.
    rejected(r#""\/""#, "found unknown escape character", 1);
    rejected(r#""\x4""#, "did not find expected hexdecimal number", 0);
    rejected(r#""\ud800""#, "found invalid Unicode character escape code", 1);
}

#[test]
fn an_escaped_line_break_joins_lines() {
    tokens("\"a\\\n   b\"", "\"ab\"");
    tokens("\"a \\\n   \\ b\"", "\"a  b\"");
    tokens("\"a\\\r\n\n b\"", "\"a\\nb\"");
    tokens("\"a \n \n b\"", "\"a\\nb\"");
}

#[test]
fn literal_block_scalars() {
    tokens("|\n a\n  b\n", "\"a\\n b\\n\"");
    tokens("|-\n a\n\n", "\"a\"");
    tokens("|+\n a\n\n", "\"a\\n\\n\"");
    tokens(
        "a: | # c\n  b\nd: e\n",
        "BLOCK_MAPPING_START KEY a VALUE \"b\\n\" KEY d VALUE e BLOCK_END",
    );
    tokens("|", "\"\"");
    // The last line has no break, nor has the value.
    tokens("|\n a", "\"a\"");
}

#[test]
fn folded_block_scalars() {
    tokens(">\n a\n b\n\n c\n", "\"a b\\nc\\n\"");
    // Lines that are indented deeper stay as they are.
    tokens(">\n a\n   b\n c\n", "\"a\\n  b\\nc\\n\"");
    tokens(">-\n a\n b\n", "\"a b\"");
}

#[test]
fn the_header_of_a_block_scalar() {
    tokens("|1\n  a\n", "\" a\\n\"");
    tokens("|2-\n  a\n", "\"a\"");
    tokens("|-2\n  a\n", "\"a\"");
    tokens("- |1\n  a\n", "BLOCK_SEQUENCE_START BLOCK_ENTRY \" a\\n\" BLOCK_END");
    rejected("|0\n a\n", "found an indentation indicator equal to 0", 1);
    rejected("|x\n", "did not find expected comment or line break", 1);
    rejected("|\n\t a\n", "found a tab character where an indentation space is expected", 2);
}

#[test]
fn empty_lines_above_a_block_scalar_decide_its_indentation() {
    tokens("|\n\n a\n", "\"\\na\\n\"");
    // A blank line that is wider than the first line of text ends the scalar.
    tokens("|\n   \n a\n", "\"\" a");
}

#[test]
fn anchors_and_aliases() {
    tokens("&a b", "ANCHOR[\"a\"] b");
    tokens(
        "- &a\n- *a\n",
        "BLOCK_SEQUENCE_START BLOCK_ENTRY ANCHOR[\"a\"] BLOCK_ENTRY ALIAS[\"a\"] BLOCK_END",
    );
    tokens("*a : b\n", "BLOCK_MAPPING_START KEY ALIAS[\"a\"] VALUE b BLOCK_END");
    tokens("&a b: c\n", "BLOCK_MAPPING_START KEY ANCHOR[\"a\"] b VALUE c BLOCK_END");
    tokens("&a-1_b c", "ANCHOR[\"a-1_b\"] c");
    rejected("& a", "did not find expected alphabetic or numeric character", 1);
    rejected("&é a", "did not find expected alphabetic or numeric character", 1);
}

#[test]
fn tags() {
    tokens("!!str a", "TAG[\"!!\",\"str\"] a");
    tokens("!a b", "TAG[\"!\",\"a\"] b");
    tokens("! a", "TAG[\"\",\"!\"] a");
    tokens("!e!x a", "TAG[\"!e!\",\"x\"] a");
    tokens("!<tag:yaml.org,2002:int> a", "TAG[\"\",\"tag:yaml.org,2002:int\"] a");
    tokens("!%c3%a9 a", "TAG[\"!\",\"é\"] a");
    rejected("!<a b", "did not find the expected '>'", 3);
    rejected("!a%4 b", "did not find URI escaped octet", 2);
    rejected("!%c3%41 b", "found an incorrect trailing UTF-8 octet", 4);
    rejected("!%ff b", "found an incorrect leading UTF-8 octet", 1);
    // A comma is part of a tag.
    tokens("[!a,b c]", "FLOW_SEQUENCE_START TAG[\"!\",\"a,b\"] c FLOW_SEQUENCE_END");
}

#[test]
fn directives() {
    tokens("%YAML 1.1\n---\na", "VERSION_DIRECTIVE[1,1] DOCUMENT_START a");
    tokens("%TAG !e! tag:e,1: # c\n--- a", "TAG_DIRECTIVE[\"!e!\",\"tag:e,1:\"] DOCUMENT_START a");
    rejected("%FOO a\n", "found unknown directive name", 0);
    rejected("%YAML 1\n", "did not find expected digit or '.' character", 7);
    rejected("%YAML 111.1\n", "found extremely long version number", 6);
    rejected("%YAML 1.1 a\n", "did not find expected comment or line break", 10);
    rejected("%TAG !e x\n", "did not find expected '!'", 5);
}

#[test]
fn document_markers() {
    tokens("--- a\n...\n--- b\n", "DOCUMENT_START a DOCUMENT_END DOCUMENT_START b");
    tokens("---a\n", "---a");
    tokens(" ---\n", "---");
    // They end all block collections.
    tokens(
        "a:\n  b: 1\n---\n",
        "BLOCK_MAPPING_START KEY a VALUE BLOCK_MAPPING_START KEY b VALUE 1 BLOCK_END BLOCK_END DOCUMENT_START",
    );
}

#[test]
fn every_line_break_of_yaml_1_1_ends_a_line() {
    for line_break in ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}"] {
        let text = format!("a: 1{line_break}b: 2{line_break}");
        tokens(&text, "BLOCK_MAPPING_START KEY a VALUE 1 KEY b VALUE 2 BLOCK_END");
    }
    // In a value they become a line feed, but for two.
    tokens("|\n a\r\n b\u{85} c\u{2028} d\r", "\"a\\nb\\nc\\u{2028}d\\n\"");
}

#[test]
fn a_byte_order_mark_is_skipped() {
    tokens("\u{feff}a: 1\n", "BLOCK_MAPPING_START KEY a VALUE 1 BLOCK_END");
    // Elsewhere it is a character like others.
    tokens("a: \u{feff}b\n", "BLOCK_MAPPING_START KEY a VALUE \u{feff}b BLOCK_END");
}

#[test]
fn control_characters_are_rejected() {
    rejected("a: \u{1}\n", "control characters are not allowed", 3);
    rejected("a: '\u{7f}'\n", "control characters are not allowed", 4);
    tokens("a: '\u{85}\t'\n", "BLOCK_MAPPING_START KEY a VALUE \" \" BLOCK_END");
}

#[test]
fn positions_are_counted_in_bytes() {
    let (tokens, _) = scan("é: [ü]\n");
    let spans: Vec<_> = tokens.iter().map(|token| (token.start, token.end)).collect();
    assert_eq!(spans, [(0, 0), (0, 0), (0, 2), (2, 3), (4, 5), (5, 7), (7, 8), (9, 9), (9, 9)]);
}

#[test]
fn nesting_is_limited() {
    let (_, error) = scan(&"[".repeat(10_001));
    assert!(error.is_some_and(|error| error.is_limit && error.at == 10_000));
    assert!(scan(&"[".repeat(10_000)).1.is_none());
    let (_, error) = scan(&"- ".repeat(10_001));
    assert!(error.is_some_and(|error| error.is_limit && error.at == 20_000));
}
