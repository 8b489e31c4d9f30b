//! `istio-gateway check`: a cluster's verdict on Gateways, and lint.

mod finding;
mod judge;
mod output;
mod policy;
mod sources;
mod template;

use std::{
    io::{self, BufWriter, IsTerminal as _, Write},
    path::PathBuf,
    process::ExitCode,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anstream::{AutoStream, ColorChoice};
use clap::{Args, ValueEnum};
use istio_gateway::{
    IstioVersion, Severity, Timestamp,
    validate::{
        FieldValidation, Options,
        set::{DocumentSet, SetFinding},
    },
};

use self::{
    finding::{Finding, Outcome},
    judge::{Judge, Judged, Part},
    output::{Across, Format, Output},
    policy::Policy,
    sources::Sources,
};
use crate::{
    Failure,
    files::{self, File, check_stdin_once},
    input::Others,
    output::{BUFFER, failed_to_print, stdout},
    text::counted,
};

/// Checks Gateways as a cluster would, without one.
///
/// For each Gateway it reports the verdict of the API server (the schema and CEL rules of the custom
/// resource) and of istiod's webhook, with their messages, and warns about settings that are accepted
/// but harmful. It also finds conflicts between documents and files: all Gateways and VirtualServices are
/// judged together, so that a server that bypasses the client check of another one is found in any file.
///
/// As in kubectl, a file's content decides whether it is YAML or JSON. Resources of other kinds are
/// counted on standard error; of Secrets nothing is printed, and VirtualServices are only judged
/// together with their Gateways. For a directory, all *.yaml, *.yml
/// and *.json files in it and its subdirectories are checked, except in hidden directories.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway check gateway.yaml                     one file
  istio-gateway check deploy/                          a directory
  istio-gateway check --istio 1.29 gateway.yaml        for a release of Istio
  istio-gateway check --deny lint/ deploy/             treat warnings as errors
  istio-gateway check --allow lint/no-selector deploy/ disable a rule
  helm template . | istio-gateway check -              a rendered chart
  kubectl get gateways.networking.istio.io -A -o json | istio-gateway check -
  istio-gateway check --format sarif . > check.sarif   for code scanning
  istio-gateway rules webhook/servers-required         explain a rule

--field-validation is kubectl's --validate: strict (kubectl apply), warn (Helm, most controllers) or
ignore. With ignore, unknown and repeated fields are reported by rules of lint/.

Values with a placeholder, such as $PORT or {{ .port }}, are not checked.

--deny and --allow take the id of a rule, or the start of several ids, such as lint/; the longest match
applies. Rules that are the verdict of a cluster cannot be allowed.

Colors are used only on a terminal; NO_COLOR and CLICOLOR are respected.

Exit status:
  0  every document is accepted or depends on placeholders; there may be warnings
  1  there is an error, or a finding of a denied rule
  2  usage error, or a file cannot be read or written; the other files are checked")]
pub(crate) struct Check {
    /// The output format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,

    /// The release of Istio to check for, such as 1.29 [default: the newest supported one]
    #[arg(long, value_name = "VERSION")]
    istio: Option<IstioVersion>,

    /// Field validation of unknown and repeated fields, as kubectl's --validate
    #[arg(long, value_enum, value_name = "MODE", default_value = "strict")]
    field_validation: FieldValidationMode,

    /// The time for certificates in Secrets, in RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,

    /// Reports certificates that expire within so many days
    #[arg(long, value_name = "DAYS", default_value = "0", hide_default_value = true)]
    expiring: u32,

    /// The namespace of the gateway's pods and Secrets [default: any]
    #[arg(long, value_name = "NAMESPACE")]
    gateway_namespace: Option<String>,

    /// Treats a rule as an error, such as lint/unknown-field, or a group, such as lint/
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    deny: Vec<String>,

    /// Disables a rule or a group; only those of lint/
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    allow: Vec<String>,

    /// Files and directories; - is standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
}

fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp { seconds: since_1970.as_secs().cast_signed(), nanos: 0 }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FieldValidationMode {
    /// The API server rejects the document: kubectl apply
    Strict,
    /// The API server drops such fields with a warning: Helm, and most controllers
    Warn,
    /// The API server drops such fields silently
    Ignore,
}

impl From<FieldValidationMode> for FieldValidation {
    fn from(mode: FieldValidationMode) -> Self {
        match mode {
            FieldValidationMode::Strict => Self::Strict,
            FieldValidationMode::Warn => Self::Warn,
            FieldValidationMode::Ignore => Self::Ignore,
        }
    }
}

impl Check {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        check_stdin_once(&self.files)?;
        let policy = Policy::new(&self.deny, &self.allow)?;
        let mut options = Options::istio(self.istio.unwrap_or_default())
            .with_field_validation(self.field_validation.into())
            .with_time(self.at.unwrap_or_else(now))
            .with_expiring_days(self.expiring);
        if let Some(namespace) = self.gateway_namespace {
            options = options.with_gateway_namespace(namespace);
        }
        let (files, problems) = files::find(&self.files);

        let color = AutoStream::choice(&io::stdout());
        let is_colored = self.format == Format::Text && color != ColorChoice::Never;
        let out = match stdout() {
            Ok(out) if is_colored => Box::new(AutoStream::new(out, color)),
            Ok(out) => out,
            Err(error) => return failed_to_print(&error).map(|()| ExitCode::SUCCESS),
        };
        let mut checking = Checking {
            files: &files,
            format: self.format,
            policy,
            set: DocumentSet::new(&options),
            sources: Sources::default(),
            out: BufWriter::with_capacity(BUFFER, out),
            output: self.format.output(&files, is_colored),
            progress: Progress::new(files.len()),
            totals: Totals::default(),
            field_validation: options.field_validation,
            others: Others::default(),
        };
        let judge = Judge { options: &options, wants_source: self.format == Format::Text };
        let done = checking.run(&judge, &problems);
        match done {
            Err(error) if output::is_of_temporary_file(&error) => {
                Err(Failure::Usage(error.to_string()))
            }
            done => {
                done.or_else(|error| failed_to_print(&error))?;
                Ok(ExitCode::from(checking.totals.status()))
            }
        }
    }
}

/// The state of a check.
struct Checking<'a> {
    files: &'a [File],
    format: Format,
    policy: Policy,
    set: DocumentSet,
    out: BufWriter<Box<dyn Write>>,
    output: Box<dyn Output + 'a>,
    sources: Sources,
    progress: Progress,
    totals: Totals,
    field_validation: FieldValidation,
    others: Others,
}

#[derive(Default)]
struct Totals {
    documents: usize,
    gateways: usize,
    rejected: usize,
    /// The number of Gateways whose verdict depends on placeholders.
    depending: usize,
    errors: usize,
    /// The number of errors that are errors only because of --deny.
    denied: usize,
    warnings: usize,
    has_problems: bool,
}

impl Totals {
    fn count(&mut self, finding: &Finding) {
        match finding.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            _ => {}
        }
    }

    fn status(&self) -> u8 {
        if self.has_problems { 2 } else { u8::from(self.errors > 0) }
    }
}

impl Checking<'_> {
    fn run(&mut self, judge: &Judge<'_>, problems: &[String]) -> io::Result<()> {
        for problem in problems {
            self.problem(problem)?;
        }
        each_part(self.files, judge, |file, part| self.part(file, part))?;
        self.progress.clear();
        let Self { files, format, policy, set, out, output, sources, totals, .. } = self;
        let set = std::mem::replace(set, DocumentSet::new(judge.options)).finish();
        let mut set = set.filter_map(|found| {
            let (file, number) = (found.file, found.document);
            let own = found.diagnostic.severity;
            let finding = shown(found, files, *format, policy, sources)?;
            totals.denied +=
                usize::from(finding.severity == Severity::Error && own != Severity::Error);
            totals.count(&finding);
            Some(Across { file, number, finding })
        });
        output.finish(out, &mut set)?;
        if self.format == Format::Text {
            self.summary()?;
        }
        self.out.flush()?;
        self.others.tell();
        Ok(())
    }

    fn part(&mut self, file: usize, part: Part) -> io::Result<()> {
        match part {
            Part::Document(judged) => self.document(file, *judged),
            Part::End(end) => {
                self.totals.documents += end.documents;
                self.others.extend(end.others);
                if let Some(error) = end.problem {
                    let name = self.files.get(file).map(File::name).unwrap_or_default();
                    self.problem(&format!("{name}: {error}"))?;
                }
                self.progress.file(file + 1);
                Ok(())
            }
        }
    }

    fn document(&mut self, file: usize, judged: Judged) -> io::Result<()> {
        let Judged { number, document, checked } = judged;
        let set = checked.as_ref().map(|checked| self.set.add(file, number, checked));
        let Some(mut document) = document else { return Ok(()) };
        document.findings.retain_mut(|finding| {
            let severity = self.policy.severity(finding.rule, finding.severity);
            let is_denied = severity == Some(Severity::Error) && severity > Some(finding.severity);
            self.totals.denied += usize::from(is_denied);
            finding.severity = severity.unwrap_or(finding.severity);
            severity.is_some()
        });
        for found in set.into_iter().flatten() {
            let Self { files, format, policy, sources, totals, .. } = self;
            let own = found.diagnostic.severity;
            let finding = shown(found, files, *format, policy, sources);
            let is_error = |finding: &Finding| finding.severity == Severity::Error;
            totals.denied +=
                usize::from(own != Severity::Error && finding.as_ref().is_some_and(is_error));
            document.findings.extend(finding);
        }
        document.findings.iter().for_each(|finding| self.totals.count(finding));
        if checked.is_some_and(|checked| checked.report.is_some()) {
            self.totals.gateways += 1;
            self.progress.gateway();
        }
        self.totals.rejected += usize::from(matches!(document.verdict, Outcome::Rejected(_)));
        self.totals.depending += usize::from(document.verdict == Outcome::DependsOnPlaceholders);
        if !document.findings.is_empty() {
            self.progress.clear();
        }
        self.output.document(&mut self.out, document)
    }

    fn problem(&mut self, problem: &str) -> io::Result<()> {
        self.progress.clear();
        crate::tell(&format!("istio-gateway: {problem}"));
        self.totals.has_problems = true;
        self.output.problem(&mut self.out, problem)
    }

    /// `2 files, 3 documents, 1 error, 0 warnings; 1 of 2 Gateways would be rejected (field validation:
    /// strict)`
    fn summary(&mut self) -> io::Result<()> {
        let Totals { documents, gateways, rejected, depending, errors, denied, warnings, .. } =
            self.totals;
        let mut errors = counted(errors, "error");
        if denied > 0 {
            errors += &format!(" ({denied} by --deny)");
        }
        let counts = [
            counted(self.files.len(), "file"),
            counted(documents, "document"),
            errors,
            counted(warnings, "warning"),
        ];
        let verdict = match (gateways, rejected, depending) {
            (0, ..) => "no Gateways found".to_owned(),
            (1, 0, 0) => "the Gateway would be accepted".to_owned(),
            (1, 0, _) => "the Gateway depends on its placeholders".to_owned(),
            (1, ..) => "the Gateway would be rejected".to_owned(),
            (all, 0, 0) => format!("all {all} Gateways would be accepted"),
            (all, 0, some) => format!("{some} of {all} Gateways depend on their placeholders"),
            (all, some, 0) => format!("{some} of {all} Gateways would be rejected"),
            (all, some, more) => format!(
                "{some} of {all} Gateways would be rejected, {more} depend on their placeholders"
            ),
        };
        write!(self.out, "{}; {verdict}", counts.join(", "))?;
        if gateways > 0 {
            write!(self.out, " (field validation: {})", self.field_validation)?;
        }
        if io::stdout().is_terminal() {
            write!(self.out, " ({:.2} s)", self.progress.begun.elapsed().as_secs_f64())?;
        }
        writeln!(self.out)
    }
}

/// A finding across documents, unless it is disabled.
fn shown(
    found: SetFinding,
    files: &[File],
    format: Format,
    policy: &Policy,
    sources: &mut Sources,
) -> Option<Finding> {
    let file = files.get(found.file);
    let mut finding = Finding::across(found);
    finding.severity = policy.severity(finding.rule, finding.severity)?;
    if let (Format::Text, Some(file), Some(place)) = (format, file, finding.place) {
        finding.source = sources.line(file, place.line);
    }
    Some(finding)
}

/// Calls `each` with the parts of all files in order. Two files are read at a time.
fn each_part(
    files: &[File],
    judge: &Judge<'_>,
    mut each: impl FnMut(usize, Part) -> io::Result<()>,
) -> io::Result<()> {
    /// The maximum number of parts, or of files, that are sent at once.
    const PARTS: usize = 256;
    const FILES: usize = 16;
    struct Batch {
        parts: Vec<(usize, Part)>,
        /// Whether all files of a batch are done.
        is_last: bool,
    }

    let threads = thread::available_parallelism().map_or(1, usize::from).min(2);
    if files.len() < 2 || threads < 2 {
        let mut outcome = Ok(());
        for (index, file) in files.iter().enumerate() {
            judge.file(index, file, &mut |part| {
                if outcome.is_ok() {
                    outcome = each(index, part);
                }
            });
        }
        return outcome;
    }
    // The threads take turns with batches of a few files, and send their results in order; the channels
    // are short, so that no thread is far ahead.
    let turn = (files.len() / (4 * threads)).clamp(1, FILES);
    thread::scope(|scope| {
        let receivers: Vec<Receiver<Batch>> = (0..threads)
            .map(|first| {
                let (sender, receiver) = mpsc::sync_channel(4);
                scope.spawn(move || {
                    let turns = files.chunks(turn).enumerate().skip(first).step_by(threads);
                    for (number, files) in turns {
                        let mut parts = Vec::new();
                        for (index, file) in files.iter().enumerate() {
                            let index = number * turn + index;
                            let mut is_wanted = true;
                            judge.file(index, file, &mut |part| {
                                parts.push((index, part));
                                if parts.len() >= PARTS {
                                    let parts = std::mem::take(&mut parts);
                                    let batch = Batch { parts, is_last: false };
                                    is_wanted = is_wanted && sender.send(batch).is_ok();
                                }
                            });
                            if !is_wanted {
                                return;
                            }
                        }
                        if sender.send(Batch { parts, is_last: true }).is_err() {
                            return;
                        }
                    }
                });
                receiver
            })
            .collect();
        for number in 0..files.len().div_ceil(turn) {
            let Some(receiver) = receivers.get(number % threads) else { continue };
            while let Ok(Batch { parts, is_last }) = receiver.recv() {
                for (index, part) in parts {
                    each(index, part)?;
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(())
    })
}

/// The progress on a terminal, if the check takes long.
struct Progress {
    begun: Instant,
    is_terminal: bool,
    files: usize,
    done: usize,
    gateways: usize,
    shown: Option<Instant>,
}

impl Progress {
    fn new(files: usize) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self { begun: Instant::now(), is_terminal, files, done: 0, gateways: 0, shown: None }
    }

    fn file(&mut self, done: usize) {
        self.done = done;
        if done.is_multiple_of(16) {
            self.show();
        }
    }

    fn gateway(&mut self) {
        self.gateways += 1;
        if self.gateways.is_multiple_of(256) {
            self.show();
        }
    }

    fn show(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        const PACE: Duration = Duration::from_millis(100);
        if self.is_terminal
            && self.begun.elapsed() > PATIENCE
            && self.shown.is_none_or(|shown| shown.elapsed() > PACE)
        {
            let Self { done, files, gateways, .. } = self;
            let _ = write!(io::stderr(), "\r{done} of {files} files, {gateways} Gateways");
            self.shown = Some(Instant::now());
        }
    }

    fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
