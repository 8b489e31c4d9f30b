//! Splits a stream into documents, as kubectl does.
//!
//! A stream that begins with `{` is read as consecutive JSON values, and as YAML from where it is not
//! JSON. Any other stream is YAML, split at lines that begin with `---`. File names do not matter. A
//! byte order mark is removed, and UTF-16 with one is decoded. One document is in memory at a time.
//!
//! [`documents`](crate::documents) reads the documents themselves.
//!
//! Source: apimachinery's `YAMLOrJSONDecoder`, after the decoding in cli-runtime's `FileVisitor`.

mod buffer;
mod json;
mod yaml;

use std::{borrow::Cow, io::Read};

use self::buffer::Buffer;
use crate::{
    Error,
    diagnostic::Position,
    json::Sanitized,
    manifest::{tree, untyped_tree},
    tree::{Edit, Tree, write_json},
};

/// The format of a document.
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
    /// The text between the previous document and this one: a line with `---`, or white space.
    pub separator: Cow<'s, [u8]>,
    /// The format in which the bytes are read.
    pub format: Format,
    /// The position of the bytes in the stream.
    pub start: Position,
    /// Why a text that begins as JSON is read as YAML.
    json_error: Option<Error>,
}

impl DocumentText<'_> {
    /// A document that is not part of a stream.
    pub(crate) fn new(bytes: &[u8], format: Format) -> DocumentText<'_> {
        let (bytes, separator) = (bytes.into(), Cow::Borrowed::<[u8]>(&[]));
        DocumentText { bytes, separator, format, start: Position::START, json_error: None }
    }

    /// Whether it contains only comments: kubectl skips such a document.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.format == Format::Yaml
            && str::from_utf8(&self.bytes).is_ok_and(kubernetes_yaml::is_blank)
    }

    /// The same document, with its own text.
    #[must_use]
    pub fn into_owned(self) -> DocumentText<'static> {
        DocumentText {
            bytes: self.bytes.into_owned().into(),
            separator: self.separator.into_owned().into(),
            ..self
        }
    }

    /// The document as compact JSON, of any kind, and an error if the text contains more than one
    /// document.
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax), [`is_limit`](Error::is_limit) and
    /// [`is_not_utf8`](Error::is_not_utf8), with the position in the stream.
    pub fn to_json(&self) -> (Result<String, Error>, Option<Error>) {
        self.read_with(untyped_tree, |_, tree, _| {
            let mut json = String::new();
            write_json(&Edit::Kept(tree.root()), &mut json);
            Ok(json)
        })
    }

    /// Reads the document and calls `read` with its text (sanitized if JSON is not valid Unicode), its
    /// tree, and the replaced locations. The second result is an error if the text contains more than
    /// one document.
    ///
    /// Source: sigs.k8s.io/yaml, which reads the first document of a text and drops the others.
    pub(crate) fn read<R>(
        &self,
        read: impl FnOnce(&str, &Tree<'_>, Option<&Sanitized>) -> Result<R, Error>,
    ) -> (Result<R, Error>, Option<Error>) {
        self.read_with(tree, read)
    }

    fn read_with<R>(
        &self,
        tree: fn(&str, bool) -> Result<Tree<'_>, Error>,
        read: impl FnOnce(&str, &Tree<'_>, Option<&Sanitized>) -> Result<R, Error>,
    ) -> (Result<R, Error>, Option<Error>) {
        match self.format {
            Format::Json => {
                let read = crate::json::CheckedJson::check(&self.bytes).and_then(|json| {
                    read(&json.text, &tree(&json.text, false)?, json.sanitized.as_ref())
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

    /// The error that is further into the text, of those as YAML and as JSON.
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
/// After an error the next document is read, unless reading itself fails or a document is longer than
/// [`MAX_DOCUMENT`].
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
    /// The part of the buffer that the caller has.
    lent: usize,
}

/// What comes next.
#[derive(Clone, Copy)]
enum State {
    Start,
    /// JSON, after this many documents.
    Json(usize),
    Yaml {
        /// Whether a line with `---` comes first, which has ended the previous document.
        is_separated: bool,
    },
    /// The text after an error in JSON.
    Skip,
    End,
}

impl State {
    const YAML: Self = Self::Yaml { is_separated: false };
}

/// The location of a document in the buffer.
struct Found {
    start: usize,
    end: usize,
    format: Format,
    json_error: Option<Error>,
}

/// The maximum length of a document in bytes: 128 MiB. A List of all Gateways of a large cluster has a
/// few megabytes.
pub const MAX_DOCUMENT: usize = 128 << 20;

/// How far kubectl searches for a brace.
const SNIFFED: usize = 4096;

impl<R: Read> DocumentReader<R> {
    /// Creates a reader of a stream, such as a file, standard input, or a byte slice.
    pub fn new(stream: R) -> Self {
        Self { buffer: Buffer::new(stream), state: State::Start, lent: 0 }
    }

    /// The next document, if there is one, including those that contain only comments.
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax) if the stream is not JSON and cannot be YAML, or a separator
    /// line contains more than a comment; [`is_limit`](Error::is_limit) if a document is too long;
    /// [`is_io`](Error::is_io) if reading fails.
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

    /// Reads until this many bytes are available, or the end. An error is the last item.
    fn fill(&mut self, wanted: usize) -> Result<(), Error> {
        self.buffer.fill(wanted).map_err(|error| {
            self.state = State::End;
            Error::io(error)
        })
    }

    /// Reads more of a document that does not end in the available bytes.
    fn fill_more(&mut self) -> Result<(), Error> {
        let length = self.buffer.rest().len();
        if length > MAX_DOCUMENT {
            self.state = State::End;
            let message = "document longer than 128 MiB: the rest of the stream is not read";
            return Err(Error::limit(message, Some(self.buffer.position())));
        }
        self.fill(length * 2 + 1)
    }
}

/// The documents of a stream in memory, each with its own text.
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
