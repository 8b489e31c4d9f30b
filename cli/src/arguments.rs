//! Command line arguments: help as wide as the terminal, and errors without terminal control
//! characters.

use std::{env, ffi::OsString, io::Write as _, path::Path, process::ExitCode};

use clap::{Command, Parser};

use crate::{
    output::print_colored,
    text::{shown, text_width, wrapped},
};

/// The arguments, or the exit status after help, version or an error was printed.
pub(crate) fn parsed<C: Parser>() -> Result<C, ExitCode> {
    let args: Vec<_> = env::args_os().collect();
    let error = match parse(&args) {
        Ok(arguments) => return Ok(arguments),
        Err(error) => error,
    };
    // The error repeats arguments, so it is generated again from escaped ones.
    let harmless: Vec<_> = args.iter().map(|arg| shown(&arg.to_string_lossy()).into()).collect();
    let error = parse::<C>(&harmless).err().unwrap_or(error);
    let text = error.render().ansi().to_string();
    if error.use_stderr() {
        // If standard error is closed, the exit status still reports the error.
        let _ = anstream::stderr().write_all(text.as_bytes());
        return Err(ExitCode::from(2));
    }
    Err(match print_colored(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    })
}

fn parse<C: Parser>(args: &[OsString]) -> Result<C, clap::Error> {
    let mut command = fitted(C::command(), text_width());
    if let Some(name) = args.first().and_then(|program| plugin_name(Path::new(program))) {
        command = command.bin_name(name);
    }
    let matches = command.try_get_matches_from(args)?;
    C::from_arg_matches(&matches).map_err(|error| error.format(&mut C::command()))
}

/// How kubectl's users call a program of this name, if it is a plugin: a dash separates words, and an
/// underscore is a dash.
fn plugin_name(program: &Path) -> Option<String> {
    let words = program.file_stem()?.to_str()?.strip_prefix("kubectl-")?;
    Some(format!("kubectl {}", words.replace('-', " ").replace('_', "-")))
}

/// A command with help of this width.
fn fitted(command: Command, width: usize) -> Command {
    let after = command.get_after_long_help().map(|text| fit(&text.to_string(), width));
    let command = command.term_width(width).mut_subcommands(|command| fitted(command, width));
    match after {
        Some(text) => command.after_long_help(text),
        None => command,
    }
}

/// Wraps a text of paragraphs and indented items. Lines with a deeper indent continue an item. An item
/// is a term and, after at least two spaces, its description; a term is a command line that is not
/// wrapped.
fn fit(text: &str, width: usize) -> String {
    /// The minimum width of a column.
    const NARROW: usize = 24;
    let mut lines: Vec<String> = Vec::new();
    for Block { indent, text } in blocks(text) {
        let (term, column, said) = match text.split_once("  ") {
            Some((term, rest)) => {
                let said = rest.trim_start();
                (term, indent + text.len() - said.len(), said)
            }
            None => (text.as_str(), 0, ""),
        };
        if indent == 0 {
            lines.extend(if text.is_empty() { vec![String::new()] } else { wrapped(&text, width) });
        } else if !said.is_empty() && column + NARROW <= width {
            let begin = format!("{:indent$}{term}", "");
            let said = wrapped(said, width - column);
            let begins = std::iter::once(begin.as_str()).chain(std::iter::repeat(""));
            lines.extend(
                said.iter().zip(begins).map(|(text, begin)| format!("{begin:column$}{text}")),
            );
        } else {
            // Reserves two columns for the backslash that continues a command line.
            let parts = wrapped(term, width - indent - 4);
            let last = parts.len().saturating_sub(1);
            lines.extend(parts.iter().enumerate().map(|(i, part)| {
                let (more, end) = (if i > 0 { 2 } else { 0 }, if i < last { " \\" } else { "" });
                format!("{:1$}{part}{end}", "", indent + more)
            }));
            let indent = indent + 4;
            let said = if said.is_empty() { Vec::new() } else { wrapped(said, width - indent) };
            lines.extend(said.iter().map(|line| format!("{:indent$}{line}", "")));
        }
    }
    lines.join("\n")
}

/// A paragraph, an item or a blank line.
struct Block {
    indent: usize,
    text: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines() {
        let (text, indent) = (line.trim_start(), line.len() - line.trim_start().len());
        match blocks.last_mut() {
            Some(block)
                if !text.is_empty()
                    && !block.text.is_empty()
                    && (indent == 0 && block.indent == 0
                        || indent > block.indent && block.indent > 0) =>
            {
                let begun = block.text.trim_end_matches(" \\").len();
                block.text.truncate(begun);
                block.text += &format!(" {text}");
            }
            _ => blocks.push(Block { indent, text: text.to_owned() }),
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_and_paragraphs_fit() {
        let text = "\
A paragraph of two
lines.

Examples:
  one -a b      what it does, in some more words than fit
                and more
  another command with --long and --longer | that goes \\
    on";
        let wide = "\
A paragraph of two lines.

Examples:
  one -a b      what it does, in some more
                words than fit and more
  another command with --long and --longer \\
    | that goes on";
        assert_eq!(fit(text, 46), wide);
        let narrow = "\
A paragraph of two lines.

Examples:
  one -a b
      what it does, in some more
      words than fit and more
  another command with --long \\
    and --longer | that goes on";
        assert_eq!(fit(text, 36), narrow);
    }
}
