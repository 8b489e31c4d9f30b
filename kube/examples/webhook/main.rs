//! An admission webhook: the API server rejects a Gateway that `istio-gateway check` rejects, and a change
//! that `istio-gateway explain --diff --fail-on weaker` reports.
//!
//! ```sh
//! cargo run -p istio-gateway-kube --example webhook -- \
//!   --certificate tls.crt --key tls.key --deny lint/skip-verify-
//! ```
//!
//! The verdict is the command's, which must be on the `PATH` (or in `ISTIO_GATEWAY`), so that a pull request
//! and the cluster reject the same. The webhook sees one Gateway: it finds no conflicts between Gateways.
//! `deploy.yaml` runs it in a cluster. It fails closed: what cannot be judged is rejected, and so is every
//! change while it does not run (`failurePolicy: Fail`).

mod command;
mod review;

use std::{
    convert::Infallible, error::Error, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration,
};

use http::{Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use istio_gateway_kube::kube::core::{
    DynamicObject,
    admission::{AdmissionResponse, AdmissionReview},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use command::Judge;

const USAGE: &str = "\
usage: webhook --certificate FILE --key FILE [OPTION]...

  --listen ADDRESS   where to listen; 0.0.0.0:8443 by default
  --istio VERSION    the release of Istio
  --deny RULE        as in `istio-gateway check`; may be repeated
  --allow RULE       as in `istio-gateway check`; may be repeated
  --allow-weaker     accepts changes that are weaker";

/// An object has at most 1.5 MB in etcd; a request holds the old and the new one.
const MAX_BODY: usize = 8 << 20;
/// Less than the `timeoutSeconds` of the configuration, so that the user gets the reason.
const DEADLINE: Duration = Duration::from_secs(8);
/// How many connections are served at a time.
const CONNECTIONS: usize = 64;

struct Options {
    listen: SocketAddr,
    certificate: PathBuf,
    key: PathBuf,
    judge: Judge,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut listen = SocketAddr::from(([0, 0, 0, 0], 8443));
        let (mut certificate, mut key) = (None, None);
        let mut judge = Judge::default();
        while let Some(argument) = arguments.next() {
            if argument == "--allow-weaker" {
                judge.allows_weaker = true;
                continue;
            }
            // `--name value` or `--name=value`
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, arguments.next()),
            };
            let value = value.ok_or_else(|| format!("{name} is unknown, or has no value"))?;
            match name.as_str() {
                "--listen" => {
                    listen = value.parse().map_err(|error| format!("--listen {value}: {error}"))?;
                }
                "--certificate" => certificate = Some(PathBuf::from(value)),
                "--key" => key = Some(PathBuf::from(value)),
                "--istio" => judge.istio = Some(value),
                "--deny" | "--allow" => judge.check.extend([name, value]),
                _ => return Err(format!("unknown argument {name}")),
            }
        }
        let certificate = certificate.ok_or("--certificate is missing")?;
        let key = key.ok_or("--key is missing")?;
        Ok(Self { listen, certificate, key, judge })
    }

    /// Reads the files for each connection: cert-manager replaces them before they expire.
    fn acceptor(&self) -> Result<TlsAcceptor, Box<dyn Error + Send + Sync>> {
        let chain =
            CertificateDer::pem_file_iter(&self.certificate)?.collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(&self.key)?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let options =
        Options::parse(std::env::args().skip(1)).map_err(|error| format!("{error}\n\n{USAGE}"))?;
    // A wrong option or file is an error now, and not with the first Gateway.
    options.acceptor()?;
    options.judge.verify().await?;
    let options = Arc::new(options);
    let listener = TcpListener::bind(options.listen).await?;
    println!("listening on {}", listener.local_addr()?);
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let permit = Arc::clone(&connections).acquire_owned().await?;
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // Such as too many open files: it passes when other connections end.
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let options = Arc::clone(&options);
        tokio::spawn(async move {
            if let Err(error) = serve(&options, stream).await {
                eprintln!("{error}");
            }
            drop(permit);
        });
    }
}

/// Serves a connection of the API server, which sends many requests over one.
async fn serve(options: &Options, stream: TcpStream) -> Result<(), Box<dyn Error + Send + Sync>> {
    let stream = timeout(DEADLINE, options.acceptor()?.accept(stream)).await??;
    let answer =
        |request| async move { Ok::<_, Infallible>(answer(&options.judge, request).await) };
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(60))
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await?;
    Ok(())
}

async fn answer(judge: &Judge, request: Request<Incoming>) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/healthz") => respond(StatusCode::OK, "text/plain", "ok".into()),
        (&Method::POST, "/validate") => {
            let body = timeout(DEADLINE, Limited::new(request.into_body(), MAX_BODY).collect());
            match body.await {
                Ok(Ok(body)) => {
                    let review = review_of(judge, &body.to_bytes()).await.into_review();
                    match serde_json::to_vec(&review) {
                        Ok(json) => respond(StatusCode::OK, "application/json", json.into()),
                        Err(error) => {
                            let text = error.to_string().into();
                            respond(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", text)
                        }
                    }
                }
                Ok(Err(error)) => {
                    respond(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", error.to_string().into())
                }
                Err(_) => respond(StatusCode::REQUEST_TIMEOUT, "text/plain", "too slow".into()),
            }
        }
        _ => respond(StatusCode::NOT_FOUND, "text/plain", "POST /validate, GET /healthz".into()),
    }
}

async fn review_of(judge: &Judge, body: &[u8]) -> AdmissionResponse {
    let review: AdmissionReview<DynamicObject> = match serde_json::from_slice(body) {
        Ok(review) => review,
        Err(error) => return AdmissionResponse::invalid(error),
    };
    match review.try_into() {
        Ok(request) => match timeout(DEADLINE, review::review(judge, &request)).await {
            Ok(response) => response,
            Err(_) => AdmissionResponse::from(&request).deny("istio-gateway: no verdict in time"),
        },
        Err(error) => AdmissionResponse::invalid(error),
    }
}

fn respond(status: StatusCode, content: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(content));
    response
}
