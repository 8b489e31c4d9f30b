//! Random texts for go-yaml's scanner.

use super::tests::record;

/// Pieces of texts, of which random ones are made.
const PIECES: &[&str] = &[
    "a",
    "b",
    "a b",
    "1",
    "~",
    "é",
    "日本",
    "😀",
    "<<",
    " ",
    " ",
    "  ",
    "   ",
    "\n",
    "\n",
    "\n  ",
    "\n ",
    "\n- ",
    "\n  - ",
    "\nk: ",
    "\n  k: ",
    "k: ",
    "\r\n",
    "\r",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\t",
    "- ",
    "-",
    "? ",
    "?",
    ": ",
    ":",
    ",",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "[a, b]",
    "{a: b}",
    "#",
    " # c",
    " # c\n",
    "&a ",
    "*a ",
    "*a",
    "&b",
    "!",
    "!a ",
    "!!str ",
    "!<x> ",
    "!e!%41",
    "%YAML 1.1\n",
    "%TAG !e! x\n",
    "%",
    "|",
    ">",
    "|\n",
    "|-\n",
    ">+\n",
    ">2\n",
    "|1-",
    "'",
    "'",
    "''",
    "\"",
    "\"",
    "'a'",
    "\"b\"",
    "\\",
    "\\n",
    "\\x41",
    "\\u2028",
    "\\\n",
    "\\ ",
    "---",
    "--- ",
    "\n---\n",
    "\n...\n",
    "...",
    "\u{feff}",
    "@",
    "`",
    "\u{1}",
    "k: v\n",
    "k:\n  k: v\n",
    "- v\n",
    "- k: v\n  k: v\n",
    "k: |\n  v\n  v\n",
    "k: >\n  v\n\n  v\n",
    "\n\n",
    "\n \n",
];

/// A text of random pieces.
fn random_text(state: &mut u64) -> String {
    let mut next = |below: usize| {
        // xorshift64
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state >> 33).unwrap_or_default() % below
    };
    let mut text = String::new();
    for _ in 0..=next(14) {
        if next(400) == 0 {
            text.push_str(&"x".repeat(1010 + next(30)));
        }
        text.push_str(PIECES[next(PIECES.len())]);
    }
    text
}

/// `KUBERNETES_YAML_SEED` makes other texts.
#[test]
#[ignore = "conformance/yamltokens/run compares what it records"]
fn random_texts_for_go() {
    let seed = std::env::var("KUBERNETES_YAML_SEED");
    let mut state = seed.map_or(20_261_129, |seed| seed.parse().expect("a number"));
    record(&Vec::from_iter((0..100_000).map(|_| random_text(&mut state))));
}
