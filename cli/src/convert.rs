//! `istio-gateway convert`: YAML, JSON and protobuf into each other.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use istio_gateway::{
    Diagnostic, Document, Gateway, Lossless, Manifest, Object, Port, Server, ServerTlsSettings,
    diagnostic::rule, documents, documents_from_json, json, prost::Message as _, yaml,
};
use serde_json::Value;

use crate::{
    Failure,
    input::Input,
    output::{HarmlessJson, print},
};

/// Converts Gateways between YAML, JSON and protobuf, and loses nothing on the way.
///
/// YAML is read as Kubernetes reads it (YAML 1.1), known fields in Istio's dialect. Unknown fields
/// and resources of other kinds go through YAML and JSON as they are; comments do not. A value
/// that Istio refuses is an error, unless it is a placeholder such as $PORT.
///
/// Several documents become several: in YAML they are separated by ---, in JSON they stand one a
/// line, in binary each is preceded by its length as a varint; a single one stands alone.
/// Binary is the protobuf message of the spec, and nothing else of the document.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway convert gateway.yaml                      YAML to JSON
  istio-gateway convert --to yaml gateway.json            JSON to YAML
  kubectl get gateways.networking.istio.io -o json | istio-gateway convert --from json -
  istio-gateway convert --to binary gateway.yaml > gateway.binpb
  istio-gateway convert --from yaml --type tls - <<< '{mode: SIMPLE, credentialName: edge}'

Exit status:
  0  all was converted
  1  the input is wrong: nothing is written
  2  the command is wrong, or something cannot be read or written")]
pub(crate) struct Convert {
    /// What the input is [default: by the file's ending, else yaml]
    #[arg(long, value_enum)]
    from: Option<Format>,

    /// What the output is to be [default: json, or yaml when the input is not yaml]
    #[arg(long, value_enum)]
    to: Option<Format>,

    /// Reads a bare message without apiVersion, kind and metadata around it
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    message: Option<MessageType>,

    /// Drops what binary cannot hold, unknown fields and other kinds, instead of refusing it
    #[arg(long)]
    lossy: bool,

    /// The file to read; - is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Yaml,
    Json,
    /// The protobuf message of the spec
    Binary,
}

impl Format {
    fn of(path: &Path) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("json" | "ndjson" | "jsonl") => Self::Json,
            Some("binary" | "bin" | "binpb" | "pb") => Self::Binary,
            _ => Self::Yaml,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum MessageType {
    Gateway,
    Server,
    Port,
    /// `ServerTLSSettings`
    Tls,
}

impl Convert {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let from = self.from.unwrap_or_else(|| Format::of(&self.file));
        let to = self.to.unwrap_or(if from == Format::Yaml { Format::Json } else { Format::Yaml });
        if to == Format::Binary && io::stdout().is_terminal() {
            return Err(Failure::Usage(
                "binary is not written to a terminal; use > FILE".to_owned(),
            ));
        }
        let input = Input::read(&self.file)?;
        let way = Way { input: &input, from, to, is_lossy: self.lossy };
        let output = match self.message {
            None => way.resources(),
            Some(MessageType::Gateway) => way.messages::<Gateway>(),
            Some(MessageType::Server) => way.messages::<Server>(),
            Some(MessageType::Port) => way.messages::<Port>(),
            Some(MessageType::Tls) => way.messages::<ServerTlsSettings>(),
        };
        print(&output.map_err(Failure::Input)?)
    }
}

/// From what to what.
struct Way<'a> {
    input: &'a Input,
    from: Format,
    to: Format,
    is_lossy: bool,
}

/// What is wrong, a line for each thing.
type Lines = Vec<String>;

/// What becomes of a document: mostly one.
type Part = Result<Vec<Vec<u8>>, Lines>;

impl Way<'_> {
    /// Kubernetes documents.
    fn resources(&self) -> Result<Vec<u8>, Lines> {
        let parts: Vec<Part> = match self.from {
            Format::Yaml => {
                let text = self.input.text()?;
                let chunks = yaml::split(text).filter(|chunk| !chunk.is_blank());
                let both = documents(text).zip(chunks);
                both.map(|(d, chunk)| self.resource(d, || Object::parse(chunk.text))).collect()
            }
            Format::Json => {
                let json = &self.input.bytes;
                let both = documents_from_json(json).zip(json::split(json));
                both.map(|(d, chunk)| self.resource(d, || Object::from_json(chunk?.text))).collect()
            }
            Format::Binary => self
                .binary::<Gateway>()?
                .into_iter()
                .map(|spec| {
                    let document = with_envelope(&spec).map(|m| Document::Gateway(Box::new(m)));
                    self.resource(document, || Object::parse(""))
                })
                .collect(),
        };
        self.join(parts)
    }

    /// A document, and what it is if its fields' types do not count.
    fn resource(
        &self,
        document: Result<Document, istio_gateway::Error>,
        untyped: impl FnOnce() -> Result<Object, istio_gateway::Error>,
    ) -> Part {
        let document = match document {
            Ok(document) => document,
            Err(error) => match untyped() {
                Ok(object) if self.to != Format::Binary && is_template(&error, &object) => {
                    // It becomes a Gateway when the placeholders are filled in.
                    for line in self.input.lines_of(&error, 0) {
                        crate::tell(&format!("{line} (a placeholder, left as it is)"));
                    }
                    Document::Other(Box::new(object))
                }
                _ => return Err(self.input.lines_of(&error, 0)),
            },
        };
        if self.to == Format::Binary && document.object().kind().ends_with("List") {
            // What kubectl gives of several resources: each is a document.
            let mut all = Vec::new();
            for item in document.object().items() {
                let item = item.map_err(|error| self.input.lines_of(&error, 0))?;
                all.extend(self.written(item)?);
            }
            return Ok(all);
        }
        self.written(document)
    }

    fn written(&self, document: Document) -> Part {
        Ok(vec![match (self.to, document) {
            (Format::Yaml, document) => document.to_yaml().into_bytes(),
            (Format::Json, document) => document.to_json().into_bytes(),
            (Format::Binary, Document::Gateway(manifest)) => {
                self.check_loss(manifest.diagnostics(), 0)?;
                manifest.spec().encode_to_vec()
            }
            (Format::Binary, _) if self.is_lossy => return Ok(Vec::new()),
            (Format::Binary, other) => {
                let what = format!("{} {}", other.object().kind(), other.object().name());
                return Err(vec![format!(
                    "{}:{}:1: {} is no Gateway of Istio and has no binary form; \
                     --lossy leaves it out",
                    self.input.name(),
                    other.object().first_line(),
                    what.trim_end(),
                )]);
            }
        }])
    }

    /// Bare messages.
    fn messages<T: json::Message>(&self) -> Result<Vec<u8>, Lines> {
        let parts: Vec<Part> = match self.from {
            Format::Yaml => {
                let all: Vec<_> = yaml::split(self.input.text()?).collect();
                let is_single = all.len() == 1;
                all.into_iter()
                    .filter(|chunk| is_single || !chunk.is_blank())
                    .map(|chunk| {
                        let found = yaml::decode_str::<T>(chunk.text).map(|d| d.diagnostics);
                        self.message(Lossless::<T>::from_yaml(chunk.text), found, chunk.lines)
                    })
                    .collect()
            }
            Format::Json => json::split(&self.input.bytes)
                .map(|chunk| {
                    let chunk = chunk.map_err(|error| self.input.lines_of(&error, 0))?;
                    let found = json::decode_slice::<T>(chunk.text).map(|d| d.diagnostics);
                    self.message(Lossless::<T>::from_json(chunk.text), found, chunk.lines)
                })
                .collect(),
            Format::Binary => self
                .binary::<T>()?
                .into_iter()
                .map(|message| self.message(Ok(Lossless::new(message)), Ok(Vec::new()), 0))
                .collect(),
        };
        self.join(parts)
    }

    fn message<T: json::Message>(
        &self,
        message: Result<Lossless<T>, istio_gateway::Error>,
        found: Result<Vec<Diagnostic>, istio_gateway::Error>,
        lines: usize,
    ) -> Part {
        let message = message.map_err(|error| self.input.lines_of(&error, lines))?;
        Ok(vec![match self.to {
            Format::Yaml => message.to_yaml().into_bytes(),
            Format::Json => message.to_json().into_bytes(),
            Format::Binary => {
                self.check_loss(&found.unwrap_or_default(), lines)?;
                message.encode_to_vec()
            }
        }])
    }

    /// Refuses what binary would lose.
    fn check_loss(&self, found: &[Diagnostic], lines: usize) -> Result<(), Lines> {
        let is_lost =
            |d: &&Diagnostic| [rule::UNKNOWN_FIELD, rule::UNKNOWN_ENVELOPE_KEY].contains(&d.rule);
        let lost: Vec<_> = found.iter().filter(is_lost).collect();
        if self.is_lossy || lost.is_empty() {
            return Ok(());
        }
        let line = |d: &Diagnostic| {
            let at = d
                .position
                .map_or_else(String::new, |p| format!("{}:{}:", p.line + lines, p.column));
            format!("{}:{at} {}; --lossy drops it", self.input.name(), d.without_position())
        };
        Err(lost.into_iter().map(line).collect())
    }

    /// One message, or several with their lengths before them.
    ///
    /// Nothing in the bytes says which: it is what is written back as the same bytes.
    fn binary<T: json::Message>(&self) -> Result<Vec<T>, Lines> {
        let bytes = self.input.bytes.as_slice();
        let single = T::decode(bytes);
        let several = delimited::<T>(bytes);
        match (single, several) {
            (Ok(message), _) if message.encode_to_vec() == bytes => Ok(vec![message]),
            (_, Some((messages, written))) if written == bytes => Ok(messages),
            (Ok(message), _) if self.is_lossy => Ok(vec![message]),
            (_, Some((messages, _))) if self.is_lossy => Ok(messages),
            (Ok(_), _) | (_, Some(_)) => Err(vec![format!(
                "{}: fields that are not known would be lost; --lossy drops them",
                self.input.name()
            )]),
            (Err(error), None) => Err(vec![format!("{}: {error}", self.input.name())]),
        }
    }

    /// Puts the documents together; with anything wrong in any of them there is no output.
    fn join(&self, parts: Vec<Part>) -> Result<Vec<u8>, Lines> {
        let (mut documents, mut wrong) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Ok(some) => documents.extend(some),
                Err(lines) => wrong.extend(lines),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let is_single = documents.len() == 1;
        let mut out = Vec::new();
        for (i, document) in documents.into_iter().enumerate() {
            match self.to {
                Format::Yaml => {
                    if i > 0 && !document.starts_with(b"---") {
                        out.extend(b"---\n");
                    }
                    out.extend(&document);
                    if !document.ends_with(b"\n") {
                        out.push(b'\n');
                    }
                }
                Format::Json => {
                    // It is whole characters, and a Vec takes all.
                    let _ = HarmlessJson(&mut out).write_all(&document);
                    out.push(b'\n');
                }
                Format::Binary => {
                    if !is_single {
                        // A Vec takes any length.
                        let _ =
                            istio_gateway::prost::encode_length_delimiter(document.len(), &mut out);
                    }
                    out.extend(&document);
                }
            }
        }
        Ok(out)
    }
}

/// Whether all that is wrong with a document are placeholders, such as `$PORT` or `{{ .port }}`.
fn is_template(error: &istio_gateway::Error, object: &Object) -> bool {
    let is_placeholder = |value: &Option<Value>| {
        let text = value.as_ref().and_then(Value::as_str);
        text.is_some_and(|text| text.contains('$') || text.contains("{{"))
    };
    let paths: Vec<_> = error.diagnostics().iter().map(|found| found.path.clone()).collect();
    error.is_decode() && object.get_all(&paths).iter().all(is_placeholder)
}

/// A spec as a resource; its name is not in the message.
fn with_envelope(spec: &Gateway) -> Result<Manifest, istio_gateway::Error> {
    let spec = json::to_string(spec);
    let group = istio_gateway::GROUP;
    Manifest::from_json(format!(r#"{{"apiVersion":"{group}/v1","kind":"Gateway","spec":{spec}}}"#))
}

/// Messages with their lengths before them, and how they are written back.
fn delimited<T: json::Message>(mut bytes: &[u8]) -> Option<(Vec<T>, Vec<u8>)> {
    let (mut messages, mut written) = (Vec::new(), Vec::new());
    while !bytes.is_empty() {
        let message = T::decode_length_delimited(&mut bytes).ok()?;
        message.encode_length_delimited(&mut written).ok()?;
        messages.push(message);
    }
    Some((messages, written))
}
