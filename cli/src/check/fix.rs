//! `--fix` and `--diff`.

use std::{
    fs,
    io::{self, IsTerminal as _, Read as _},
    process::ExitCode,
};

use istio_gateway::{
    Diagnostic, Fix,
    fix::{self, Applicability},
    validate::{Options, documents},
};
use similar::TextDiff;

use super::{policy::Policy, suppressions::Suppressions};
use crate::{
    Failure,
    files::File,
    output::{print, write_file},
    text::{counted, harmless},
};

/// Repairs files.
pub(super) struct Fixer<'a> {
    pub(super) options: &'a Options,
    pub(super) policy: &'a Policy,
    /// The least applicability of the fixes that are applied.
    pub(super) least: Applicability,
    pub(super) ignores_suppressions: bool,
    pub(super) is_quiet: bool,
}

/// What was repaired.
#[derive(Default)]
struct Tally {
    fixes: usize,
    files: usize,
}

impl Tally {
    fn add(&mut self, fixes: usize) {
        self.fixes += fixes;
        self.files += usize::from(fixes > 0);
    }

    fn tell(&self, verb: &str) {
        if self.fixes > 0 {
            let (fixes, files) = (counted(self.fixes, "finding"), counted(self.files, "file"));
            crate::tell(&format!("istio-gateway: {verb} {fixes} in {files}"));
        }
    }
}

impl Fixer<'_> {
    /// Replaces files by their fixed text, and prints that of standard input. Returns what could not be
    /// repaired although it should be.
    pub(super) fn fix(&self, files: &mut [File]) -> Result<Vec<String>, Failure> {
        let mut problems = Vec::new();
        let mut tally = Tally::default();
        for file in files {
            // The check reports what cannot be read.
            let Ok(bytes) = read(file) else { continue };
            let fixed = self.fixed(&bytes);
            let is_stdin = file.is_stdin();
            if is_stdin {
                print(fixed.as_ref().map_or(&*bytes, |(text, _)| text.as_bytes()))?;
            }
            let Some((text, count)) = fixed else {
                // It can be read only once.
                if is_stdin || !is_regular(file) {
                    file.content = Some(bytes.into());
                }
                continue;
            };
            let written = if is_stdin { Ok(()) } else { replace(file, &text) };
            match written {
                Ok(()) => tally.add(count),
                Err(problem) => problems.push(problem),
            }
            if is_stdin || !is_regular(file) {
                file.content = Some(text.into_bytes().into());
            }
        }
        if !self.is_quiet {
            tally.tell("repaired");
        }
        Ok(problems)
    }

    /// Prints what `fix` would change.
    pub(super) fn diff(&self, files: &[File], problems: &[String]) -> Result<ExitCode, Failure> {
        let mut tally = Tally::default();
        let mut has_problems = !problems.is_empty();
        problems.iter().for_each(|problem| crate::tell(&format!("istio-gateway: {problem}")));
        for file in files {
            let bytes = match read(file) {
                Ok(bytes) => bytes,
                Err(error) => {
                    crate::tell(&format!("istio-gateway: {}: {error}", file.name()));
                    has_problems = true;
                    continue;
                }
            };
            let Some((new, count)) = self.fixed(&bytes) else { continue };
            let old = String::from_utf8_lossy(&bytes);
            print(unified(&file.name(), &old, &new).as_bytes())?;
            tally.add(count);
        }
        if !self.is_quiet {
            tally.tell("would repair");
        }
        Ok(ExitCode::from(if has_problems { 2 } else { u8::from(tally.fixes > 0) }))
    }

    /// The repaired text and the number of fixes, if there are any.
    fn fixed(&self, bytes: &[u8]) -> Option<(String, usize)> {
        /// A fix may be possible only after another one, such as of a field in a misspelt one.
        const MOST_ROUNDS: usize = 20;
        let mut text = str::from_utf8(bytes).ok()?.to_owned();
        let mut total = 0;
        for _ in 0..MOST_ROUNDS {
            let found = self.findings(&text);
            let (next, count) = fix::apply(&text, &found);
            if count == 0 {
                break;
            }
            (text, total) = (next, total + count);
        }
        (total > 0).then_some((text, total))
    }

    fn findings(&self, text: &str) -> Vec<Fix> {
        let mut fixes = Vec::new();
        let mut suppressions = Suppressions::new(self.ignores_suppressions);
        for (number, checked) in documents(text, self.options).flatten().enumerate() {
            suppressions.add(0, number, &checked.suppressions);
            let mut is_wanted = |found: &Diagnostic| {
                self.policy.severity(found.rule, found.severity).is_some()
                    && found.fix.as_ref().is_some_and(|fix| fix.applicability >= self.least)
                    && !suppressions.allow(0, number, found.rule, found.position.map(|at| at.line))
            };
            let found = checked.report.into_iter().flat_map(|report| report.findings);
            fixes.extend(found.filter(|found| is_wanted(found)).filter_map(|found| found.fix));
        }
        fixes
    }
}

fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.open()?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_regular(file: &File) -> bool {
    fs::metadata(&file.path).is_ok_and(|found| found.is_file())
}

fn replace(file: &File, text: &str) -> Result<(), String> {
    let refused = |why: &str| Err(format!("{}: not repaired: {why}", file.name()));
    match fs::metadata(&file.path) {
        Ok(found) if !found.is_file() => refused("not a regular file"),
        // Another file in the same directory could replace it anyway.
        Ok(found) if found.permissions().readonly() => refused("the file is read-only"),
        Err(error) => refused(&error.to_string()),
        Ok(_) => write_file(&file.path, |out| out.write_all(text.as_bytes()))
            .map_err(|Failure::Usage(message)| message),
    }
}

/// A unified diff. Of a file with a Secret, no lines around the changes are shown.
fn unified(name: &str, old: &str, new: &str) -> String {
    let radius = if old.contains("Secret") { 0 } else { 3 };
    let name = harmless(name);
    let diff = TextDiff::from_lines(old, new);
    let diff = diff.unified_diff().context_radius(radius).header(&name, &name).to_string();
    match io::stdout().is_terminal() {
        true => diff.split_inclusive('\n').map(shown).collect(),
        false => diff,
    }
}

/// A line for a terminal.
fn shown(line: &str) -> String {
    match line.strip_suffix('\n') {
        Some(line) => harmless(line.trim_end_matches('\r')) + "\n",
        None => harmless(line),
    }
}
