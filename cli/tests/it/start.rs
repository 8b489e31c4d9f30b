//! Runs the command as a user does: its directories and output.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// The checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// `istio-gateway` with these arguments, to be started in the root of the checkout.
pub(crate) fn istio_gateway(args: &[&str]) -> Start<'static> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_istio-gateway"));
    command.args(args).current_dir(root()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    Start { command, input: b"" }
}

/// A program of that path, as kubectl starts a plugin.
#[cfg(unix)]
pub(crate) fn program(path: &Path, args: &[&str]) -> Start<'static> {
    let mut command = Command::new(path);
    command.args(args);
    Start { command, input: b"" }
}

/// A command that is about to start.
#[must_use]
pub(crate) struct Start<'a> {
    command: Command,
    input: &'a [u8],
}

/// The exit status and the output.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Standard error without what counts documents of other kinds.
    pub(crate) fn errors(&self) -> String {
        let is_error = |line: &&str| !line.starts_with("istio-gateway: skipped ");
        self.err.split_inclusive('\n').filter(is_error).collect()
    }
}

impl Start<'_> {
    pub(crate) fn input<T: AsRef<[u8]> + ?Sized>(self, input: &T) -> Start<'_> {
        Start { command: self.command, input: input.as_ref() }
    }

    pub(crate) fn in_directory(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    pub(crate) fn envs(mut self, variables: &[(&str, &str)]) -> Self {
        self.command.envs(variables.iter().copied());
        self
    }

    /// The same, ended by the kernel after so many seconds of processor time: how busy the machine is does not
    /// count.
    pub(crate) fn cpu_seconds(mut self, seconds: u32) -> Self {
        if cfg!(unix) {
            let mut limited = Command::new("sh");
            limited.args(["-c", &format!("ulimit -t {seconds} && exec \"$0\" \"$@\"")]);
            limited.arg(self.command.get_program()).args(self.command.get_args());
            limited.current_dir(self.command.get_current_dir().unwrap_or(root()));
            for (name, value) in self.command.get_envs() {
                match value {
                    Some(value) => limited.env(name, value),
                    None => limited.env_remove(name),
                };
            }
            self.command = limited;
        }
        self
    }

    pub(crate) fn run(self) -> Ran {
        let Output { status, stdout, stderr } = self.output();
        Ran {
            status: status.code().unwrap(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }

    /// With another standard output than one that is read here.
    #[cfg(unix)]
    pub(crate) fn run_into(mut self, out: impl Into<Stdio>) -> Ran {
        let mut child =
            self.command.stdin(Stdio::piped()).stdout(out).stderr(Stdio::piped()).spawn().unwrap();
        // The command's end is closed here, so that closing the terminal is detected.
        self.command.stdout(Stdio::null());
        let _ = child.stdin.take().unwrap().write_all(self.input);
        let Output { status, stderr, .. } = child.wait_with_output().unwrap();
        let err = String::from_utf8(stderr).unwrap();
        Ran { status: status.code().unwrap(), out: String::new(), err }
    }

    /// With standard error there; returns the exit status.
    #[cfg(unix)]
    pub(crate) fn run_with_errors_into(mut self, errors: impl Into<Stdio>) -> i32 {
        let mut child =
            self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn().unwrap();
        self.command.stderr(Stdio::null());
        child.wait().unwrap().code().unwrap()
    }

    /// With an input that does not end, and without waiting for it.
    #[cfg(unix)]
    pub(crate) fn spawn(mut self) -> std::process::Child {
        self.command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    }

    /// For input that is not UTF-8.
    pub(crate) fn output(mut self) -> Output {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that rejects its arguments does not read its input.
        let _ = child.stdin.take().unwrap().write_all(self.input);
        child.wait_with_output().unwrap()
    }
}

/// Output with one object per line.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A text in one line, so that a sentence can be looked for.
pub(crate) fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A directory of a test's own, with files in it.
pub(crate) struct Directory(TempDir);

impl Directory {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let directory = Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
        for (file, text) in files {
            directory.write(file, text.as_bytes());
        }
        directory
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// Returns the path.
    pub(crate) fn write(&self, file: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// `istio-gateway` with these arguments, to be started here.
    pub(crate) fn istio_gateway(&self, args: &[&str]) -> Start<'static> {
        let mut start = istio_gateway(args);
        start.command.current_dir(self.0.path());
        start
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.istio_gateway(args).run()
    }
}
