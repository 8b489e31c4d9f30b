//! Reads the input of a command, and reports skipped documents.

use std::{collections::BTreeMap, error::Error as _, io::Read, path::PathBuf};

use istio_gateway::{
    Error, Object, RuleId, Severity,
    rule::lint,
    stream::{DocumentReader, DocumentText},
};

use crate::{
    Failure,
    files::{self, File},
    progress::Progress,
    tell,
    text::{counted, shown},
};

/// The result of reading files.
#[derive(Default)]
pub(crate) struct Reading {
    /// Whether part of a file is invalid and was skipped.
    is_incomplete: bool,
    /// Whether a file could not be read.
    has_unread: bool,
    /// The first messages about skipped parts.
    pub(crate) problems: Vec<String>,
    pub(crate) others: Others,
    pub(crate) progress: Progress,
    documents: usize,
}

impl Reading {
    /// For a command that prints at the end.
    pub(crate) fn of_silent_command() -> Self {
        Self { progress: Progress::new(), ..Self::default() }
    }

    /// The files of the arguments, including those in directories.
    pub(crate) fn files(&mut self, arguments: &[PathBuf]) -> Result<Vec<File>, Failure> {
        files::check_stdin_once(arguments)?;
        let (files, problems) = files::find(arguments);
        problems.iter().for_each(|problem| self.unread(problem));
        Ok(files)
    }

    /// Opens a file as a stream; an error is reported.
    pub(crate) fn open(&mut self, file: &File) -> Option<Box<dyn Read>> {
        let stream = file.open();
        stream.map_err(|error| self.unread(&format!("{}: {error}", file.name()))).ok()
    }

    /// Reads a whole file; an error is reported.
    pub(crate) fn bytes(&mut self, file: &File) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        match self.open(file)?.read_to_end(&mut bytes) {
            Ok(_) => Some(bytes),
            Err(error) => {
                self.unread(&format!("{}: {error}", file.name()));
                None
            }
        }
    }

    /// Calls `each` with every document that is not empty, with the number of documents before it in
    /// its file, which it increments. Errors are reported.
    pub(crate) fn documents(
        &mut self,
        arguments: &[PathBuf],
        mut each: impl FnMut(&mut Self, &File, &mut usize, &DocumentText<'_>),
    ) -> Result<(), Failure> {
        let files = self.files(arguments)?;
        for (done, file) in files.iter().enumerate() {
            self.documents_of(file, |reading, file, count, text| {
                each(reading, file, count, text);
                reading.documents += 1;
                let Self { progress, documents, .. } = reading;
                progress.show(|| format!("{done} of {} files, {documents} documents", files.len()));
            });
        }
        Ok(())
    }

    /// As above, for one file.
    pub(crate) fn documents_of(
        &mut self,
        file: &File,
        mut each: impl FnMut(&mut Self, &File, &mut usize, &DocumentText<'_>),
    ) {
        let Some(stream) = self.open(file) else { return };
        let mut reader = DocumentReader::new(stream);
        let mut count = 0;
        while let Some(text) = reader.next_document() {
            match text {
                Ok(text) if text.is_blank() => {}
                Ok(text) => each(self, file, &mut count, &text),
                Err(error) => {
                    count += 1;
                    self.wrong(file, &error);
                }
            }
        }
    }

    /// Reports an error in a file.
    pub(crate) fn wrong(&mut self, file: &File, error: &Error) {
        match error.source() {
            Some(source) if error.is_io() => self.unread(&format!("{}: {source}", file.name())),
            _ => self.incomplete(&lines_of(&file.name(), error)),
        }
    }

    /// Whether everything was read.
    pub(crate) fn is_complete(&self) -> bool {
        !self.is_incomplete && !self.has_unread
    }

    /// Reports skipped parts.
    pub(crate) fn incomplete(&mut self, lines: &[String]) {
        self.is_incomplete = true;
        for line in lines {
            self.remember(line);
            tell(line);
        }
    }

    /// Remembers what is left out, and has been reported.
    pub(crate) fn leave_out(&mut self, lines: &[String]) {
        self.is_incomplete |= !lines.is_empty();
        lines.iter().for_each(|line| self.remember(line));
    }

    fn unread(&mut self, problem: &str) {
        self.has_unread = true;
        self.remember(problem);
        tell(&format!("istio-gateway: {problem}"));
    }

    fn remember(&mut self, problem: &str) {
        const MOST: usize = 20;
        if self.problems.len() < MOST {
            self.problems.push(problem.to_owned());
        }
    }

    /// Adds the result of reading other files.
    pub(crate) fn extend(&mut self, other: Self) {
        let Self { is_incomplete, has_unread, problems, others, progress: _, documents } = other;
        self.documents += documents;
        self.is_incomplete |= is_incomplete;
        self.has_unread |= has_unread;
        problems.iter().for_each(|problem| self.remember(problem));
        self.others.extend(others);
    }

    /// Reports the number of documents of other kinds, and returns the exit status.
    pub(crate) fn finish(self) -> u8 {
        self.others.tell();
        if self.has_unread { 2 } else { u8::from(self.is_incomplete) }
    }
}

/// `file:line:column: message`, one line for each error.
pub(crate) fn lines_of(file: &str, error: &Error) -> Vec<String> {
    let at = |position: Option<istio_gateway::Position>| match position {
        Some(position) => format!("{file}:{position}"),
        None => file.to_owned(),
    };
    if error.diagnostics().is_empty() {
        return vec![format!("{}: {}", at(error.position()), error.without_position())];
    }
    let errors = error.diagnostics().iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| format!("{}: {}", at(d.position), d.without_position())).collect()
}

/// Documents that a command skips, by kind.
#[derive(Default)]
pub(crate) struct Others {
    counts: BTreeMap<String, usize>,
    /// Where Gateways are whose kind or group is misspelt: a cluster rejects them.
    pub(crate) misspelt: Vec<String>,
}

impl Others {
    /// Counts a document. One that looks like a Gateway is reported immediately.
    pub(crate) fn add(&mut self, file: &File, object: &Object) {
        if let Some((rule, message, help)) = suspicion(object) {
            let message =
                format!("{}:{}:1: warning: {message}; {help}", file.name(), object.first_line());
            tell(&message);
            if rule == lint::MISSPELT_TYPE {
                self.misspelt.push(message);
            }
        }
        self.count(object.kind());
    }

    pub(crate) fn count(&mut self, kind: &str) {
        self.count_many(&shown(if kind.is_empty() { "no kind" } else { kind }), 1);
    }

    fn count_many(&mut self, kind: &str, count: usize) {
        /// The maximum number of kinds that are counted separately.
        const MOST: usize = 100;
        let is_known = self.counts.len() < MOST || self.counts.contains_key(kind);
        *self.counts.entry(if is_known { kind } else { "others" }.to_owned()).or_default() += count;
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.misspelt.extend(others.misspelt);
        for (kind, count) in others.counts {
            self.count_many(&kind, count);
        }
    }

    /// `skipped 3 documents of other kinds: Service 2, no kind 1`
    pub(crate) fn tell(&self) {
        const SHOWN: usize = 8;
        let mut kinds: Vec<_> = self.counts.iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let all: usize = kinds.iter().map(|(_, count)| **count).sum();
        let told: usize = kinds.iter().take(SHOWN).map(|(_, count)| **count).sum();
        if all == 0 {
            return;
        }
        let mut parts: Vec<_> =
            kinds.iter().take(SHOWN).map(|(kind, count)| format!("{kind} {count}")).collect();
        if told < all {
            parts.push(format!("and {} more", all - told));
        }
        let documents = counted(all, "document");
        tell(&format!("istio-gateway: skipped {documents} of other kinds: {}", parts.join(", ")));
    }
}

/// Whether it is a VirtualService, of any version.
pub(crate) fn is_virtual_service(object: &Object) -> bool {
    let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
    object.kind() == "VirtualService" && group == istio_gateway::GROUP
}

/// If a document looks like an Istio Gateway but is not one: the rule, the message and help.
pub(crate) fn suspicion(object: &Object) -> Option<(RuleId, String, &'static str)> {
    if let Some(message) = object.misspelt_gateway() {
        return Some((lint::MISSPELT_TYPE, message, "the document is skipped"));
    }
    let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
    let is_gateway_api = object.kind() == "Gateway" && group == "gateway.networking.k8s.io";
    is_gateway_api.then(|| {
        let message = "Gateway of Gateway API, which this command skips".to_owned();
        (lint::GATEWAY_API, message, "use `istio-gateway from-gateway-api` to translate it")
    })
}
