//! Envoy as a process.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// The time limit for Envoy to start with every listener, on a busy machine.
const START: Duration = Duration::from_secs(60);

/// An Envoy that can be started.
#[derive(Clone, Debug)]
pub struct Envoy {
    path: PathBuf,
}

impl Envoy {
    /// The one that `ISTIO_GATEWAY_ENVOY` names.
    ///
    /// # Errors
    ///
    /// If it is not set.
    pub fn from_environment() -> Result<Self> {
        let path = env::var_os("ISTIO_GATEWAY_ENVOY")
            .context("ISTIO_GATEWAY_ENVOY is not set: conformance/envoy-live/path prints a path")?;
        Ok(Self { path: path.into() })
    }

    /// Its version.
    ///
    /// # Errors
    ///
    /// If it cannot be run.
    pub fn version(&self) -> Result<String> {
        let output = Command::new(&self.path).arg("--version").output();
        let output = output.with_context(|| format!("cannot run {}", self.path.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.rsplit("version:").next().unwrap_or_default().trim().to_owned())
    }

    /// Why it rejects a bootstrap configuration, if it does.
    ///
    /// # Errors
    ///
    /// If Envoy cannot be run.
    pub fn refusal(&self, bootstrap: &Value, directory: &Path) -> Result<Option<String>> {
        let file = tempfile::Builder::new().suffix(".json").tempfile_in(directory)?;
        fs::write(file.path(), bootstrap.to_string())?;
        let output = Command::new(&self.path)
            .args(["--mode", "validate", "-l", "error", "-c"])
            .arg(file.path())
            .output()?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((!output.status.success()).then_some(stderr))
    }

    /// Starts it, with an administration port of the system's choice, and waits until it is live.
    ///
    /// # Errors
    ///
    /// If it does not start, with its output.
    pub fn start(&self, bootstrap: &Value, directory: &Path) -> Result<Process> {
        let mut bootstrap = bootstrap.clone();
        bootstrap["admin"] = json!({"address": loopback(0)});
        let config = directory.join("bootstrap.json");
        fs::write(&config, bootstrap.to_string())?;
        let (admin, log) = (directory.join("admin"), directory.join("envoy.log"));
        let mut child = Command::new(&self.path)
            .args(["--disable-hot-restart", "--concurrency", "2", "-l", "error"])
            .args(["--file-flush-interval-msec", "20", "-c"])
            .arg(&config)
            .arg("--admin-address-path")
            .arg(&admin)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .spawn()
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        let watchdog = match watchdog(child.id()) {
            Ok(watchdog) => watchdog,
            Err(error) => {
                child.kill()?;
                child.wait()?;
                return Err(error).context("cannot start sh, to stop Envoy with this process");
            }
        };
        let mut process = Process { child, watchdog, admin: None };
        let deadline = Instant::now() + START;
        loop {
            if let Some(status) = process.child.try_wait()? {
                bail!("Envoy ended with {status}: {}", fs::read_to_string(&log)?);
            }
            process.admin = fs::read_to_string(&admin).ok().and_then(|text| text.parse().ok());
            if process.admin.is_some() && process.ask("/ready").is_ok_and(|text| text == "LIVE\n") {
                return Ok(process);
            }
            if Instant::now() > deadline {
                bail!("Envoy is not live after {START:?}: {}", fs::read_to_string(&log)?);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A process that kills Envoy when this process exits in any way, because its pipe is closed then.
fn watchdog(envoy: u32) -> std::io::Result<Child> {
    Command::new("sh")
        .args(["-c", &format!("cat >/dev/null; kill -9 {envoy}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Counters of a listener by their names.
pub type Counters = BTreeMap<String, u64>;

/// A running Envoy, which is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    watchdog: Child,
    admin: Option<SocketAddr>,
}

impl Process {
    /// Sends a request to the administration interface.
    ///
    /// # Errors
    ///
    /// If it does not answer with 200.
    pub fn ask(&self, path: &str) -> Result<String> {
        let address = self.admin.context("no administration interface")?;
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(START))?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
        if !head.lines().next().is_some_and(|line| line.contains(" 200")) {
            bail!("Envoy answers to {path}: {head}");
        }
        dechunked(body).with_context(|| format!("Envoy's answer to {path} has an end missing"))
    }

    /// The address of each listener, by name.
    ///
    /// # Errors
    ///
    /// If Envoy does not report it.
    pub fn listeners(&self) -> Result<BTreeMap<String, SocketAddr>> {
        let answer: Value = serde_json::from_str(&self.ask("/listeners?format=json")?)?;
        let statuses = answer["listener_statuses"].as_array().context("no listeners")?;
        let listener = |status: &Value| {
            let name = status["name"].as_str()?.to_owned();
            let socket = &status["local_address"]["socket_address"];
            let port = u16::try_from(socket["port_value"].as_u64()?).ok()?;
            Some((name, SocketAddr::from((Ipv4Addr::LOCALHOST, port))))
        };
        let found = statuses.iter().map(listener).collect::<Option<_>>();
        found.with_context(|| format!("unknown listeners: {answer}"))
    }

    /// `listener.NAME.ssl.COUNTER` of every listener, by its `stat_prefix` NAME and then COUNTER;
    /// those that are zero are left out.
    ///
    /// # Errors
    ///
    /// If Envoy does not report it.
    pub fn ssl_counters(&self) -> Result<BTreeMap<String, Counters>> {
        let mut counters = BTreeMap::<_, Counters>::new();
        let text = self.ask("/stats?usedonly&type=Counters&filter=^listener%5C..*%5C.ssl%5C.")?;
        for line in text.lines() {
            let (name, count) = line.split_once(": ").context("not a counter")?;
            let name = name.strip_prefix("listener.").and_then(|name| name.split_once(".ssl."));
            let (listener, counter) = name.with_context(|| format!("not a listener's: {line}"))?;
            let of_listener = counters.entry(listener.to_owned()).or_default();
            of_listener.insert(counter.to_owned(), count.trim().parse()?);
        }
        Ok(counters)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The watchdog first: it must not kill a process id that was reused. Killing a process that
        // has exited fails, which is fine.
        for child in [&mut self.watchdog, &mut self.child] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Decodes a chunked body: chunks after their length in hexadecimal, up to an empty one.
fn dechunked(mut body: &str) -> Option<String> {
    let mut text = String::new();
    loop {
        let (length, rest) = body.split_once("\r\n")?;
        let length = usize::from_str_radix(length, 16).ok()?;
        if length == 0 {
            return Some(text);
        }
        text.push_str(rest.get(..length)?);
        body = rest.get(length..)?.strip_prefix("\r\n")?;
    }
}

/// A loopback address as Envoy's configuration has it.
pub(crate) fn loopback(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}
