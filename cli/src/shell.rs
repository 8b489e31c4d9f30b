//! What a shell and `man` need of the command.

use std::{fs, path::PathBuf, process::ExitCode};

use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;

use crate::{
    Cli, Failure,
    output::{print, write_file},
};

/// Prints the completions for a shell.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  source <(istio-gateway completions bash)                                  this shell
  istio-gateway completions bash > /etc/bash_completion.d/istio-gateway     every one
  istio-gateway completions zsh > ~/.zfunc/_istio-gateway                   zsh, with fpath+=~/.zfunc
  istio-gateway completions fish > ~/.config/fish/completions/istio-gateway.fish
  istio-gateway completions powershell | Out-String | Invoke-Expression

Exit status:
  0  the completions were printed
  2  usage error, or standard output cannot be written")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "istio-gateway", &mut text);
        if self.shell == Shell::Bash {
            // clap_complete names the functions of a command with a dash in two ways, so that no option of a
            // subcommand would be completed.
            let script = String::from_utf8_lossy(&text);
            text = script.replace("istio__subcmd__gateway", "istio__gateway").into_bytes();
        }
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes the man pages into a directory.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway man /usr/local/share/man/man1
  istio-gateway man . && man ./istio-gateway-check.1

Exit status:
  0  the pages were written
  2  usage error, or a file cannot be written")]
pub(crate) struct Man {
    /// The directory
    directory: PathBuf,
}

impl Man {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let failure = |error: &std::io::Error| {
            Failure::Usage(format!("{}: {error}", self.directory.display()))
        };
        fs::create_dir_all(&self.directory).map_err(|error| failure(&error))?;
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        let mut pages = vec![("istio-gateway".to_owned(), command.clone())];
        pages.extend(command.get_subcommands().map(|command| {
            let name = format!("istio-gateway-{}", command.get_name());
            (name, command.clone())
        }));
        for (name, command) in pages {
            let command: Command =
                command.display_name(name.clone()).version(env!("CARGO_PKG_VERSION"));
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).map_err(|error| failure(&error))?;
            write_file(&self.directory.join(format!("{name}.1")), |out| out.write_all(&page))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
