//! Runs the command `istio-gateway` and reads its JSON.

use std::{env, ffi::OsString, io, process::Stdio};

use istio_gateway_kube::kube::core::DynamicObject;
use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, process::Command, sync::Semaphore};

use crate::review::Verdict;

/// How many commands run at a time.
static RUNNING: Semaphore = Semaphore::const_new(4);

/// Why there is no verdict.
pub(crate) struct Failed(pub(crate) String);

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for Failed {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// The command and its options.
#[derive(Default)]
pub(crate) struct Judge {
    /// The release of Istio.
    pub(crate) istio: Option<String>,
    /// The options of `check`.
    pub(crate) check: Vec<String>,
    /// Whether changes that are weaker are accepted.
    pub(crate) allows_weaker: bool,
}

impl Judge {
    /// Checks a Gateway without servers, to find a wrong option or a missing command.
    ///
    /// # Errors
    ///
    /// What the command prints.
    pub(crate) async fn verify(&self) -> Result<(), String> {
        let gateway =
            r#"{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"a"}}"#;
        let run = self.run(&["check", "--no-config"], &self.check, &["-"], gateway.as_bytes());
        match run.await {
            Ok(_) => Ok(()),
            Err(Failed(reason)) => Err(reason),
        }
    }

    /// The findings of `check`: errors reject, others are warnings.
    pub(crate) async fn check(&self, gateway: &DynamicObject) -> Result<Verdict, Failed> {
        // The configuration and the suppressions belong to files.
        let options = ["check", "--format", "json", "--no-config"];
        let (accepts, json) =
            self.run(&options, &self.check, &["-"], &serde_json::to_vec(gateway)?).await?;
        let mut verdict = Verdict::default();
        for document in serde_json::Deserializer::from_slice(&json).into_iter::<Value>() {
            let document = document?;
            let findings = document.get("findings").and_then(Value::as_array);
            for finding in findings.into_iter().flatten() {
                let text = |name| finding.get(name).and_then(Value::as_str).unwrap_or_default();
                let line = format!("{}: {} [{}]", text("path"), text("message"), text("rule"));
                let is_error = text("severity") == "error";
                if is_error { &mut verdict.rejected } else { &mut verdict.warnings }.push(line);
            }
        }
        // The exit status decides; the findings explain it.
        if accepts != verdict.rejected.is_empty() {
            return Err(Failed("the exit status of check contradicts its findings".to_owned()));
        }
        Ok(verdict)
    }

    /// What is weaker in the new object.
    pub(crate) async fn weaker(
        &self,
        old: &DynamicObject,
        new: &DynamicObject,
    ) -> Result<Vec<String>, Failed> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("old.json");
        tokio::fs::write(&path, serde_json::to_vec(old)?).await?;
        let options = ["explain", "--diff", "--fail-on", "weaker", "--format", "json"];
        let files = [path.into_os_string(), "-".into()];
        let (accepts, json) = self.run(&options, &[], &files, &serde_json::to_vec(new)?).await?;
        let diff: Value = serde_json::from_slice(&json)?;
        let mut weaker = Vec::new();
        for server in diff.get("servers").and_then(Value::as_array).into_iter().flatten() {
            let side = ["new", "old"].into_iter().find_map(|side| server.get(side)?.get("server"));
            let index = side.map_or_else(String::new, |index| format!("spec.servers[{index}]: "));
            let differences = server.get("differences").and_then(Value::as_array);
            for difference in differences.into_iter().flatten() {
                let text = |pointer| difference.pointer(pointer).and_then(Value::as_str);
                if text("/effect") != Some("weaker") {
                    continue;
                }
                let change = match (text("/old/decision"), text("/new/decision")) {
                    (Some(old), Some(new)) => format!(": {old} -> {new}"),
                    _ => String::new(),
                };
                let what = text("/what").unwrap_or_default();
                weaker.push(format!("{index}weaker than before: {what}{change}"));
            }
        }
        // Also if the comparison is incomplete.
        if !accepts && weaker.is_empty() {
            weaker.push("the change cannot be compared with what it replaces".to_owned());
        }
        Ok(weaker)
    }

    /// Whether the exit status is 0, and what the command prints. Other statuses than 0 and 1 are failures.
    async fn run(
        &self,
        options: &[&str],
        more: &[String],
        files: &[impl AsRef<std::ffi::OsStr>],
        input: &[u8],
    ) -> Result<(bool, Vec<u8>), Failed> {
        let _running = RUNNING.acquire().await.map_err(|error| Failed(error.to_string()))?;
        let program =
            env::var_os("ISTIO_GATEWAY").unwrap_or_else(|| OsString::from("istio-gateway"));
        let istio = self.istio.iter().flat_map(|version| ["--istio", version]);
        let mut child = Command::new(&program)
            .args(options)
            .args(istio)
            .args(more)
            .args(files)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failed(format!("cannot run {}: {error}", program.display())))?;
        let stdin = child.stdin.take();
        let write = async move {
            match stdin {
                Some(mut stdin) => stdin.write_all(input).await,
                None => Ok(()),
            }
        };
        // It may exit before it has read everything; its status then explains why.
        let (_, output) = tokio::join!(write, child.wait_with_output());
        let output = output?;
        match output.status.code() {
            Some(code @ (0 | 1)) => Ok((code == 0, output.stdout)),
            _ => Err(Failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        }
    }
}
