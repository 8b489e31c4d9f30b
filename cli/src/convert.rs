//! `istio-gateway convert`: converts between YAML, JSON and protobuf.

use std::{
    cell::LazyCell,
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use istio_gateway::{
    Diagnostic, Document, Error, Gateway, Lossless, Manifest, Object, Port, Server,
    ServerTlsSettings, json,
    prost::Message as _,
    rule::decode as rule,
    stream::{self, DocumentText},
};

use crate::{
    Failure,
    files::File,
    input::{Reading, lines_of},
    output::{HarmlessJson, print},
    tell,
};

/// Converts Gateways between YAML, JSON and protobuf without loss.
///
/// YAML is read as Kubernetes reads it (YAML 1.1), known fields as Istio's decoder reads them. Unknown
/// fields and other resources are kept between YAML and JSON; comments are not. A value that Istio
/// rejects is an error, unless it is a placeholder such as $PORT.
///
/// Several documents are separated by --- in YAML, by line breaks in JSON, and in binary each one is
/// preceded by its length as a varint. A single document has no separator. Binary is the protobuf
/// message of the spec, without the rest of the document.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway convert gateway.yaml                      YAML to JSON
  istio-gateway convert --to yaml gateway.json            JSON to YAML
  kubectl get gateways.networking.istio.io -o json | istio-gateway convert --from json -
  istio-gateway convert --to binary gateway.yaml > gateway.binpb
  istio-gateway convert --from yaml --type tls - <<< '{mode: SIMPLE, credentialName: edge}'

Exit status:
  0  every document was converted
  1  a document is invalid; the others are written
  2  usage error, or a file cannot be read or written")]
pub(crate) struct Convert {
    /// The input format [default: binary by file extension, otherwise yaml or json by content]
    #[arg(long, value_enum)]
    from: Option<Format>,

    /// The output format [default: json, or yaml if the first document is not YAML]
    #[arg(long, value_enum)]
    to: Option<Format>,

    /// Reads a bare message, without apiVersion, kind and metadata
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    message: Option<MessageType>,

    /// Drops what binary cannot represent, unknown fields and other kinds, instead of failing
    #[arg(long)]
    lossy: bool,

    /// Files and directories; - is standard input
    #[arg(default_value = "-", value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Yaml,
    Json,
    /// The protobuf message of the spec
    Binary,
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
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.to == Some(Format::Binary) && io::stdout().is_terminal() {
            return Err(Failure::Usage(
                "binary output cannot be written to a terminal; use > FILE".to_owned(),
            ));
        }
        let mut reading = Reading::default();
        let mut conversion = Conversion { options: &self, to: self.to, parts: Vec::new() };
        for file in reading.files(&self.files)? {
            match self.message {
                None => conversion.resources(&file, &mut reading),
                Some(MessageType::Gateway) => conversion.messages::<Gateway>(&file, &mut reading),
                Some(MessageType::Server) => conversion.messages::<Server>(&file, &mut reading),
                Some(MessageType::Port) => conversion.messages::<Port>(&file, &mut reading),
                Some(MessageType::Tls) => {
                    conversion.messages::<ServerTlsSettings>(&file, &mut reading);
                }
            }
        }
        print(&conversion.joined())?;
        Ok(ExitCode::from(reading.finish()))
    }

    fn is_binary(&self, file: &File) -> bool {
        let is_named = || {
            let ending = file.path.extension().and_then(|ending| ending.to_str());
            matches!(ending, Some("binary" | "bin" | "binpb" | "pb"))
        };
        self.from.map_or_else(is_named, |from| from == Format::Binary)
    }
}

struct Conversion<'a> {
    options: &'a Convert,
    /// The output format; unknown before the first document, unless the user sets it.
    to: Option<Format>,
    /// How documents are converted.
    parts: Vec<Vec<u8>>,
}

/// Warns about a misspelt Gateway.
fn warn(name: &str, object: &Object) {
    if let Some(message) = object.misspelt_gateway() {
        let line = object.first_line();
        tell(&format!("{name}:{line}:1: warning: {message}; its fields are not checked"));
    }
}

/// Errors, one for each line.
type Lines = Vec<String>;

impl Conversion<'_> {
    /// Kubernetes documents.
    fn resources(&mut self, file: &File, reading: &mut Reading) {
        let name = file.name();
        if self.options.is_binary(file) {
            let to = *self.to.get_or_insert(Format::Yaml);
            for spec in self.binary::<Gateway>(file, reading) {
                let written = with_envelope(&spec)
                    .map_err(|error| lines_of(&name, &error))
                    .and_then(|m| self.written(to, &name, &Document::Gateway(Box::new(m))));
                self.take(written, reading);
            }
            return;
        }
        reading.documents_of(file, |reading, _, _, text| {
            let to = self.output(text.format);
            let (document, ignored) = Document::of_stream(text);
            let written = self.resource(to, &name, document, text, reading);
            self.take(written, reading);
            ignored.iter().for_each(|error| reading.wrong(file, error));
        });
    }

    /// A document. The items of a list are read too.
    fn resource(
        &mut self,
        to: Format,
        name: &str,
        document: Result<Document, Error>,
        text: &DocumentText<'_>,
        reading: &mut Reading,
    ) -> Result<Option<Vec<u8>>, Lines> {
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                let object = Object::of_stream(text).map_err(|_| lines_of(name, &error))?;
                let template = Document::of_template(text).0;
                pass_placeholders(to, name, &error, template.err().as_ref())?;
                // It becomes a Gateway when the placeholders are replaced.
                Document::Other(Box::new(object))
            }
        };
        let object = document.object();
        warn(name, object);
        if !object.is_list() {
            return self.written(to, name, &document);
        }
        let mut wrong = Vec::new();
        // What is wrong with each as a template.
        let templates =
            LazyCell::new(|| object.template_items().map(Result::err).collect::<Vec<_>>());
        for (index, item) in object.items().enumerate() {
            match item {
                // kubectl's output for several resources: each item is a document.
                Ok(item) if to == Format::Binary => {
                    warn(name, item.object());
                    let written = self.written(to, name, &item);
                    self.take(written, reading);
                }
                Ok(item) => warn(name, item.object()),
                Err(error) => {
                    let written = {
                        let template = templates.get(index).and_then(Option::as_ref);
                        pass_placeholders(to, name, &error, template)
                    };
                    wrong.extend(written.err().into_iter().flatten());
                }
            }
        }
        match wrong.is_empty() {
            true if to == Format::Binary => Ok(None),
            true => self.written(to, name, &document),
            false => Err(wrong),
        }
    }

    fn written(
        &self,
        to: Format,
        name: &str,
        document: &Document,
    ) -> Result<Option<Vec<u8>>, Lines> {
        Ok(Some(match (to, document) {
            (Format::Yaml, document) => document.to_yaml().into_bytes(),
            (Format::Json, document) => document.to_json().into_bytes(),
            (Format::Binary, Document::Gateway(manifest)) => {
                self.check_loss(name, manifest.diagnostics())?;
                manifest.spec().encode_to_vec()
            }
            (Format::Binary, _) if self.options.lossy => return Ok(None),
            (Format::Binary, other) => {
                let other = other.object();
                let what = format!("{} {}", other.kind(), other.name());
                return Err(vec![format!(
                    "{name}:{}:1: {} is not an Istio Gateway and has no binary form; \
                     --lossy leaves it out",
                    other.first_line(),
                    what.trim_end(),
                )]);
            }
        }))
    }

    /// Bare messages.
    fn messages<T: json::Message>(&mut self, file: &File, reading: &mut Reading) {
        let name = file.name();
        if self.options.is_binary(file) {
            let to = *self.to.get_or_insert(Format::Yaml);
            for message in self.binary::<T>(file, reading) {
                let written = self.message(to, &name, &Lossless::new(message), &[]);
                self.take(written, reading);
            }
            return;
        }
        reading.documents_of(file, |reading, _, _, text| {
            let to = self.output(text.format);
            let (read, ignored) = Lossless::<T>::of_stream(text);
            let written = read
                .map_err(|error| lines_of(&name, &error))
                .and_then(|(message, found)| self.message(to, &name, &message, &found));
            self.take(written, reading);
            ignored.iter().for_each(|error| reading.wrong(file, error));
        });
    }

    fn message<T: json::Message>(
        &self,
        to: Format,
        name: &str,
        message: &Lossless<T>,
        found: &[Diagnostic],
    ) -> Result<Option<Vec<u8>>, Lines> {
        Ok(Some(match to {
            Format::Yaml => message.to_yaml().into_bytes(),
            Format::Json => message.to_json().into_bytes(),
            Format::Binary => {
                self.check_loss(name, found)?;
                message.encode_to_vec()
            }
        }))
    }

    fn take(&mut self, written: Result<Option<Vec<u8>>, Lines>, reading: &mut Reading) {
        match written {
            Ok(part) => self.parts.extend(part),
            Err(lines) => reading.incomplete(&lines),
        }
    }

    /// The output format if the first document has this one.
    fn output(&mut self, first: stream::Format) -> Format {
        let is_yaml = match self.options.from {
            Some(from) => from == Format::Yaml,
            None => first == stream::Format::Yaml,
        };
        *self.to.get_or_insert(if is_yaml { Format::Json } else { Format::Yaml })
    }

    /// Reports what binary would lose.
    fn check_loss(&self, name: &str, found: &[Diagnostic]) -> Result<(), Lines> {
        let is_lost =
            |d: &&Diagnostic| [rule::UNKNOWN_FIELD, rule::UNKNOWN_ENVELOPE_KEY].contains(&d.rule);
        let lost: Vec<_> = found.iter().filter(is_lost).collect();
        if self.options.lossy || lost.is_empty() {
            return Ok(());
        }
        let line = |d: &Diagnostic| {
            let at = d.position.map_or_else(String::new, |position| format!("{position}:"));
            format!("{name}:{at} {}; --lossy drops it", d.without_position())
        };
        Err(lost.into_iter().map(line).collect())
    }

    /// One message, or several with length prefixes.
    ///
    /// The bytes do not contain the difference: the form that encodes to the same bytes is used.
    fn binary<T: json::Message>(&self, file: &File, reading: &mut Reading) -> Vec<T> {
        let Some(bytes) = reading.bytes(file) else { return Vec::new() };
        let bytes = bytes.as_slice();
        let (single, several) = (T::decode(bytes), delimited::<T>(bytes));
        let is_lossy = self.options.lossy;
        let wrong = match (single, several) {
            (Ok(message), _) if message.encode_to_vec() == bytes => return vec![message],
            (_, Some((messages, written))) if written == bytes => return messages,
            (Ok(message), _) if is_lossy => return vec![message],
            (_, Some((messages, _))) if is_lossy => return messages,
            (Ok(_), _) | (_, Some(_)) => {
                "unknown fields would be lost; --lossy drops them".to_owned()
            }
            (Err(error), None) => error.to_string(),
        };
        reading.incomplete(&[format!("{}: {wrong}", file.name())]);
        Vec::new()
    }

    /// Joins the documents.
    fn joined(self) -> Vec<u8> {
        let is_single = self.parts.len() == 1;
        let mut out = Vec::new();
        for (i, document) in self.parts.into_iter().enumerate() {
            match self.to {
                Some(Format::Yaml) => {
                    if i > 0 && !document.starts_with(b"---") {
                        out.extend(b"---\n");
                    }
                    out.extend(&document);
                    if !document.ends_with(b"\n") {
                        out.push(b'\n');
                    }
                }
                Some(Format::Binary) => {
                    if !is_single {
                        // A Vec accepts any length.
                        let _ =
                            istio_gateway::prost::encode_length_delimiter(document.len(), &mut out);
                    }
                    out.extend(&document);
                }
                Some(Format::Json) | None => {
                    // These are whole characters, and a Vec accepts all of them.
                    let _ = HarmlessJson(&mut out).write_all(&document);
                    out.push(b'\n');
                }
            }
        }
        out
    }
}

/// Reports the placeholders of a document that is a Gateway once they are replaced. Fails if anything
/// else is wrong: `other` is what is wrong with it as a template.
fn pass_placeholders(
    to: Format,
    name: &str,
    error: &Error,
    other: Option<&Error>,
) -> Result<(), Lines> {
    const MOST: usize = 20;
    match other {
        Some(other) if to != Format::Binary => return Err(lines_of(name, other)),
        None if to != Format::Binary => {}
        _ => return Err(lines_of(name, error)),
    }
    let lines = lines_of(name, error);
    lines.iter().take(MOST).for_each(|line| tell(&format!("{line} (placeholder, kept)")));
    if lines.len() > MOST {
        tell(&format!("{name}: and {} more placeholders, kept", lines.len() - MOST));
    }
    Ok(())
}

/// A spec as a resource; its name is not in the message.
fn with_envelope(spec: &Gateway) -> Result<Manifest, Error> {
    let spec = json::to_string(spec);
    let group = istio_gateway::GROUP;
    Manifest::from_json(format!(r#"{{"apiVersion":"{group}/v1","kind":"Gateway","spec":{spec}}}"#))
}

/// Messages with length prefixes, and how they are encoded.
fn delimited<T: json::Message>(mut bytes: &[u8]) -> Option<(Vec<T>, Vec<u8>)> {
    let (mut messages, mut written) = (Vec::new(), Vec::new());
    while !bytes.is_empty() {
        let message = T::decode_length_delimited(&mut bytes).ok()?;
        message.encode_length_delimited(&mut written).ok()?;
        messages.push(message);
    }
    Some((messages, written))
}
