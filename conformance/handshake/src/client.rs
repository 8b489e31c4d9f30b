//! A client that presents any bytes as its certificate.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, SignatureScheme, StreamOwned,
    client::{ResolvesClientCert, Resumption},
    pki_types::ServerName,
    sign::CertifiedKey,
};
use serde_json::Value;

use crate::{
    Identity, Pki,
    backend::{FORWARDED, PEER},
};

/// The header that a client spoofs.
pub(crate) const FORGED: &str = "Hash=0000;Subject=\"CN=forged\";URI=spiffe://lab/ns/a/sa/forged";

const PATIENCE: Duration = Duration::from_secs(20);

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// 1.2.
    V1_2,
    /// 1.3.
    V1_3,
}

impl TlsVersion {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V1_2, Self::V1_3];

    /// As Envoy writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_2 => "TLSv1.2",
            Self::V1_3 => "TLSv1.3",
        }
    }
}

/// The outcome of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// No response.
    Refused,
    /// A response, and Envoy saw no certificate.
    Anonymous,
    /// A response, and Envoy verified the certificate.
    Verified,
    /// A response, and Envoy saw a certificate that it did not verify.
    Unverified,
    /// Envoy accepts the certificate, and answers with 503.
    Unavailable,
}

impl Outcome {
    /// A name for programs, that of `Decision::id`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Refused => "rejected",
            Self::Anonymous => "anonymous",
            Self::Verified => "verified",
            Self::Unverified => "unverified",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The observations of a connection.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The outcome.
    pub outcome: Outcome,
    /// The backend's `x-forwarded-client-cert` if the client sends none.
    pub header: Option<String>,
    /// The same if the client sends a spoofed one.
    pub header_beside_forged: Option<String>,
    /// The client's error for a rejection, which is often less precise than Envoy's.
    pub client_error: Option<String>,
    /// Whether a session was resumed; then no certificate is sent.
    pub is_resumed: bool,
    /// The server name of the connection, which identifies it in Envoy's access log.
    pub server_name: String,
}

/// The protocol that a client and a gateway negotiated by ALPN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// The protocol; `None` if they have none in common.
    pub protocol: Option<String>,
    /// Whether an HTTP/1.1 request succeeds; none is made over HTTP/2.
    pub answers_http1: Option<bool>,
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
}

/// Presents a certificate whatever the server requests.
#[derive(Debug)]
struct Always(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

impl Client {
    /// A client with this identity or none, which uses only this version and trusts the gateway's
    /// root.
    ///
    /// # Errors
    ///
    /// If rustls rejects the configuration.
    pub fn new(pki: &Pki, identity: Option<&Identity>, version: TlsVersion) -> Result<Self> {
        Self::presenting(pki, identity.map(Identity::certified_key), version)
    }

    /// A client with this certificate and key.
    ///
    /// # Errors
    ///
    /// If rustls rejects the configuration.
    pub fn presenting(
        pki: &Pki,
        key: Option<Arc<CertifiedKey>>,
        version: TlsVersion,
    ) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(pki.server_root())?;
        let versions = match version {
            TlsVersion::V1_2 => &rustls::version::TLS12,
            TlsVersion::V1_3 => &rustls::version::TLS13,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[versions])?
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::new(Always(key)));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config) })
    }

    /// The same client, with session resumption.
    #[must_use]
    pub fn resuming(self) -> Self {
        let mut config = (*self.config).clone();
        config.resumption = Resumption::in_memory_sessions(8);
        Self { config: Arc::new(config) }
    }

    /// The same client, with these ALPN protocols.
    #[must_use]
    pub fn offering(self, protocols: &[&str]) -> Self {
        let mut config = (*self.config).clone();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Self { config: Arc::new(config) }
    }

    /// Its configuration, for connections of another kind.
    #[must_use]
    pub fn config(&self) -> ClientConfig {
        (*self.config).clone()
    }

    /// The handshake, and an HTTP/1.1 request unless HTTP/2 was negotiated.
    pub(crate) fn negotiate(&self, address: SocketAddr, server_name: String) -> Result<Negotiated> {
        let mut socket = TcpStream::connect_timeout(&address, PATIENCE)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from(server_name.clone())?;
        let mut connection = ClientConnection::new(Arc::clone(&self.config), name)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        let protocol = connection.alpn_protocol().map(<[u8]>::to_vec).map(String::from_utf8);
        let protocol = protocol.transpose()?;
        let answers_http1 = (protocol.as_deref() != Some("h2")).then(|| {
            let mut stream = BufReader::new(StreamOwned::new(connection, socket));
            request(&mut stream, &server_name, "").is_ok()
        });
        Ok(Negotiated { protocol, answers_http1 })
    }

    /// Two requests over one connection; the second has a spoofed header.
    pub(crate) fn connect(&self, address: SocketAddr, server_name: String) -> Result<Seen> {
        match self.talk(address, &server_name) {
            Ok([plain, forged]) => {
                ensure!(plain.outcome == forged.outcome, "{plain:?}, then {forged:?}");
                Ok(Seen {
                    outcome: plain.outcome,
                    header: plain.header,
                    header_beside_forged: forged.header,
                    is_resumed: plain.is_resumed,
                    client_error: None,
                    server_name,
                })
            }
            Err(Failure::Refused(error)) => Ok(Seen {
                outcome: Outcome::Refused,
                header: None,
                header_beside_forged: None,
                is_resumed: false,
                client_error: Some(error.to_string()),
                server_name,
            }),
            Err(Failure::Broken(error)) => Err(error),
        }
    }

    fn talk(&self, address: SocketAddr, server_name: &str) -> Result<[Answer; 2], Failure> {
        let socket = TcpStream::connect_timeout(&address, PATIENCE).map_err(broken)?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
        socket.set_nodelay(true).map_err(broken)?;
        let name = ServerName::try_from(server_name.to_owned()).map_err(broken)?;
        let connection = ClientConnection::new(Arc::clone(&self.config), name).map_err(broken)?;
        let mut stream = BufReader::new(StreamOwned::new(connection, socket));
        // In TLS 1.3 a rejection arrives in response to the first request.
        let plain = request(&mut stream, server_name, "").map_err(|error| match error
            .downcast::<std::io::Error>()
        {
            Ok(error) if error.kind() == std::io::ErrorKind::WouldBlock => broken(error),
            Ok(error) => Failure::Refused(error),
            Err(error) => Failure::Broken(error),
        })?;
        let forged = format!("{FORWARDED}: {FORGED}\r\n");
        let forged = request(&mut stream, server_name, &forged).map_err(Failure::Broken)?;
        Ok([plain, forged])
    }
}

enum Failure {
    /// The connection was closed before a response.
    Refused(std::io::Error),
    /// Any other error.
    Broken(anyhow::Error),
}

fn broken(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Broken(error.into())
}

#[derive(Debug)]
struct Answer {
    outcome: Outcome,
    header: Option<String>,
    is_resumed: bool,
}

type Stream = BufReader<StreamOwned<ClientConnection, TcpStream>>;

fn request(stream: &mut Stream, host: &str, headers: &str) -> Result<Answer> {
    // The client also spoofs the filter's header.
    let lie = format!("{PEER}: validated\r\n");
    let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\n{lie}{headers}\r\n");
    stream.get_mut().write_all(request.as_bytes())?;
    let (mut status, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse()?;
            }
            Some(_) => {}
            None => status = line.split(' ').nth(1).map(str::to_owned),
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let is_resumed = stream.get_ref().conn.handshake_kind() == Some(HandshakeKind::Resumed);
    if status.as_deref() == Some("503") {
        return Ok(Answer { outcome: Outcome::Unavailable, header: None, is_resumed });
    }
    if status.as_deref() != Some("200") {
        bail!("status {status:?}: {}", String::from_utf8_lossy(&body));
    }
    let body: Value = serde_json::from_slice(&body).context("not the backend's answer")?;
    let outcome = match body["peer"].as_str() {
        Some("none") => Outcome::Anonymous,
        Some("validated") => Outcome::Verified,
        Some("presented") => Outcome::Unverified,
        other => bail!("Envoy says of the client: {other:?}"),
    };
    let headers = body["forwarded"].as_array().context("no header list")?;
    let headers: Vec<&str> = headers.iter().filter_map(Value::as_str).collect();
    Ok(Answer { outcome, header: (!headers.is_empty()).then(|| headers.join(",")), is_resumed })
}
