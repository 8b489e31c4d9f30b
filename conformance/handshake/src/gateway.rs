//! A gateway with many listeners, each from a server or from a TLS context.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use istio_gateway::{
    Server,
    envoy::{self, DownstreamTlsContext, HttpConnectionManager, Options, SecretAvailability},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Authority, Client, Envoy, Negotiated, Pki, Process, RevocationList, Seen,
    backend::{Backend, PEER},
    envoy::{Counters, loopback},
};

/// The content of the secrets that a server refers to.
#[derive(Clone, Debug)]
pub struct Secrets {
    ca: Ca,
    is_certificate_missing: bool,
}

#[derive(Clone, Debug)]
enum Ca {
    Holds(String),
    Empty,
    Missing,
}

impl Secrets {
    /// The gateway's certificate, and this CA for clients.
    #[must_use]
    pub fn ca(ca: &Authority) -> Self {
        Self { ca: Ca::Holds(ca.pem()), is_certificate_missing: false }
    }

    /// The gateway's certificate, and a secret for the CA that holds none.
    #[must_use]
    pub fn empty_ca() -> Self {
        Self { ca: Ca::Empty, is_certificate_missing: false }
    }

    /// The gateway's certificate; the secret for the CA never arrives.
    #[must_use]
    pub fn missing_ca() -> Self {
        Self { ca: Ca::Missing, is_certificate_missing: false }
    }

    /// The same, and the gateway's certificate never arrives.
    #[must_use]
    pub fn without_certificate(self) -> Self {
        Self { is_certificate_missing: true, ..self }
    }

    /// The facts that a policy needs.
    #[must_use]
    pub fn states(&self) -> SecretAvailability {
        SecretAvailability {
            is_server_certificate_missing: self.is_certificate_missing,
            is_ca_missing: matches!(self.ca, Ca::Missing),
            is_ca_empty: matches!(self.ca, Ca::Empty),
            is_crl_unusable: false,
        }
    }
}

/// A listener of a [`Gateway`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint(usize);

/// A gateway before it is started.
pub struct Gateway {
    directory: TempDir,
    certificate: Value,
    listeners: Vec<Value>,
    secrets: BTreeMap<String, Value>,
    contexts: BTreeSet<String>,
}

impl Gateway {
    /// A gateway without listeners, which presents the certificate of this PKI.
    ///
    /// # Errors
    ///
    /// If its files cannot be written.
    pub fn new(pki: &Pki) -> Result<Self> {
        let (certificate, key) = pki.server_certificate();
        let directory = tempfile::Builder::new().prefix("istio-gateway-handshake-").tempdir()?;
        // The source of a secret that never arrives.
        fs::write(directory.path().join("nothing.json"), r#"{"resources": []}"#)?;
        Ok(Self {
            directory,
            certificate: json!({
                "certificate_chain": {"inline_string": certificate},
                "private_key": {"inline_string": key},
            }),
            listeners: Vec::new(),
            secrets: BTreeMap::new(),
            contexts: BTreeSet::new(),
        })
    }

    /// Writes a CRL to a file for `caCrl`. CRLs of several issuers are concatenated.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn revocation_lists(&self, name: &str, lists: &[RevocationList]) -> Result<String> {
        let path = self.directory.path().join(name);
        let text: String = lists.iter().map(|list| list.0.as_str()).collect();
        fs::write(&path, text)?;
        Ok(path.to_str().context("a temporary directory that is not UTF-8")?.to_owned())
    }

    /// The listener that istiod generates for this server.
    ///
    /// # Errors
    ///
    /// If the server does not terminate TLS, or refers to a secret by a name that is already used
    /// for another one.
    pub fn serve(
        &mut self,
        name: &str,
        server: &Server,
        options: &Options,
        secrets: &Secrets,
    ) -> Result<Endpoint> {
        let translation = envoy::translate_server(server, options);
        let context = translation.effective_tls_context();
        let context = context.with_context(|| format!("{name} does not end TLS"))?;
        self.serve_context(name, context, &translation.xfcc, secrets)
    }

    /// A listener with a context that no server may result in.
    ///
    /// # Errors
    ///
    /// If it refers to a secret by a name that is already used for another one.
    pub fn serve_context(
        &mut self,
        name: &str,
        context: &DownstreamTlsContext,
        manager: &HttpConnectionManager,
        secrets: &Secrets,
    ) -> Result<Endpoint> {
        self.serve_value(name, serde_json::to_value(context)?, manager, secrets)
    }

    /// A listener with a context in JSON, which may have fields that the library's message lacks.
    ///
    /// # Errors
    ///
    /// If it refers to a secret by a name that is already used for another one.
    pub fn serve_value(
        &mut self,
        name: &str,
        mut context: Value,
        manager: &HttpConnectionManager,
        secrets: &Secrets,
    ) -> Result<Endpoint> {
        self.contexts.insert(context.to_string());
        self.resolve_secrets(&mut context, secrets).with_context(|| format!("listener {name}"))?;
        let number = self.listeners.len();
        let listener = listener(name, number, context, serde_json::to_value(manager)?);
        self.listeners.push(listener);
        Ok(Endpoint(number))
    }

    /// The number of listeners, and of their different TLS contexts.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.listeners.len(), self.contexts.len())
    }

    /// Why Envoy rejects the configuration, if it does.
    ///
    /// # Errors
    ///
    /// If Envoy cannot be run.
    pub fn refusal(&self, envoy: &Envoy) -> Result<Option<String>> {
        envoy.refusal(&self.bootstrap(loopback(1)), self.directory.path())
    }

    /// Starts the Envoy that `ISTIO_GATEWAY_ENVOY` names, with a backend.
    ///
    /// # Errors
    ///
    /// If one of them does not start.
    pub fn start(self) -> Result<RunningGateway> {
        let backend = Backend::start()?;
        let bootstrap = self.bootstrap(loopback(backend.address.port()));
        let process = Envoy::from_environment()?.start(&bootstrap, self.directory.path())?;
        let by_name = process.listeners()?;
        let address = |listener: &Value| by_name.get(listener["name"].as_str()?).copied();
        let addresses = self.listeners.iter().map(address).collect::<Option<_>>();
        Ok(RunningGateway {
            addresses: addresses.context("Envoy lacks a listener")?,
            connections: AtomicUsize::new(0),
            process,
            directory: self.directory,
        })
    }

    /// Adds the content of the context's secrets, which istiod would send.
    fn resolve_secrets(&mut self, context: &mut Value, secrets: &Secrets) -> Result<()> {
        let nothing = json!({
            "path_config_source": {"path": self.directory.path().join("nothing.json")},
            "resource_api_version": "V3",
            "initial_fetch_timeout": "1s",
        });
        let mut resolve = |config: &mut Value, contents: Option<Value>| -> Result<()> {
            let config = config.as_object_mut().context("a secret that is no object")?;
            let name = config.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let Some(mut secret) = contents else {
                config.insert("sds_config".to_owned(), nothing.clone());
                return Ok(());
            };
            // Without a source, it is among the static ones.
            config.remove("sds_config");
            secret["name"] = name.clone().into();
            let known = self.secrets.entry(name.clone()).or_insert_with(|| secret.clone());
            ensure!(*known == secret, "the secret {name} holds two things");
            Ok(())
        };
        let certificate = json!({"tls_certificate": self.certificate});
        let common = &mut context["common_tls_context"];
        if let Some(configs) = common["tls_certificate_sds_secret_configs"].as_array_mut() {
            for config in configs {
                let contents = (!secrets.is_certificate_missing).then(|| certificate.clone());
                resolve(config, contents)?;
            }
        }
        let path = "/combined_validation_context/validation_context_sds_secret_config";
        if let Some(config) = common.pointer_mut(path) {
            let ca = match &secrets.ca {
                Ca::Holds(pem) => {
                    let trusted_ca = json!({"trusted_ca": {"inline_string": pem}});
                    Some(json!({"validation_context": trusted_ca}))
                }
                Ca::Empty => Some(json!({"validation_context": {}})),
                Ca::Missing => None,
            };
            resolve(config, ca)?;
        }
        // Reading has turned absent fields into null.
        if let Some(common) = common.as_object_mut() {
            common.retain(|_, value| !value.is_null());
        }
        Ok(())
    }

    fn bootstrap(&self, backend: Value) -> Value {
        let mut listeners = self.listeners.clone();
        for listener in &mut listeners {
            listener["access_log"] = access_log(&self.directory);
        }
        json!({
            "node": {"id": "gateway", "cluster": "gateway"},
            "static_resources": {
                "listeners": listeners,
                "secrets": self.secrets.values().collect::<Vec<_>>(),
                "clusters": [{
                    "name": "backend",
                    "type": "STATIC",
                    "connect_timeout": "5s",
                    "load_assignment": {"cluster_name": "backend", "endpoints": [
                        {"lb_endpoints": [{"endpoint": {"address": backend}}]},
                    ]},
                }],
            },
        })
    }
}

fn access_log(directory: &TempDir) -> Value {
    json!([{
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": directory.path().join("access.log"),
            "log_format": {"json_format": {
                "server_name": "%REQUESTED_SERVER_NAME%",
                "version": "%DOWNSTREAM_TLS_VERSION%",
                "reason": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
            }},
        },
    }])
}

fn listener(name: &str, number: usize, mut context: Value, mut manager: Value) -> Value {
    context["@type"] =
        "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext".into();
    manager["@type"] = "type.googleapis.com/envoy.extensions.filters.network.\
                        http_connection_manager.v3.HttpConnectionManager"
        .into();
    manager["stat_prefix"] = "http".into();
    manager["route_config"] = json!({"virtual_hosts": [
        {"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"cluster": "backend"}},
        ]},
    ]});
    let peer = format!(
        r#"function envoy_on_request(handle)
             local ssl = handle:streamInfo():downstreamSslConnection()
             local peer = "none"
             if ssl:peerCertificateValidated() then peer = "validated"
             elseif ssl:peerCertificatePresented() then peer = "presented" end
             handle:headers():replace("{PEER}", peer)
           end"#
    );
    manager["http_filters"] = json!([
        {"name": "envoy.filters.http.lua", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": peer},
        }},
        {"name": "envoy.filters.http.router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
        }},
    ]);
    json!({
        "name": name,
        "stat_prefix": stat_prefix(number),
        "address": loopback(0),
        // It reads the server name, which identifies connections in the access log.
        "listener_filters": [{"name": "envoy.filters.listener.tls_inspector", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.\
                      TlsInspector",
        }}],
        "filter_chains": [{
            "filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": manager,
            }],
            "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context},
            "transport_socket_connect_timeout": "15s",
        }],
    })
}

fn stat_prefix(number: usize) -> String {
    format!("listener-{number}")
}

/// A line of Envoy's access log about a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logged {
    /// The TLS version; `None` if the handshake failed earlier.
    pub version: Option<String>,
    /// `%DOWNSTREAM_TRANSPORT_FAILURE_REASON%`; `None` without a failure.
    pub failure: Option<String>,
}

/// A running gateway. Envoy is killed when it is dropped.
pub struct RunningGateway {
    // Envoy is killed before its files are removed.
    process: Process,
    directory: TempDir,
    addresses: Vec<SocketAddr>,
    connections: AtomicUsize,
}

impl RunningGateway {
    /// The address of the listener.
    ///
    /// # Errors
    ///
    /// If it is another gateway's.
    pub fn address(&self, endpoint: Endpoint) -> Result<SocketAddr> {
        self.addresses.get(endpoint.0).copied().context("an endpoint of another gateway")
    }

    /// What a client and the backend see, with and without a spoofed header.
    ///
    /// # Errors
    ///
    /// If anything but a response or a rejection happens.
    pub fn connect(&self, endpoint: Endpoint, client: &Client) -> Result<Seen> {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        client.connect(self.address(endpoint)?, format!("c{number}.gateway.test"))
    }

    /// The protocol that a client and the listener negotiate by ALPN.
    ///
    /// # Errors
    ///
    /// If the handshake fails.
    pub fn negotiate(&self, endpoint: Endpoint, client: &Client) -> Result<Negotiated> {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        client.negotiate(self.address(endpoint)?, format!("c{number}.gateway.test"))
    }

    /// The same under the server name of an earlier connection, whose session a client may resume.
    ///
    /// # Errors
    ///
    /// If anything but a response or a rejection happens.
    pub fn connect_again(&self, endpoint: Endpoint, client: &Client, seen: &Seen) -> Result<Seen> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        client.connect(self.address(endpoint)?, seen.server_name.clone())
    }

    /// The counters of the listeners, Envoy's `listener.*.ssl.*`, in the order in which the
    /// listeners were added.
    ///
    /// # Errors
    ///
    /// If Envoy does not report it.
    pub fn ssl_counters(&self) -> Result<Vec<Counters>> {
        let mut counters = self.process.ssl_counters()?;
        let numbers = 0..self.addresses.len();
        Ok(numbers.map(|n| counters.remove(&stat_prefix(n)).unwrap_or_default()).collect())
    }

    /// Envoy's log entry of each connection, by [`Seen::server_name`]. Waits until all of them are
    /// logged.
    ///
    /// # Errors
    ///
    /// If Envoy does not log all of them.
    pub fn access_log(&self) -> Result<BTreeMap<String, Logged>> {
        let deadline = Instant::now() + Duration::from_secs(20);
        let connections = self.connections.load(Ordering::Relaxed);
        loop {
            let text = fs::read_to_string(self.directory.path().join("access.log"))?;
            if text.lines().count() >= connections {
                return text.lines().map(logged).collect();
            }
            if Instant::now() > deadline {
                bail!("Envoy has logged {} of {connections} connections", text.lines().count());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn logged(line: &str) -> Result<(String, Logged)> {
    let line: Value = serde_json::from_str(line).context("the access log")?;
    let text = |key: &str| line[key].as_str().filter(|text| *text != "-").map(str::to_owned);
    let server_name = text("server_name").with_context(|| format!("no server name: {line}"))?;
    Ok((server_name, Logged { version: text("version"), failure: text("reason") }))
}
