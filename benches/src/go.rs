//! Runs conformance/bench as a child that takes a sample on request, so that both sides sample in
//! turn.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

pub struct Go {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

#[derive(serde::Deserialize)]
struct Sample {
    ns_per_op: f64,
}

impl Go {
    /// Builds conformance/bench and starts it on some files, given by name and content.
    ///
    /// Its samples are long: the median of short ones would exclude the garbage collector.
    pub fn start(files: &[(String, &str)]) -> io::Result<Self> {
        let conformance = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance");
        let dir = env::temp_dir().join(format!("istio-gateway-benches-{}", std::process::id()));
        fs::create_dir_all(&dir)?;
        let program = dir.join("bench");
        let mut build = Command::new("go");
        build.arg("build").arg("-o").arg(&program).arg("./bench").current_dir(&conformance);
        if !build.status()?.success() {
            return Err(io::Error::other("go build failed"));
        }
        let paths: Vec<PathBuf> = files.iter().map(|(name, _)| dir.join(name)).collect();
        for (path, (_, text)) in paths.iter().zip(files) {
            fs::write(path, text)?;
        }
        let mut child = Command::new(&program)
            .env("GOMAXPROCS", "1")
            .args(["-ask", "-time", "25ms"])
            .args(&paths)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let missing = || io::Error::other("the child has no pipes");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        // It prints a line when it has read the files.
        let mut ready = String::new();
        stdout.read_line(&mut ready)?;
        fs::remove_dir_all(&dir)?;
        if ready != "ready\n" {
            return Err(io::Error::other("the child does not answer"));
        }
        Ok(Self { child, stdin, stdout })
    }

    /// One sample: nanoseconds per operation.
    pub fn sample(&mut self, operation: &str, file: &str) -> io::Result<f64> {
        writeln!(self.stdin, "{operation} {file}")?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let sample: Sample = serde_json::from_str(&line)?;
        Ok(sample.ns_per_op)
    }
}

impl Drop for Go {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
