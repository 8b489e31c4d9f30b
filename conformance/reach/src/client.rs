//! Clients of every kind, and what they see.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use handshake_conformance::{Client, Identity, Pki, TlsVersion};
use http_body_util::{BodyExt as _, Empty};
use hyper::{Response, Version, body::Bytes, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// What a client sees of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing listens.
    Refused,
    /// The connection is closed before a byte arrives.
    Closed,
    /// Bytes arrive, but the handshake fails.
    HandshakeFailed,
    /// An answer that is not a backend's.
    Status { status: u16, chain: String },
    /// A VirtualService's backend answers.
    Reached { chain: String, service: String, certificate: Option<String> },
    /// Bytes that are not HTTP, after TLS or without it.
    Bytes { text: String, is_decrypted: bool },
}

impl Seen {
    /// The kind of outcome, for counts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused => "nothing listens",
            Self::Closed => "closed without a byte",
            Self::HandshakeFailed => "handshake failed",
            Self::Status { status: 301, .. } => "redirected",
            Self::Status { status: 404, .. } => "not found",
            Self::Status { .. } => "another status",
            Self::Reached { certificate: None, .. } => "reached",
            Self::Reached { .. } => "reached with a certificate",
            Self::Bytes { is_decrypted: true, .. } => "forwarded after TLS",
            Self::Bytes { is_decrypted: false, .. } => "bytes without TLS",
        }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub address: SocketAddr,
    /// With TLS: the server name, or none.
    pub tls: Option<Option<String>>,
    /// The client's name; it has a certificate of the PKI unless it is `none`.
    pub client: &'static str,
    pub version: TlsVersion,
    pub is_http2: bool,
    pub host: String,
    pub path: String,
    /// Whether the client says that it came by HTTPS.
    pub claims_https: bool,
}

/// The clients: those with certificates have them by these names in the PKI.
pub const CLIENTS: [&str; 7] =
    ["none", "valid", "wrong_san", "untrusted", "untrusted_wrong_san", "self_signed", "expired"];

type Key = (&'static str, TlsVersion, bool, bool);

/// TLS configurations of all clients.
pub struct Clients(HashMap<Key, Arc<ClientConfig>>);

#[derive(Debug)]
struct AnyServer;

impl Clients {
    pub fn new(pki: &Pki) -> Result<Self> {
        let mut configs = HashMap::new();
        for name in CLIENTS {
            let identity: Option<&Identity> = match name {
                "none" => None,
                name => Some(pki.identity(name)?),
            };
            for version in TlsVersion::ALL {
                for is_http2 in [false, true] {
                    for has_name in [false, true] {
                        let protocol = if is_http2 { "h2" } else { "http/1.1" };
                        let client = Client::new(pki, identity, version)?.offering(&[protocol]);
                        let mut config = client.config();
                        config.enable_sni = has_name;
                        config.dangerous().set_certificate_verifier(Arc::new(AnyServer));
                        let key = (name, version, is_http2, has_name);
                        configs.insert(key, Arc::new(config));
                    }
                }
            }
        }
        Ok(Self(configs))
    }

    /// Sends the request over a connection of its own.
    pub async fn send(&self, attempt: &Attempt) -> Result<Seen> {
        let seen = tokio::time::timeout(Duration::from_secs(30), self.try_send(attempt)).await;
        seen.context("no end after 30 s")?
    }

    async fn try_send(&self, attempt: &Attempt) -> Result<Seen> {
        let socket = match TcpStream::connect(attempt.address).await {
            Ok(socket) => socket,
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return Ok(Seen::Refused);
            }
            Err(error) => return Err(error.into()),
        };
        socket.set_nodelay(true)?;
        let (socket, raw) = Recorder::new(socket);
        let unanswered = || match &raw.lock().unwrap_or_else(PoisonError::into_inner)[..] {
            [] => Seen::Closed,
            // Records of TLS: a handshake, an alert.
            [0x15 | 0x16, ..] => Seen::HandshakeFailed,
            raw => bytes(raw, false),
        };
        let Some(server_name) = &attempt.tls else {
            let response = exchange(socket, attempt).await;
            return Ok(match response {
                Some(response) => answered(response).await?,
                None => unanswered(),
            });
        };
        let key = (attempt.client, attempt.version, attempt.is_http2, server_name.is_some());
        let config = self.0.get(&key).context("no such client")?;
        let name = server_name.clone().unwrap_or_else(|| "no.name.test".to_owned());
        let name = ServerName::try_from(name)?;
        let connector = TlsConnector::from(Arc::clone(config));
        let Ok(stream) = connector.connect(name, socket).await else { return Ok(unanswered()) };
        let (stream, decrypted) = Recorder::new(stream);
        let response = exchange(stream, attempt).await;
        if let Some(response) = response {
            return answered(response).await;
        }
        let decrypted = decrypted.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(if decrypted.is_empty() { unanswered() } else { bytes(&decrypted, true) })
    }
}

fn bytes(raw: &[u8], is_decrypted: bool) -> Seen {
    Seen::Bytes { text: String::from_utf8_lossy(raw).into_owned(), is_decrypted }
}

/// The answer, if HTTP is spoken.
async fn exchange<S>(stream: S, attempt: &Attempt) -> Option<Response<Incoming>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let io = TokioIo::new(stream);

    if attempt.is_http2 {
        let executor = TokioExecutor::new();
        let Ok((mut sender, connection)) =
            hyper::client::conn::http2::handshake(executor, io).await
        else {
            return None;
        };
        tokio::spawn(connection);
        match request(attempt) {
            Ok(request) => sender.send_request(request).await.ok(),
            Err(_) => None,
        }
    } else {
        let Ok((mut sender, connection)) = hyper::client::conn::http1::handshake(io).await else {
            return None;
        };
        tokio::spawn(connection);
        match request(attempt) {
            Ok(request) => sender.send_request(request).await.ok(),
            Err(_) => None,
        }
    }
}

fn request(attempt: &Attempt) -> Result<hyper::Request<Empty<Bytes>>> {
    let mut request = hyper::Request::builder();
    if attempt.is_http2 {
        let scheme = if attempt.tls.is_some() { "https" } else { "http" };
        let uri = format!("{scheme}://{}{}", attempt.host, attempt.path);
        request = request.uri(uri).version(Version::HTTP_2);
    } else {
        request = request.uri(&attempt.path).header("host", &attempt.host);
    }
    if attempt.claims_https {
        request = request.header("x-forwarded-proto", "https");
    }
    Ok(request.body(Empty::new())?)
}

async fn answered(response: Response<Incoming>) -> Result<Seen> {
    let header = |name| -> Result<Option<String>> {
        let value = response.headers().get(name);
        Ok(value.map(|value| value.to_str().map(str::to_owned)).transpose()?)
    };
    let status = response.status().as_u16();
    let Some(chain) = header("server")? else { bail!("{status} without a server") };
    let certificate = header("x-client-certificate")?.filter(|hash| hash != "-");
    if status != 200 {
        return Ok(Seen::Status { status, chain });
    }
    let body = response.into_body().collect().await?.to_bytes();
    Ok(Seen::Reached { chain, service: String::from_utf8(body.to_vec())?, certificate })
}

/// Keeps the first bytes that arrive.
struct Recorder<S> {
    stream: S,
    received: Arc<Mutex<Vec<u8>>>,
}

const MOST_RECORDED: usize = 256;

impl<S> Recorder<S> {
    fn new(stream: S) -> (Self, Arc<Mutex<Vec<u8>>>) {
        let received = Arc::default();
        (Self { stream, received: Arc::clone(&received) }, received)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorder<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let start = buffer.filled().len();
        let result = Pin::new(&mut this.stream).poll_read(context, buffer);
        let mut received = this.received.lock().unwrap_or_else(PoisonError::into_inner);
        let new = buffer.filled().get(start..).unwrap_or_default();
        let room = MOST_RECORDED.saturating_sub(received.len());
        received.extend(new.iter().take(room));
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorder<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
