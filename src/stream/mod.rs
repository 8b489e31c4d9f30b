//! The documents of a stream, as kubectl finds them.
//!
//! A stream that begins with `{` is read as JSON values, one after another, and as YAML from where it is
//! not JSON; any other is YAML, cut at the lines that begin with `---`. The name of a file does not count.
//! A byte order mark is left out, and UTF-16 that begins with one is read. What is in memory is one
//! document, however long the stream is.
//!
//! [`documents`](crate::documents) reads the documents themselves.
//!
//! Source: apimachinery's `YAMLOrJSONDecoder`, behind the encodings of cli-runtime's `FileVisitor`.

mod buffer;
mod json;
mod yaml;

use std::{borrow::Cow, io::Read};

use self::buffer::Buffer;
use crate::{
    Error,
    diagnostic::Position,
    json::Mended,
    manifest::{tree, untyped_tree},
    tree::{Edit, Tree, write_json},
};

/// The language of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// YAML 1.1.
    Yaml,
    /// JSON.
    Json,
}

/// The text of one document of a stream.
#[derive(Debug)]
#[non_exhaustive]
pub struct DocumentText<'s> {
    /// The document's own bytes.
    pub bytes: Cow<'s, [u8]>,
    /// What stands between the previous document and this one: a line with `---`, or blanks.
    pub separator: Cow<'s, [u8]>,
    /// How the bytes are to be read.
    pub format: Format,
    /// Where the bytes begin in the stream.
    pub start: Position,
    /// Why a text that begins as JSON is read as YAML.
    json_error: Option<Error>,
}

impl DocumentText<'_> {
    /// A document that is not one of a stream.
    pub(crate) fn new(bytes: &[u8], format: Format) -> DocumentText<'_> {
        let (bytes, separator) = (bytes.into(), Cow::Borrowed::<[u8]>(&[]));
        DocumentText { bytes, separator, format, start: Position::START, json_error: None }
    }

    /// Whether there is nothing but comments in it: kubectl passes over such a document.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.format == Format::Yaml
            && str::from_utf8(&self.bytes).is_ok_and(kubernetes_yaml::is_blank)
    }

    /// The same document, on its own.
    #[must_use]
    pub fn into_owned(self) -> DocumentText<'static> {
        DocumentText {
            bytes: self.bytes.into_owned().into(),
            separator: self.separator.into_owned().into(),
            ..self
        }
    }

    /// The document as compact JSON, whatever it is, and an error if there is more in the text than one
    /// document.
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax), [`is_limit`](Error::is_limit) and
    /// [`is_not_utf8`](Error::is_not_utf8), with the place in the stream.
    pub fn to_json(&self) -> (Result<String, Error>, Option<Error>) {
        self.read_with(untyped_tree, |_, tree, _| {
            let mut json = String::new();
            write_json(&Edit::Kept(tree.root()), &mut json);
            Ok(json)
        })
    }

    /// Reads the document and calls `read` with its text, which is repaired where JSON is not Unicode,
    /// its tree, and what was repaired. Behind the result is an error if there is more in the text than
    /// one document.
    ///
    /// Source: sigs.k8s.io/yaml, which reads the first document of a text and drops the others.
    pub(crate) fn read<R>(
        &self,
        read: impl FnOnce(&str, &Tree<'_>, Option<&Mended>) -> Result<R, Error>,
    ) -> (Result<R, Error>, Option<Error>) {
        self.read_with(tree, read)
    }

    fn read_with<R>(
        &self,
        tree: fn(&str, bool) -> Result<Tree<'_>, Error>,
        read: impl FnOnce(&str, &Tree<'_>, Option<&Mended>) -> Result<R, Error>,
    ) -> (Result<R, Error>, Option<Error>) {
        match self.format {
            Format::Json => {
                let read = crate::json::CheckedJson::check(&self.bytes).and_then(|json| {
                    read(&json.text, &tree(&json.text, false)?, json.mended.as_ref())
                });
                (read.map_err(|error| error.within(self.start)), None)
            }
            Format::Yaml => {
                let text = str::from_utf8(&self.bytes)
                    .map_err(|error| Error::not_utf8(&self.bytes, error.valid_up_to()));
                let tree = text.and_then(|text| Ok((text, tree(text, true)?)));
                let (text, tree) = match tree {
                    Ok(read) => read,
                    Err(error) => return (Err(self.later(error.within(self.start))), None),
                };
                let (own, rest) = tree.split(text);
                let ignored = (!kubernetes_yaml::is_blank(rest)).then(|| {
                    let start = text.len() - rest.trim_start().len();
                    Error::ignored_text(Position::of(text, start)).within(self.start)
                });
                (read(own, &tree, None).map_err(|error| error.within(self.start)), ignored)
            }
        }
    }

    /// Of the errors as YAML and as JSON, the one that is further on in the text.
    fn later(&self, yaml: Error) -> Error {
        match &self.json_error {
            Some(json) if json.position() > yaml.position() => {
                Error::syntax(json.without_position().to_string(), json.position())
            }
            _ => yaml,
        }
    }
}

/// Reads a stream document by document.
///
/// After an error the next document is read, except where reading itself fails or a document is longer
/// than [`MAX_DOCUMENT`].
///
/// ```
/// use istio_gateway::stream::{DocumentReader, Format};
///
/// let stream = "{\"kind\": \"Service\"}\n---\nkind: Gateway\n";
/// let mut reader = DocumentReader::new(stream.as_bytes());
/// let mut formats = Vec::new();
/// while let Some(document) = reader.next_document() {
///     formats.push(document?.format);
/// }
/// assert_eq!(formats, [Format::Json, Format::Yaml]);
/// # Ok::<(), istio_gateway::Error>(())
/// ```
pub struct DocumentReader<R> {
    buffer: Buffer<R>,
    state: State,
    /// What the caller has of the buffer.
    lent: usize,
}

/// What comes next.
#[derive(Clone, Copy)]
enum State {
    Start,
    /// JSON, after so many documents.
    Json(usize),
    Yaml {
        /// Whether a line with `---` comes first, which has ended the document before.
        is_separated: bool,
    },
    /// What is after an error in JSON.
    Skip,
    End,
}

impl State {
    const YAML: Self = Self::Yaml { is_separated: false };
}

/// Where a document is in the buffer.
struct Found {
    start: usize,
    end: usize,
    format: Format,
    json_error: Option<Error>,
}

/// No document of a stream may be longer, in bytes: 128 MiB. A List of all Gateways of a large cluster
/// has some megabytes.
pub const MAX_DOCUMENT: usize = 128 << 20;

/// How far kubectl looks for a brace.
const SNIFFED: usize = 4096;

impl<R: Read> DocumentReader<R> {
    /// A reader of a stream, such as a file, standard input, or a slice of bytes.
    pub fn new(stream: R) -> Self {
        Self { buffer: Buffer::new(stream), state: State::Start, lent: 0 }
    }

    /// The next document, if there is one. Those with nothing but comments in them come, too.
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax) where the stream is not JSON and cannot be YAML, or a document's
    /// separator has something else than a comment in its line; [`is_limit`](Error::is_limit) when a
    /// document is too long; [`is_io`](Error::is_io) when reading fails.
    pub fn next_document(&mut self) -> Option<Result<DocumentText<'_>, Error>> {
        self.buffer.consume(std::mem::take(&mut self.lent));
        let Found { start, end, format, json_error } = match self.find() {
            Ok(found) => found?,
            Err(error) => return Some(Err(error)),
        };
        self.lent = end;
        let rest = self.buffer.rest();
        Some(Ok(DocumentText {
            bytes: rest.get(start..end).unwrap_or_default().into(),
            separator: rest.get(..start).unwrap_or_default().into(),
            format,
            start: self.buffer.position_of(start),
            json_error,
        }))
    }

    fn find(&mut self) -> Result<Option<Found>, Error> {
        if let State::Start = self.state {
            self.fill(SNIFFED)?;
            let start = self.buffer.rest();
            let start = String::from_utf8_lossy(start.get(..SNIFFED).unwrap_or(start));
            let is_json = start.trim_start().starts_with('{');
            self.state = if is_json { State::Json(0) } else { State::YAML };
        }
        if let State::Skip = self.state {
            self.skip()?;
        }
        match self.state {
            State::Json(count) => self.find_json(count),
            State::Yaml { is_separated } => self.find_yaml(is_separated, None),
            State::Start | State::Skip | State::End => Ok(None),
        }
    }

    /// Reads until so many bytes are there, or all. An error is the last item.
    fn fill(&mut self, wanted: usize) -> Result<(), Error> {
        self.buffer.fill(wanted).map_err(|error| {
            self.state = State::End;
            Error::io(error)
        })
    }

    /// Reads more of a document that does not end in what is there.
    fn fill_more(&mut self) -> Result<(), Error> {
        let length = self.buffer.rest().len();
        if length > MAX_DOCUMENT {
            self.state = State::End;
            let message = "a document longer than 128 MiB: nothing is read from here on";
            return Err(Error::limit(message, Some(self.buffer.position())));
        }
        self.fill(length * 2 + 1)
    }
}

/// The documents of a stream in memory, each with a text of its own.
///
/// ```
/// use istio_gateway::stream::split_documents;
///
/// let documents = split_documents("a: 1\n--- # the next\nb: 2\n");
/// let lines: Vec<_> = documents.map(|document| document.unwrap().start.line).collect();
/// assert_eq!(lines, [1, 3]);
/// ```
pub fn split_documents<T: AsRef<[u8]> + ?Sized>(
    stream: &T,
) -> impl Iterator<Item = Result<DocumentText<'static>, Error>> + '_ {
    let mut reader = DocumentReader::new(stream.as_ref());
    std::iter::from_fn(move || Some(reader.next_document()?.map(DocumentText::into_owned)))
}
