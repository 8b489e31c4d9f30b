//! From a document's text to its envelope and messages, as lenient as Go's client.

use super::{Document, GROUP, Manifest, Object, metadata};
#[cfg(any(feature = "validate", feature = "gateway-api"))]
use crate::tree::{Edit, write_json};
use crate::{
    Error, FieldPath, Gateway,
    diagnostic::{Diagnostic, Position, Severity, nearest, sort_by_position},
    json,
    placeholder::remove_errors,
    proto::meta::v1alpha1::IstioStatus,
    rule::decode as rule,
    stream::{DocumentText, Format},
    tree::{self, Ref, Tree},
};

/// A document, with the errors after it. If `is_typed`, a Gateway must have a kind and API version.
pub(super) fn document(
    text: &DocumentText<'_>,
    is_typed: bool,
    is_template: bool,
) -> (Result<Document, Error>, Option<Error>) {
    let is_yaml = text.format == Format::Yaml;
    let source = Source { is_yaml, has_positions: true, start: text.start, is_typed, is_template };
    text.read(|text, tree, sanitized| {
        let mut document = read(text, tree, &source)?;
        if let (Document::Gateway(manifest), Some(sanitized)) = (&mut document, sanitized) {
            let replaced = sanitized.diagnostics(tree).into_iter();
            manifest.diagnostics.extend(replaced.map(|found| found.within(source.start)));
            sort_by_position(&mut manifest.diagnostics);
        }
        Ok(document)
    })
}

pub(crate) fn tree(text: &str, is_yaml: bool) -> Result<Tree<'_>, Error> {
    let mut tree = untyped_tree(text, is_yaml)?;
    type_items(&mut tree);
    Ok(tree)
}

/// The same document as it is written: the items of a list may have no kind.
pub(crate) fn untyped_tree(text: &str, is_yaml: bool) -> Result<Tree<'_>, Error> {
    if is_yaml {
        tree::from_yaml_object(text, metadata::is_text)
    } else {
        let tree = tree::from_checked_json(text)?;
        match tree.big_number() {
            // Go's decoder of any JSON object says so, in kubectl as in the API server.
            Some(number) => Err(Error::limit(
                format!(
                    "cannot unmarshal number {} into Go value of type float64",
                    number.source()
                ),
                tree::position(number),
            )),
            None => Ok(tree),
        }
    }
}

/// Sets the kind and API version of a list's items that have neither, from the list's.
///
/// Source: apimachinery's `unstructuredJSONScheme.decodeToList`.
fn type_items(tree: &mut Tree<'_>) {
    let root = tree.root();
    let Some(items) = items(root) else { return };
    let text = |node: Ref<'_, '_>, key| node.get(key).map(Ref::text).unwrap_or_default().to_owned();
    let (kind, api_version) = (text(root, "kind"), text(root, "apiVersion"));
    let kind = kind.strip_suffix("List").unwrap_or(&kind);
    if kind.is_empty() {
        return;
    }
    let is_untyped = |item: &Ref<'_, '_>| {
        item.is_mapping() && text(*item, "kind").is_empty() && text(*item, "apiVersion").is_empty()
    };
    let mut untyped: Vec<u32> =
        items.items().filter(is_untyped).map(|item| item.target().index()).collect();
    untyped.sort_unstable();
    untyped.dedup();
    for item in untyped {
        tree.add_entry(item, "apiVersion", &api_version);
        tree.add_entry(item, "kind", kind);
    }
}

/// The items of a list: of anything with a kind and `items`.
///
/// Source: apimachinery's `unstructuredJSONScheme.decode`.
pub(super) fn items<'t>(root: Ref<'t, 't>) -> Option<Ref<'t, 't>> {
    let items = root.get("items")?;
    root.get("kind").is_some_and(|kind| !kind.text().is_empty()).then_some(items)
}

/// The source of a document's text.
pub(super) struct Source {
    /// Whether the values are from YAML, so that Go converts them to strings where it expects strings.
    pub(super) is_yaml: bool,
    /// Whether the text is the user's, so that positions in it are meaningful.
    pub(super) has_positions: bool,
    /// The position of the text in the stream.
    pub(super) start: Position,
    /// Whether a Gateway must have a kind and API version.
    pub(super) is_typed: bool,
    /// Whether a value that holds a placeholder may be of any type, and is unset.
    pub(super) is_template: bool,
}

pub(super) fn read(text: &str, tree: &Tree<'_>, source: &Source) -> Result<Document, Error> {
    let root = tree.root();
    let mut found = Vec::new();
    let object = object(text, root, source, &mut found)?;
    let is_gateway = object.is_gateway() || object.is_untyped() && !source.is_typed;
    if object.is_list || !is_gateway {
        return Ok(Document::Other(Box::new(object)));
    }
    let metadata = envelope(root, "metadata");
    for (_, metadata) in &metadata {
        metadata::check(*metadata, source.is_yaml, &mut found);
    }
    let (spec, has_spec) = part::<Gateway>(tree, "spec", source.is_template, &mut found);
    let (status, has_status) = part::<IstioStatus>(tree, "status", source.is_template, &mut found);
    unknown_keys(root, &mut found);
    if source.is_template {
        remove_errors(&mut found, root, FieldPath::root());
    }
    if !source.has_positions {
        found.iter_mut().for_each(|d| d.position = None);
    }
    sort_by_position(&mut found);
    if found.iter().any(|d| d.severity == Severity::Error) {
        found.retain(|d| d.severity == Severity::Error);
        return Err(Error::decode(found));
    }
    let diagnostics = found.into_iter().map(|found| found.within(source.start)).collect();
    let status = has_status.then(|| Box::new(status));
    Ok(Document::Gateway(Box::new(Manifest {
        object,
        spec,
        status,
        has_spec,
        diagnostics,
        rewritten: None,
    })))
}

/// The envelope of a document. Errors in it are added to `found`.
pub(super) fn object(
    text: &str,
    root: Ref<'_, '_>,
    source: &Source,
    found: &mut Vec<Diagnostic>,
) -> Result<Object, Error> {
    let mut error = |path: FieldPath, expected: &str, node: Ref<'_, '_>| {
        found.push(metadata::wrong_type(path, expected, node));
    };
    if !root.is_mapping() && !root.is_null() {
        error(FieldPath::root(), "a map", root);
        return Err(Error::decode(std::mem::take(found)));
    }
    let mut type_text = |name: &str| {
        let mut text = String::new();
        for (_, value) in envelope(root, name) {
            match value.as_str() {
                Some(value) => value.clone_into(&mut text),
                None if value.is_null() => {}
                None => error(FieldPath::root().key(name), "a string", value),
            }
        }
        text
    };
    let (api_version, kind) = (type_text("apiVersion"), type_text("kind"));
    let name_of = |key: &str| {
        let value = metadata_values(root, key).into_iter().rfind(|value| !value.is_null());
        value.map_or_else(String::new, Ref::to_text)
    };
    Ok(Object {
        text: text.to_owned(),
        is_yaml: source.is_yaml && source.has_positions,
        has_positions: source.has_positions,
        start: source.start,
        is_list: items(root).is_some(),
        name: name_of("name"),
        namespace: name_of("namespace"),
        api_version,
        kind,
    })
}

/// The objects of a document with their nodes: the document, or the items of a list and then the list.
#[cfg(any(feature = "validate", feature = "gateway-api"))]
pub(crate) fn objects<'t>(
    text: &str,
    tree: &'t Tree<'t>,
    is_yaml: bool,
    start: Position,
) -> (Option<Object>, impl Iterator<Item = Result<(Object, Ref<'t, 't>), Error>>) {
    let source = Source { is_yaml, has_positions: true, start, is_typed: true, is_template: false };
    let read = move |text: &str, node, source: &Source| {
        let mut found = Vec::new();
        let object = object(text, node, source, &mut found)?;
        if found.is_empty() { Ok((object, node)) } else { Err(Error::decode(found)) }
    };
    let root = tree.root();
    let whole = read(text, root, &source);
    let (list, whole) = match whole {
        Ok((list, _)) if list.is_list => (Some(list), None),
        whole => (None, Some(whole)),
    };
    let items = list.iter().flat_map(|_| items_of(root));
    let items = items.collect::<Vec<_>>().into_iter().map(move |item| {
        let item = item?;
        let mut text = String::new();
        write_json(&Edit::Kept(item), &mut text);
        read(&text, item, &Source { has_positions: false, ..source })
    });
    (list, whole.into_iter().chain(items))
}

/// The items of a list, or an error. kubectl silently drops a Gateway with `items`: that is an error here.
///
/// Source: apimachinery's `unstructuredJSONScheme.decodeToList` and `meta.ExtractList`, cli-runtime's
/// `FlattenListVisitor`.
pub(super) fn items_of<'t>(root: Ref<'t, 't>) -> Vec<Result<Ref<'t, 't>, Error>> {
    let Some(items) = items(root) else { return Vec::new() };
    let wrong = |node: Ref<'_, '_>, path, message: &str| {
        let found = Diagnostic::new(rule::WRONG_TYPE, Severity::Error, path, message.to_owned());
        Err(Error::decode(vec![Diagnostic { position: tree::position(node), ..found }]))
    };
    let path = FieldPath::root().key("items");
    if !items.is_sequence() && !items.is_null() {
        return vec![wrong(items, path, "expected a sequence")];
    }
    let text = |key| root.get(key).map(Ref::text).unwrap_or_default();
    let is_gateway = text("kind") == "Gateway" && is_gateway_group(text("apiVersion"));
    let lost = is_gateway.then(|| {
        let message =
            "a Gateway with items: kubectl reads it as a list, applies only the items and silently drops \
             the Gateway";
        wrong(items, path.clone(), message)
    });
    let checked = items.items().enumerate().map(|(index, item)| {
        if item.get("items").is_some_and(Ref::is_sequence) {
            let message = "a list inside a list, for which kubectl rejects the whole document: move its \
                           items to the outer list";
            return wrong(item, path.clone().index(index), message);
        }
        let path = path.clone().index(index);
        if !item.is_mapping() {
            return wrong(item, path, "expected an object");
        }
        if envelope(item, "kind").iter().all(|(_, kind)| kind.is_null()) {
            return wrong(item, path, "no kind, and the kind of the list does not determine one");
        }
        Ok(item)
    });
    lost.into_iter().chain(checked).collect()
}

/// The entries of an envelope's key in the order in which Go applies them: by the bytes of the keys.
pub(super) fn envelope<'a>(root: Ref<'a, 'a>, name: &str) -> Vec<(Ref<'a, 'a>, Ref<'a, 'a>)> {
    let mut entries: Vec<(Ref<'a, 'a>, Ref<'a, 'a>)> = Vec::new();
    for (key, value) in root.distinct_entries() {
        if metadata::is_same_name(name, key.text()) {
            // There are few: the keys differ only in case.
            let at = entries.partition_point(|(other, _)| other.text() <= key.text());
            entries.insert(at, (key, value));
        }
    }
    entries
}

/// The values of a field of the metadata, in the order in which Go applies them.
pub(super) fn metadata_values<'a>(root: Ref<'a, 'a>, name: &str) -> Vec<Ref<'a, 'a>> {
    let metadata = envelope(root, "metadata").into_iter();
    metadata.flat_map(|(_, metadata)| envelope(metadata, name)).map(|(_, value)| value).collect()
}

pub(super) fn is_gateway_kind(kind: &str) -> bool {
    kind.is_empty() || kind == "Gateway"
}

pub(super) fn is_gateway_group(api_version: &str) -> bool {
    api_version.is_empty() || api_version.split_once('/').is_some_and(|(group, _)| group == GROUP)
}

/// A message of the envelope, and whether it is present. Keys that differ only in case are merged in
/// order, as in Go.
pub(super) fn part<T: json::Message>(
    tree: &Tree<'_>,
    name: &str,
    is_template: bool,
    found: &mut Vec<Diagnostic>,
) -> (T, bool) {
    let entries = envelope(tree.root(), name);
    (part_of(tree, &entries, name, is_template, found), !entries.is_empty())
}

/// The message from the values of these keys.
pub(super) fn part_of<T: json::Message>(
    tree: &Tree<'_>,
    entries: &[(Ref<'_, '_>, Ref<'_, '_>)],
    name: &str,
    is_template: bool,
    found: &mut Vec<Diagnostic>,
) -> T {
    let mut value = T::default();
    for (_, node) in entries.iter().filter(|(_, node)| !node.is_null()) {
        let path = FieldPath::root().key(name);
        let decoded = json::decode_node_onto(value, tree, *node, &path, is_template);
        value = decoded.value;
        found.extend(decoded.diagnostics);
    }
    value
}

/// Reports keys that Go's client does not know, or knows more than once.
fn unknown_keys(root: Ref<'_, '_>, found: &mut Vec<Diagnostic>) {
    const KNOWN: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
    let mut seen: Vec<&str> = Vec::new();
    let is_known = |key: &str| KNOWN.into_iter().find(|name| metadata::is_same_name(name, key));
    for (key, _) in root.entries().take(1000) {
        let text = key.text();
        let (rule, message) = match is_known(text) {
            Some(name) if seen.contains(&name) => {
                (rule::DUPLICATE_FIELD, "repeated field: the last value is used")
            }
            Some(name) => {
                seen.push(name);
                continue;
            }
            None => (rule::UNKNOWN_ENVELOPE_KEY, "unknown top-level key"),
        };
        let path = FieldPath::root().key(text);
        found.push(Diagnostic {
            help: nearest(text, KNOWN).filter(|name| *name != text).map(json::did_you_mean),
            position: tree::position(key),
            ..Diagnostic::new(rule, Severity::Warning, path, message)
        });
    }
}
