//! Texts before and after an edit.

use super::{PatchError, patch};
use crate::{Edit, Kind, Step, Tree};

/// The steps of a path such as `spec.ports.0`: a number is an index.
fn steps(path: &str) -> Vec<Step<'_>> {
    path.split('.')
        .filter(|step| !step.is_empty())
        .map(|step| step.parse().map_or(Step::Key(step), Step::Index))
        .collect()
}

fn try_set(text: &str, path: &str, json: &str) -> Result<String, PatchError> {
    let (tree, value) = (Tree::from_yaml(text).unwrap(), Tree::from_checked_json(json).unwrap());
    let edit = Edit::set(tree.root(), &steps(path), value.root()).expect("the path exists");
    patch(text, &edit)
}

fn try_remove(text: &str, path: &str) -> Result<String, PatchError> {
    let tree = Tree::from_yaml(text).unwrap();
    patch(text, &Edit::remove(tree.root(), &steps(path)))
}

#[track_caller]
fn set(text: &str, path: &str, json: &str, want: &str) {
    assert_eq!(try_set(text, path, json).as_deref(), Ok(want), "{text}");
}

#[track_caller]
fn remove(text: &str, path: &str, want: &str) {
    assert_eq!(try_remove(text, path).as_deref(), Ok(want), "{text}");
}

/// Inserts an item before the one at an index.
fn insert(text: &str, path: &str, index: usize, json: &str) -> Result<String, PatchError> {
    let (tree, value) = (Tree::from_yaml(text).unwrap(), Tree::from_checked_json(json).unwrap());
    let list = steps(path).iter().fold(tree.root(), |node, step| match step {
        Step::Key(key) => node.get(key).unwrap(),
        Step::Index(index) => node.items().nth(*index).unwrap(),
    });
    let mut items: Vec<_> = list.items().map(Edit::Kept).collect();
    items.insert(index, Edit::Kept(value.root()));
    let list = Edit::Sequence { origin: Some(list), items };
    let edit = steps(path).into_iter().rev().fold(list, |below, step| {
        let Step::Key(key) = step else { panic!("a path of keys") };
        let entries = tree.root().entries().map(|(name, value)| {
            (name.text(), if name.text() == key { below.clone() } else { Edit::Kept(value) })
        });
        Edit::Mapping { origin: Some(tree.root()), entries: entries.collect() }
    });
    patch(text, &edit)
}

#[test]
fn an_edit_that_changes_nothing_changes_no_byte() {
    for text in [
        "",
        "# c\n",
        "a: 1 # c\r\nb: [ 1,2 ]\r\n",
        "--- # c\na: &x 'y'\n...\n",
        "{a: 1}",
        "a: |+\n  b\n\n",
    ] {
        let tree = Tree::from_yaml(text).unwrap();
        assert_eq!(patch(text, &Edit::Kept(tree.root())).as_deref(), Ok(text));
        assert_eq!(
            patch(text, &Edit::remove(tree.root(), &[Step::Key("none")])).as_deref(),
            Ok(text)
        );
    }
}

#[test]
fn a_scalar_is_replaced_in_its_place() {
    set("a: 1 # c\nb: 2\n", "a", "3", "a: 3 # c\nb: 2\n");
    set("a:   'x'   # c\n", "a", "\"z\"", "a:   z   # c\n");
    set("a: 1", "a", "true", "a: true");
    set("- a # c\n- b\n", "0", "\"x\"", "- x # c\n- b\n");
}

#[test]
fn a_string_that_yaml_would_read_as_another_type_is_quoted() {
    for text in [
        "yes",
        "1",
        "0x1",
        "~",
        "2001-01-01",
        "1:30",
        "a: b",
        "- a",
        "",
        " a",
        "#a",
        "1e3",
        "=",
        "<<",
    ] {
        let json = serde_json::to_string(text).unwrap();
        set("a: x\n", "a", &json, &format!("a: {json}\n"));
    }
}

#[test]
fn a_key_without_a_value_gets_one() {
    set("a:\nb: 1\n", "a", "2", "a: 2\nb: 1\n");
    set("a: # c\nb: 1\n", "a", "2", "a: 2 # c\nb: 1\n");
    set("{a, b: 1}\n", "a", "2", "{a: 2, b: 1}\n");
    set("-\n- b\n", "0", "2", "- 2\n- b\n");
}

#[test]
fn a_new_entry_goes_to_the_end_of_its_mapping() {
    set("a: 1\n", "b", "2", "a: 1\nb: 2\n");
    set("a: 1", "b", "2", "a: 1\nb: 2\n");
    set("a:\n  b: 1 # c\n\nd: 2\n", "a.e", "3", "a:\n  b: 1 # c\n  e: 3\n\nd: 2\n");
    set(
        "a:\n    b: 1\n    # of b\n\n",
        "a.e",
        "[1]",
        "a:\n    b: 1\n    # of b\n    e:\n    - 1\n\n",
    );
    set("{a: 1}\n", "b", "2", "{a: 1, b: 2}\n");
    set("{}\n", "b", "2", "{b: 2}\n");
}

#[test]
fn missing_mappings_are_added() {
    set("a: 1\n", "b.c.d", "2", "a: 1\nb:\n  c:\n    d: 2\n");
    set("a:\n", "a.b", "2", "a: {b: 2}\n");
    set("a: null # c\n", "a.b", "2", "a: {b: 2} # c\n");
}

#[test]
fn the_first_entry_of_a_document_of_comments() {
    set("# c\n", "a", "1", "# c\na: 1\n");
}

#[test]
fn an_entry_goes_with_its_comments() {
    remove("a: 1\n# of b\nb: 2 # of b\nc: 3\n", "b", "a: 1\nc: 3\n");
    remove("# file\n\n# of a\na: 1\nb: 2\n", "a", "# file\n\nb: 2\n");
    remove("a: 1\nb:\n  c: 1\n  # of c\nd: 2\n", "b", "a: 1\nd: 2\n");
    // A comment between blank lines is the mapping's.
    remove("a: 1\n\n# c\n\nb: 2\n", "b", "a: 1\n\n# c\n\n");
}

#[test]
fn the_last_entry_leaves_an_empty_mapping() {
    remove("a:\n  b: 1\nc: 2\n", "a.b", "a: {}\nc: 2\n");
    remove("a: # of a\n  # of b\n  b: 1\nc: 2\n", "a.b", "a: {} # of a\nc: 2\n");
    remove("a: 1\n", "a", "{}\n");
    remove("- a: 1\n- b\n", "0.a", "- {}\n- b\n");
}

#[test]
fn an_item_goes_with_its_comments() {
    remove("- a\n# of b\n- b # of b\n- c\n", "1", "- a\n- c\n");
    remove("a:\n- b\n- c\n", "a.0", "a:\n- c\n");
    remove("a:\n  - b: 1\n    c: 2\n  - d\n", "a.0", "a:\n  - d\n");
    remove("a:\n- b\nc: 1\n", "a.0", "a: []\nc: 1\n");
}

#[test]
fn blank_lines_between_items_stay_even() {
    remove("- a\n\n- b\n\n- c\n", "1", "- a\n\n- c\n");
    remove("- a\n\n- b\n\n- c\n", "2", "- a\n\n- b\n");
    assert_eq!(insert("- a\n\n- b\n", "", 1, "1").as_deref(), Ok("- a\n\n- 1\n\n- b\n"));
}

#[test]
fn items_are_inserted_with_the_indentation_of_others() {
    assert_eq!(insert("- a\n- b\n", "", 0, "1").as_deref(), Ok("- 1\n- a\n- b\n"));
    assert_eq!(insert("- a # c\n- b\n", "", 1, "1").as_deref(), Ok("- a # c\n- 1\n- b\n"));
    assert_eq!(insert("- a\n- b", "", 2, "1").as_deref(), Ok("- a\n- b\n- 1\n"));
    let json = r#"{"x":1,"z":[2]}"#;
    let want = "a:\n    - b\n    - x: 1\n      z:\n      - 2\nc: d\n";
    assert_eq!(insert("a:\n    - b\nc: d\n", "a", 1, json).as_deref(), Ok(want));
    assert_eq!(insert("[a, b]\n", "", 1, "1").as_deref(), Ok("[a, 1, b]\n"));
    assert_eq!(
        insert("[\n  a,\n  b, # of b\n]\n", "", 2, "1").as_deref(),
        Ok("[\n  a,\n  b, # of b\n  1,\n]\n")
    );
}

#[test]
fn items_that_move_keep_their_comments() {
    let text = "# of a\n- a # a\n# of b\n- b # b\n";
    let tree = Tree::from_yaml(text).unwrap();
    let items = tree.root().items().collect::<Vec<_>>().into_iter().rev().map(Edit::Kept).collect();
    let edit = Edit::Sequence { origin: Some(tree.root()), items };
    assert_eq!(patch(text, &edit).as_deref(), Ok("# of b\n- b # b\n# of a\n- a # a\n"));
    let text = "[a, 'b' ]";
    let tree = Tree::from_yaml(text).unwrap();
    let items = tree.root().items().collect::<Vec<_>>().into_iter().rev().map(Edit::Kept).collect();
    let edit = Edit::Sequence { origin: Some(tree.root()), items };
    assert_eq!(patch(text, &edit).as_deref(), Ok("['b', a ]"));
}

#[test]
fn flow_collections_keep_their_layout() {
    remove("{a: 1, b: 2, c: 3}\n", "b", "{a: 1, c: 3}\n");
    remove("{a: 1}\n", "a", "{}\n");
    remove("[ a, b ]\n", "0", "[ b ]\n");
    remove("a: [\n  b, # of b\n  # of c\n  c,\n]\n", "a.1", "a: [\n  b, # of b\n]\n");
    set("a: {b: [1, 2], c: 'x'}\n", "a.b.1", "3", "a: {b: [1, 3], c: 'x'}\n");
}

#[test]
fn a_collection_becomes_another_value() {
    set("a: # of a\n  b: 1\nc: 2\n", "a", "3", "a: 3 # of a\nc: 2\n");
    set("a: [1, 2] # c\n", "a", "{\"b\":1}", "a: {\"b\" : 1} # c\n");
    set("a: 1 # c\n", "a", "[1,{\"b\":\"no\"}]", "a: [1, {\"b\" : \"no\"}] # c\n");
}

#[test]
fn line_breaks_are_the_texts_own() {
    set("a: 1\r\nb: 2\r\n", "c", "3", "a: 1\r\nb: 2\r\nc: 3\r\n");
    set("a: 1\r\nb: 2 # c\r\n", "b", "3", "a: 1\r\nb: 3 # c\r\n");
    remove("a: 1\r\n# of b\r\nb: 2\r\nc: 3\r\n", "b", "a: 1\r\nc: 3\r\n");
    set("a: |\r\n  x\r\n", "b", "1", "a: |\r\n  x\r\nb: 1\r\n");
    set("a: 1\rb: 2\r", "c", "3", "a: 1\rb: 2\rc: 3\r");
}

#[test]
fn block_scalars() {
    set("a: | # c\n  x\n  y\nb: 1\n", "a", "\"z\"", "a: z # c\nb: 1\n");
    set("a: |\n  x\nb: 1\n", "b", "2", "a: |\n  x\nb: 2\n");
    remove("a: |\n  x\n\n  y\nb: 1\n", "a", "b: 1\n");
    remove("a: 1\nb: >-\n  x\n  y\n", "b", "a: 1\n");
    // What looks like a comment in it is its text.
    set("a: |\n  x\n  # y\n", "b", "1", "a: |\n  x\n  # y\nb: 1\n");
    set("a: |+\n  x\n\n", "b", "1", "a: |+\n  x\n\nb: 1\n");
}

#[test]
fn a_block_scalar_at_the_end_of_a_text_keeps_its_value() {
    // Its value has no line feed, since the text has none; with a line after it, the header has to say so.
    set("a: |\n  x", "b", "1", "a: |-\n  x\nb: 1\n");
}

#[test]
fn anchors_and_aliases() {
    // An alias gets a value of its own.
    set("a: &x {b: 1}\nc: *x\n", "c.b", "2", "a: &x {b: 1}\nc: {b: 2}\n");
    set("a: &x 1\nb: *x # c\n", "b", "2", "a: &x 1\nb: 2 # c\n");
    remove("a: &x 1\nb: *x\n", "b", "a: &x 1\n");
    // The alias would change, too, or lose its anchor.
    assert_eq!(try_set("a: &x {b: 1}\nc: *x\n", "a.b", "2"), Err(PatchError::Anchor));
    assert_eq!(try_remove("a: &x 1\nb: *x\n", "a"), Err(PatchError::Anchor));
    set("a: &x 1\n", "a", "2", "a: &x 2\n");
    set("a: !!str 1\n", "a", "\"2\"", "a: !!str \"2\"\n");
}

#[test]
fn merge_keys() {
    let text = "base: &b {x: 1, y: 2}\nedge:\n  <<: *b # c\n  z: 3\n";
    set(text, "edge.x", "4", &text.replace("  z: 3\n", "  z: 3\n  x: 4\n"));
    set(text, "edge.z", "4", &text.replace("z: 3", "z: 4"));
    remove(text, "edge.z", &text.replace("  z: 3\n", ""));
    assert_eq!(try_remove(text, "edge.x"), Err(PatchError::MergeKey));

    // An edited merged key comes last, so that no later `<<` overrides it.
    let text = "a: &a {x: 1}\nb: &b {x: 2}\nc: {<<: *a, y: 3, <<: [*b]}\n";
    set(text, "c.x", "4", &text.replace("[*b]", "[*b], x: 4"));
}

#[test]
fn of_a_key_that_is_written_twice_the_last_value_is_changed() {
    set("a: 1\na: 2\n", "a", "3", "a: 1\na: 3\n");
    remove("a: 1\nb: 2\na: 3\n", "a", "b: 2\n");
}

#[test]
fn explicit_keys() {
    set("? a\n: 1 # c\n", "a", "2", "? a\n: 2 # c\n");
    assert_eq!(try_set("? a\n: 1\n", "b", "2"), Err(PatchError::Layout));
}

#[test]
fn a_long_key_is_written_with_a_question_mark() {
    let key = "k".repeat(300);
    set("a: 1\n", &key, "2", &format!("a: 1\n? \"{key}\"\n: 2\n"));
}

#[test]
fn markers_and_what_follows_them_stay() {
    set("---\na: 1\n...\n", "b", "2", "---\na: 1\nb: 2\n...\n");
    set("--- {a: 1}\n", "b", "2", "--- {a: 1, b: 2}\n");
    set("%YAML 1.1\n---\na: 1\n", "a", "2", "%YAML 1.1\n---\na: 2\n");
    set("a: 1\n---\nb: 2\n", "a", "3", "a: 3\n---\nb: 2\n");
    set("a: 1\n---\nb: 2\n", "c", "3", "a: 1\nc: 3\n---\nb: 2\n");
    remove("a: 1\nb: 2\n...\n# end\n", "b", "a: 1\n...\n# end\n");
    set("\u{feff}a: 1\n", "a", "2", "\u{feff}a: 2\n");
}

#[test]
fn a_whole_document_is_replaced() {
    let tree = Tree::from_yaml("# c\na # d\n").unwrap();
    let value = Tree::from_checked_json("2").unwrap();
    let edit = Edit::Replaced { origin: tree.root(), node: value.root() };
    assert_eq!(patch("# c\na # d\n", &edit).as_deref(), Ok("# c\n2 # d\n"));
}

#[test]
fn a_path_that_leads_nowhere_is_no_edit() {
    let tree = Tree::from_yaml("a: 1\nb: [1]\n").unwrap();
    let value = tree.root();
    assert!(Edit::set(tree.root(), &[Step::Key("a"), Step::Key("b")], value).is_none());
    assert!(Edit::set(tree.root(), &[Step::Key("b"), Step::Index(1)], value).is_none());
    assert!(Edit::set(tree.root(), &[Step::Key("b"), Step::Key("x")], value).is_none());
    assert!(matches!(
        Edit::remove(tree.root(), &[Step::Key("b"), Step::Index(1)]),
        Edit::Mapping { .. }
    ));
    assert_eq!(tree.root().get("a").unwrap().kind(), &Kind::Unsigned(1));
}

#[test]
fn characters_beyond_16_bits_have_escapes_of_their_own() {
    // YAML has no surrogate pairs.
    set("a: b\n", "a", "\"\\udb40\\udc41\"", "a: \"\\U000e0041\"\n");
}
