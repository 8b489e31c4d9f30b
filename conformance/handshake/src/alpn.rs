//! ALPN between clients and gateways: `negotiated_protocol` compared with Envoy.

use std::fmt;

use anyhow::{Context as _, Result};
use istio_gateway::{
    Manifest, Port, Server, ServerTlsSettings, TlsMode,
    envoy::{self, DownstreamTlsContext, Options},
    proto::envoy::extensions::transport_sockets::tls::v3::tls_parameters::TlsProtocol,
};

use crate::{Client, Endpoint, Envoy, Gateway, Negotiated, Pki, Secrets, TlsVersion};

/// The protocols that clients offer, in order of preference.
const OFFERS: [&[&str]; 8] = [
    &["h2", "http/1.1"],
    &["http/1.1", "h2"],
    &["h2"],
    &["http/1.1"],
    &[],
    &["http/1.0"],
    &["postgresql", "h2"],
    &["istio-peer-exchange", "h2"],
];

/// The servers' `alpnProtocols`.
fn lists() -> Vec<Vec<String>> {
    let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    vec![
        list(&[]),
        list(&["h2", "http/1.1"]),
        list(&["http/1.1", "h2"]),
        list(&["http/1.1"]),
        list(&["h2"]),
        list(&["http/1.1", "http/1.1"]),
        list(&["http/1.0"]),
        list(&["postgresql"]),
        list(&["H2", "http/1.1"]),
        list(&["http/1.1,h2"]),
        list(&["postgresql,,h2"]),
        list(&["", "http/1.1"]),
        list(&["x".repeat(255).as_str(), "h2"]),
        list(&["x".repeat(256).as_str()]),
    ]
}

/// The observed protocol, and the prediction.
struct Connection {
    name: String,
    context: DownstreamTlsContext,
    offer: &'static [&'static str],
    seen: Negotiated,
}

/// How a protocol is predicted.
type Prediction = fn(&DownstreamTlsContext, &[&str]) -> Option<String>;

fn by_the_library(context: &DownstreamTlsContext, offer: &[&str]) -> Option<String> {
    envoy::negotiated_protocol(context, offer).map(str::to_owned)
}

/// Predictions that are wrong on purpose: each must be detected.
const SABOTAGES: [(&str, Prediction); 4] = [
    ("the client's order counted", |context, offer| {
        let is_common = |name: &&&str| envoy::negotiated_protocol(context, &[**name]).is_some();
        offer.iter().find(is_common).map(|&name| name.to_owned())
    }),
    ("the list had no effect", |_, offer| {
        ["h2", "http/1.1"].into_iter().find(|name| offer.contains(name)).map(str::to_owned)
    }),
    ("the first name were taken where none is in common", |context, offer| {
        by_the_library(context, offer).or_else(|| {
            let common = context.common_tls_context.as_ref()?;
            common.alpn_protocols.first().cloned()
        })
    }),
    ("a name with a comma were one name", |context, offer| {
        let common = context.common_tls_context.as_ref()?;
        common.alpn_protocols.iter().find(|name| offer.contains(&name.as_str())).cloned()
    }),
];

/// The result of a run.
#[derive(Debug, Default)]
pub struct Report {
    listeners: usize,
    connections: usize,
    without_protocol: usize,
    /// The number of successful HTTP/1.1 requests, and of all.
    answered: (usize, usize),
    /// Lists of curves that Envoy accepted, and that it rejected.
    curves: (usize, usize),
    wrong: Vec<String>,
    sabotages: Vec<(&'static str, usize)>,
}

impl Report {
    /// Whether all predictions are right, and all wrong ones were detected.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        let (answered, requests) = self.answered;
        self.wrong.is_empty()
            && self.connections > 0
            && answered == requests
            && self.curves.0 > 0
            && self.curves.1 > 0
            && self.sabotages.iter().all(|(_, wrong)| *wrong > 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for wrong in &self.wrong {
            writeln!(f, "wrong: {wrong}")?;
        }
        let (answered, requests) = self.answered;
        writeln!(f, "ALPN: {answered} of {requests} requests of HTTP/1.1 answered")?;
        let (taken, refused) = self.curves;
        writeln!(f, "curves: Envoy took {taken} lists and refused {refused}")?;
        for (what, wrong) in &self.sabotages {
            writeln!(f, "self-check: if {what}, {wrong} wrong")?;
        }
        write!(
            f,
            "ALPN: {} connections to {} listeners foretold, {} of them without a protocol, {} wrong",
            self.connections,
            self.listeners,
            self.without_protocol,
            self.wrong.len()
        )
    }
}

/// Lists of curves that Envoy accepts, and ones that it rejects.
const CURVES: [&[&str]; 26] = [
    &["X25519"],
    &["x25519"],
    &["P-256"],
    &["prime256v1"],
    &["P-384"],
    &["secp384r1"],
    &["P-521"],
    &["secp521r1"],
    &["X25519MLKEM768"],
    &["MLKEM1024"],
    &["X25519MLKEM768", "X25519", "P-256"],
    &["P-256:X25519"],
    &[""],
    &["P-224"],
    &["X25519Kyber768Draft00"],
    &["x25519mlkem768"],
    &["MLKEM768"],
    &["secp256r1"],
    &["p-256"],
    &["P-256 "],
    &["X448"],
    &["P-256:"],
    &["", "P-256"],
    &["P-256", ""],
    &["P-256", "P-256"],
    &["P-256", "prime256v1"],
];

/// Compares whether Envoy rejects a certificate with each list of curves with the library's
/// prediction. Returns how many Envoy accepted and rejected, and the wrong predictions.
fn curves(pki: &Pki) -> Result<((usize, usize), Vec<String>)> {
    let envoy = Envoy::from_environment()?;
    let (mut counts, mut wrong) = ((0, 0), Vec::new());
    for list in CURVES {
        let mut server = server(TlsMode::Simple, "HTTPS", &[]);
        let tls = server.tls.as_mut().context("it has TLS settings")?;
        tls.ecdh_curves = list.iter().map(|&name| name.to_owned()).collect();
        let options = Options::default();
        let translation = envoy::translate_server(&server, &options);
        let is_foretold = translation.rejection == Some(envoy::EnvoyRejection::Secrets);
        // The certificate is present at the start, so that Envoy reports immediately what it would
        // report later.
        let mut gateway = Gateway::new(pki)?;
        gateway.serve("curves", &server, &options, &Secrets::ca(pki.root()))?;
        let refusal = gateway.refusal(&envoy)?;
        *(if refusal.is_some() { &mut counts.1 } else { &mut counts.0 }) += 1;
        if refusal.is_some() != is_foretold {
            wrong.push(format!("curves {list:?}: foretold {is_foretold}, Envoy says {refusal:?}"));
        }
    }
    Ok((counts, wrong))
}

/// Connects every client to every listener.
///
/// # Errors
///
/// If it cannot be run. Wrong predictions are in the report.
pub fn run() -> Result<Report> {
    let pki = Pki::generate()?;
    let mut gateway = Gateway::new(&pki)?;
    let mut listeners = Vec::new();
    for mode in [TlsMode::Simple, TlsMode::Mutual, TlsMode::OptionalMutual, TlsMode::IstioMutual] {
        for protocol in ["HTTPS", "TLS"] {
            for list in lists() {
                let istio = if list.len() == 1 { vec!["1.31", "1.32"] } else { vec!["1.32"] };
                for istio in istio {
                    let name = format!("{mode} {protocol} {list:?} of {istio}");
                    let options = Options { istio: istio.parse()?, ..Options::default() };
                    let server = server(mode, protocol, &list);
                    let endpoint = serve(&mut gateway, &pki, &name, &server, &options)?;
                    listeners.push((name, endpoint));
                }
            }
        }
    }
    let example = Manifest::from_yaml(include_str!("../../../examples/negotiation.yaml"))?;
    for server in &example.spec().servers {
        let name = "examples/negotiation.yaml";
        let endpoint = serve(&mut gateway, &pki, name, server, &Options::default())?;
        listeners.push((name.to_owned(), endpoint));
    }
    let gateway = gateway.start()?;
    let mut connections = Vec::new();
    for (name, (endpoint, context)) in &listeners {
        for version in spoken(context) {
            for offer in OFFERS {
                let client = Client::new(&pki, Some(pki.identity("valid")?), version)?;
                let name = format!("{offer:?} on {name} in {}", version.as_str());
                let seen = gateway.negotiate(*endpoint, &client.offering(offer));
                let seen = seen.with_context(|| name.clone())?;
                connections.push(Connection { name, context: context.clone(), offer, seen });
            }
        }
    }
    let made = connections.iter().filter_map(|connection| connection.seen.answers_http1);
    let (answered, silent): (Vec<_>, Vec<_>) = made.partition(|is_answered| *is_answered);
    let (curves, mut wrong_curves) = curves(&pki)?;
    wrong_curves.extend(wrong(&connections, by_the_library));
    Ok(Report {
        curves,
        listeners: listeners.len(),
        connections: connections.len(),
        without_protocol: connections.iter().filter(|c| c.seen.protocol.is_none()).count(),
        answered: (answered.len(), answered.len() + silent.len()),
        wrong: wrong_curves,
        sabotages: SABOTAGES
            .into_iter()
            .map(|(what, sabotage)| (what, wrong(&connections, sabotage).len()))
            .collect(),
    })
}

/// The TLS versions that the context allows.
fn spoken(context: &DownstreamTlsContext) -> impl Iterator<Item = TlsVersion> {
    let common = context.common_tls_context.as_ref();
    let parameters = common.and_then(|common| common.tls_params.as_ref());
    let is_1_3_alone = parameters.is_some_and(|parameters| {
        parameters.tls_minimum_protocol_version == i32::from(TlsProtocol::TlSv13)
    });
    TlsVersion::ALL.into_iter().filter(move |version| !is_1_3_alone || *version == TlsVersion::V1_3)
}

fn wrong(connections: &[Connection], prediction: Prediction) -> Vec<String> {
    let one = |connection: &Connection| {
        let foretold = prediction(&connection.context, connection.offer);
        let seen = &connection.seen.protocol;
        (foretold != *seen)
            .then(|| format!("{}: foretold {foretold:?}, seen {seen:?}", connection.name))
    };
    connections.iter().filter_map(one).collect()
}

fn server(mode: TlsMode, protocol: &str, list: &[String]) -> Server {
    let credential = if mode == TlsMode::IstioMutual { "" } else { "edge-cert" };
    let tls = ServerTlsSettings {
        mode: mode.into(),
        alpn_protocols: list.to_vec(),
        ..ServerTlsSettings::simple(credential)
    };
    let port = Port { number: 443, protocol: protocol.to_owned(), ..Default::default() };
    Server { port: Some(port), tls: Some(tls), ..Default::default() }
}

fn serve(
    gateway: &mut Gateway,
    pki: &Pki,
    name: &str,
    server: &Server,
    options: &Options,
) -> Result<(Endpoint, DownstreamTlsContext)> {
    let translation = envoy::translate_server(server, options);
    let context = translation.effective_tls_context().context("TLS does not end")?.clone();
    let endpoint = gateway.serve(name, server, options, &Secrets::ca(pki.root()))?;
    Ok((endpoint, context))
}
