//! `istio-gateway check`: a cluster's verdict on Gateways, and lint.

mod finding;
mod fix;
mod judge;
mod output;
mod parallel;
mod policy;
mod progress;
mod sources;
mod summary;
mod suppressions;
mod template;

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use anstream::{AutoStream, ColorChoice};
use clap::{Args, ValueEnum};
use istio_gateway::{
    IstioVersion, Severity, Timestamp,
    fix::Applicability,
    validate::{
        FieldValidation, Options,
        set::{DocumentSet, SetFinding},
    },
};

use self::{
    finding::{Finding, Outcome},
    fix::Fixer,
    judge::{Judge, Judged, Part},
    output::{Across, Format, Output},
    parallel::each_part,
    policy::Policy,
    progress::Progress,
    sources::Sources,
    summary::Totals,
    suppressions::Suppressions,
};
use crate::{
    Failure,
    config::Config,
    files::{self, File, check_stdin_once},
    input::Others,
    output::{BUFFER, failed_to_print, stderr, stdout},
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
  istio-gateway check --fix deploy/                    repair what is safe to repair
  istio-gateway check --format sarif . > check.sarif   for code scanning
  istio-gateway rules webhook/servers-required         explain a rule

--field-validation is kubectl's --validate: strict (kubectl apply), warn (Helm, most controllers) or
ignore. With ignore, unknown and repeated fields are reported by rules of lint/.

Values with a placeholder, such as $PORT or {{ .port }}, are not checked.

--deny and --allow take the id of a rule, or the start of several ids, such as lint/; the longest match
applies. Rules that are the verdict of a cluster cannot be allowed.

A safe fix (--fix) repairs an error that has one plausible correction, or changes nothing for a cluster: misspelt
names, snake_case, types, cipher suite names, equal repetitions. It never accepts more connections or
clients than before; --unsafe-fixes may. Comments and layout stay; files are replaced atomically. The
fixed text of standard input is printed, and the report goes to standard error.

A comment `# istio-gateway: allow RULE reason` suppresses a rule of lint/: at the end of a line or on the
line before, or at the top of a document for all of it. Options that are not given come from
.istio-gateway.yaml (docs/config.schema.json).

Colors are used only on a terminal, or as --color, NO_COLOR and CLICOLOR request it.

Exit status:
  0  every document is accepted or depends on placeholders; there may be warnings
  1  there is an error, or a finding of a denied rule, after --fix; --diff: there is a change
  2  usage error, or a file cannot be read or written; the other files are checked")]
pub(crate) struct Check {
    /// The output format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,

    /// The release of Istio, such as 1.29 [default: the newest supported one]
    #[arg(long, value_name = "VERSION")]
    istio: Option<IstioVersion>,

    /// Field validation, as kubectl's --validate [default: strict]
    #[arg(long, value_enum, value_name = "MODE")]
    field_validation: Option<FieldValidationMode>,

    /// The time for certificates in Secrets, in RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    at: Option<Timestamp>,

    /// Reports certificates that expire within this number of days
    #[arg(long, value_name = "DAYS", hide_short_help = true)]
    expiring: Option<u32>,

    /// The namespace of the gateway's pods and Secrets [default: any]
    #[arg(long, value_name = "NAMESPACE", hide_short_help = true)]
    gateway_namespace: Option<String>,

    /// Treats a rule or a group as an error, such as lint/unknown-field
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    deny: Vec<String>,

    /// Disables a rule or a group; only those of lint/
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    allow: Vec<String>,

    /// The configuration [default: .istio-gateway.yaml here or in a directory above]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    config: Option<PathBuf>,

    /// Reads no configuration
    #[arg(long, conflicts_with = "config", hide_short_help = true)]
    no_config: bool,

    /// Reports what comments in the files suppress
    #[arg(long, hide_short_help = true)]
    ignore_suppressions: bool,

    /// Repairs what can be repaired safely, and checks the result
    #[arg(long)]
    fix: bool,

    /// Shows what --fix would change, as a unified diff, and checks nothing
    #[arg(long, conflicts_with_all = ["fix", "format"])]
    diff: bool,

    /// With --fix or --diff, also repairs what changes the meaning for a cluster
    #[arg(long, hide_short_help = true)]
    unsafe_fixes: bool,

    /// Prints findings only, without a summary
    #[arg(long, short, hide_short_help = true)]
    quiet: bool,

    /// Prints how often each rule is found, in the formats text and concise
    #[arg(long, hide_short_help = true)]
    statistics: bool,

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
        let config = match self.no_config {
            true => Config::default(),
            false => Config::find(self.config.as_deref())?,
        };
        let policy = Policy::new(&self.deny, &self.allow, &config)?;
        let field_validation = match self.field_validation {
            Some(mode) => mode.into(),
            None => config.field_validation()?,
        };
        let mut options = Options::istio(self.istio.map_or_else(|| config.istio(), Ok)?)
            .with_field_validation(field_validation)
            .with_time(self.at.unwrap_or_else(now))
            .with_expiring_days(self.expiring.or(config.expiring).unwrap_or_default());
        if let Some(namespace) = self.gateway_namespace.or(config.gateway_namespace) {
            options = options.with_gateway_namespace(namespace);
        }
        let (mut files, mut problems) = files::find(&self.files);
        let least = if self.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
        let ignores_suppressions = self.ignore_suppressions;
        let (options_of, is_quiet) = (&options, self.quiet);
        let fixer =
            Fixer { options: options_of, policy: &policy, least, ignores_suppressions, is_quiet };
        if self.diff {
            return fixer.diff(&files, &problems);
        }
        if self.unsafe_fixes && !self.fix {
            let message = "--unsafe-fixes needs --fix or --diff";
            return Err(Failure::Usage(message.to_owned()));
        }
        // The fixed text of standard input has standard output for itself.
        let is_to_stderr = self.fix && files.iter().any(File::is_stdin);
        if self.fix {
            problems.extend(fixer.fix(&mut files)?);
        }

        let color = match is_to_stderr {
            true => AutoStream::choice(&io::stderr()),
            false => AutoStream::choice(&io::stdout()),
        };
        let is_colored = self.format == Format::Text && color != ColorChoice::Never;
        let out = match if is_to_stderr { Ok(stderr()) } else { stdout() } {
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
            suppressions: Suppressions::new(self.ignore_suppressions),
            out: BufWriter::with_capacity(BUFFER, out),
            output: self.format.output(&files, is_colored),
            progress: Progress::new(files.len()),
            totals: Totals::default(),
            field_validation: options.field_validation,
            others: Others::default(),
            is_quiet: self.quiet,
            statistics: self.statistics && self.format.has_summary(),
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
    suppressions: Suppressions,
    progress: Progress,
    totals: Totals,
    field_validation: FieldValidation,
    others: Others,
    is_quiet: bool,
    statistics: bool,
}

impl Checking<'_> {
    fn run(&mut self, judge: &Judge<'_>, problems: &[String]) -> io::Result<()> {
        for problem in problems {
            self.problem(problem)?;
        }
        each_part(self.files, judge, |file, part| self.part(file, part))?;
        crate::progress::clear();
        let Self { files, format, policy, set, out, output, sources, totals, suppressions, .. } =
            self;
        let has_suppressions = !suppressions.are_empty();
        let set = std::mem::replace(set, DocumentSet::new(judge.options)).finish();
        let mut set = set.filter_map(|found| {
            let (file, number) = (found.file, found.document);
            let own = found.diagnostic.severity;
            let finding = shown(found, files, *format, policy, suppressions, sources)?;
            totals.denied +=
                usize::from(finding.severity == Severity::Error && own != Severity::Error);
            totals.count(&finding);
            Some(Across { file, number, finding })
        });
        if has_suppressions {
            let mut all: Vec<_> = set.collect();
            for mut across in suppressions.unused() {
                let finding = &mut across.finding;
                let own = finding.severity;
                let Some(severity) = policy.severity(finding.rule, own) else { continue };
                finding.severity = severity;
                totals.denied += usize::from(severity == Severity::Error);
                totals.count(finding);
                if let (Format::Text, Some(file), Some(place)) =
                    (*format, files.get(across.file), finding.place)
                {
                    finding.source = sources.line(file, place.line);
                }
                all.push(across);
            }
            all.sort_by_key(|across| (across.file, across.number));
            output.finish(out, &mut all.into_iter())?;
        } else {
            output.finish(out, &mut set)?;
        }
        totals.suppressed = suppressions.allowed;
        if self.statistics {
            self.print_statistics()?;
        }
        if self.format.has_summary() && !self.is_quiet {
            self.summary()?;
        }
        self.out.flush()?;
        if !self.is_quiet {
            self.others.tell();
        }
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
        if let Some(checked) = &checked {
            let wrong = self.suppressions.add(file, number, &checked.suppressions);
            document.findings.extend(wrong);
        }
        document.findings.retain_mut(|finding| {
            let line = finding.place.map(|place| place.line);
            if self.suppressions.allow(file, number, finding.rule, line) {
                return false;
            }
            let severity = self.policy.severity(finding.rule, finding.severity);
            let is_denied = severity == Some(Severity::Error) && severity > Some(finding.severity);
            self.totals.denied += usize::from(is_denied);
            finding.severity = severity.unwrap_or(finding.severity);
            severity.is_some()
        });
        for found in set.into_iter().flatten() {
            let Self { files, format, policy, sources, totals, suppressions, .. } = self;
            let own = found.diagnostic.severity;
            let finding = shown(found, files, *format, policy, suppressions, sources);
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
            crate::progress::clear();
        }
        self.output.document(&mut self.out, document)
    }

    fn problem(&mut self, problem: &str) -> io::Result<()> {
        crate::progress::clear();
        crate::tell(&format!("istio-gateway: {problem}"));
        self.totals.has_problems = true;
        self.output.problem(&mut self.out, problem)
    }
}

/// A finding across documents, unless it is disabled or suppressed.
fn shown(
    found: SetFinding,
    files: &[File],
    format: Format,
    policy: &Policy,
    suppressions: &mut Suppressions,
    sources: &mut Sources,
) -> Option<Finding> {
    let at = found.diagnostic.position.map(|at| at.line);
    if suppressions.allow(found.file, found.document, found.diagnostic.rule, at) {
        return None;
    }
    let file = files.get(found.file);
    let mut finding = Finding::across(found);
    finding.severity = policy.severity(finding.rule, finding.severity)?;
    if let (Format::Text, Some(file), Some(place)) = (format, file, finding.place) {
        finding.source = sources.line(file, place.line);
    }
    Some(finding)
}
