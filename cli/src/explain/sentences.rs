//! What a server does, and the risks of insecureSkipVerify, in sentences.

use istio_gateway::{
    ServerTlsSettings, TlsMode,
    client_certificate::{Decision, Request, Source, ValidationContext, Verification},
    envoy::{TrafficMode, negotiated_protocol, offered_protocols},
    proto::envoy::extensions::transport_sockets::tls::v3::{
        DownstreamTlsContext, TlsParameters, tls_parameters::TlsProtocol,
    },
    tls_plan::{self, CertificateSource, CredentialName, CredentialScheme, TlsPlan},
};

use super::behavior::{Absence, ServerBehavior};
use crate::text::{counted, joined, listed, shown};

/// So many names of a list are shown in a sentence.
const MOST: usize = 5;

/// What the server does with a connection, a sentence each.
pub(super) fn does(behavior: &ServerBehavior<'_>) -> Vec<String> {
    let mut does = vec![flow(behavior)];
    does.extend(behavior.envoy_rejections.iter().map(|why| {
        match why.strip_prefix("Envoy rejects the listener: ") {
            Some(why) => {
                format!("Envoy rejects the listener, so that nobody can connect: {}.", shown(why))
            }
            None => format!("{}.", shown(why)),
        }
    }));
    if let Some(
        Absence::Skipped(_)
        | Absence::Rejected(Some(_))
        | Absence::SkippedForOther
        | Absence::RejectedWithOther,
    ) = behavior.absence
    {
        does.push(
            "It has no effect, as stated above. The rest describes what it would do.".to_owned(),
        );
    }
    let (Some(plan), Some(context)) =
        (&behavior.plan, behavior.translation.effective_tls_context())
    else {
        return does;
    };
    // The policy has the validation, and the context the parameters that this version of istiod uses.
    let TlsPlan { mode: _, https_redirect: _, certificates, validation: _, parameters, set: _ } =
        plan;
    // A new parameter does not compile until it is in the sentences below.
    let (None
    | Some(tls_plan::TlsParameters {
        min_protocol_version: _,
        max_protocol_version: _,
        cipher_suites: _,
        ecdh_curves: _,
        alpn_protocols: _,
    })) = parameters;
    let names = self::certificates(*certificates);
    does.push(format!("The gateway's own certificate: {}.", listed(&names, MOST, "none")));
    if behavior.envoy_rejections.is_empty() {
        does.extend(asks(behavior));
    }
    does.extend(self::parameters(context));
    does.extend(alpn(context));
    does
}

fn flow(behavior: &ServerBehavior<'_>) -> String {
    let mode = behavior.server.tls.as_ref().map(ServerTlsSettings::tls_mode);
    match behavior.flow() {
        TrafficMode::HttpPlain if behavior.redirects => {
            "Plain HTTP: the gateway redirects every request to HTTPS (301), and none reaches a \
             backend."
                .to_owned()
        }
        TrafficMode::HttpPlain => {
            "Plain HTTP: there is no TLS. The network can read and change what is sent, \
                            and no client presents a certificate."
                .to_owned()
        }
        TrafficMode::HttpsTerminate => {
            "The gateway terminates TLS, reads the HTTP within and routes it.".to_owned()
        }
        TrafficMode::TlsTerminate => {
            "The gateway terminates TLS and forwards the bytes within unchanged.".to_owned()
        }
        TrafficMode::Passthrough if mode == Some(Ok(TlsMode::AutoPassthrough)) => {
            "TLS passthrough to the service that the client's server name (SNI) identifies."
                .to_owned()
        }
        TrafficMode::Passthrough => {
            "TLS passthrough, routed by the server name (SNI) that the client requests. The \
             backend terminates TLS."
                .to_owned()
        }
        _ => "Opaque TCP: the gateway forwards the bytes unchanged, TLS or not.".to_owned(),
    }
}

/// The secrets and files of the gateway's own certificate.
pub(super) fn certificates(source: CertificateSource<'_>) -> Vec<String> {
    const PROXY: &str = "the mesh's own workload certificate";
    let secret = |name: &String| {
        let name = CredentialName::from(name.as_str());
        match name.scheme() {
            _ if name.as_str().is_empty() => "a secret without a name".to_owned(),
            Some(CredentialScheme::Builtin) if !name.is_mesh_ca() => PROXY.to_owned(),
            Some(CredentialScheme::ConfigMap) => format!("the ConfigMap {}", name.without_scheme()),
            _ => format!("the secret {}", name.resource_name()),
        }
    };
    let files = |(certificate, key): (&str, &str)| match (certificate, key) {
        ("", _) | (_, "") => PROXY.to_owned(),
        _ => format!("the file {certificate} (key in {key})"),
    };
    match source {
        CertificateSource::Passthrough => Vec::new(),
        CertificateSource::Proxy => vec![PROXY.to_owned()],
        CertificateSource::Credentials(names) => names.iter().map(secret).collect(),
        CertificateSource::Files { .. } | CertificateSource::FilePairs(_) => {
            source.files().map(files).collect()
        }
    }
}

/// What is required of a client's certificate, and what verifies it.
fn asks(behavior: &ServerBehavior<'_>) -> Vec<String> {
    let policy = &behavior.policy;
    let asked = match policy.request() {
        Request::Optional => {
            "A client certificate is requested, and clients without one are accepted."
        }
        Request::Required => "A client certificate is required: clients without one are rejected.",
        _ => return vec!["No client certificate is requested.".to_owned()],
    };
    let mut asks = vec![asked.to_owned()];
    let Some(context) = policy.context() else { return asks };
    let demands = demands(context);
    let verified = match policy.verification() {
        Verification::ReportedOnly => format!(
            "A certificate passes verification if it is {demands}. A client whose certificate does \
             not pass is accepted anyway (insecureSkipVerify)."
        ),
        _ => format!(
            "A certificate passes verification if it is {demands}. A client whose certificate does \
             not pass is rejected."
        ),
    };
    asks.push(verified);
    if context.trusted_ca.source() == Some(&Source::MeshRoot) {
        asks.push("Every workload of the mesh has a certificate of the mesh's root.".to_owned());
    }
    let is_optional =
        behavior.plan.as_ref().is_some_and(|plan| plan.mode == Ok(TlsMode::OptionalMutual));
    if policy.request() == Request::Required && is_optional {
        asks.push(
            "It is required although the mode is OPTIONAL_MUTUAL: a client without a certificate \
             matches none of the names and pins."
                .to_owned(),
        );
    }
    asks
}

/// `issued by ..., have one of the names ..., ...`
fn demands(context: &ValidationContext) -> String {
    let mut demands = Vec::new();
    // Where a context has no CA, validity and purpose are not looked at.
    let has_ca = context.trusted_ca.source().is_some();
    if let Some(source) = context.trusted_ca.source() {
        demands.push(format!("issued by {}", ca(source)));
    }
    if has_ca {
        demands.push("current".to_owned());
        demands.push("valid for clientAuth by its extended key usage".to_owned());
    }
    if !context.subject_alt_names.is_empty() {
        let names = listed(&context.subject_alt_names, MOST, "");
        demands.push(format!("of one of these subject alternative names, exactly ({names})"));
    }
    let pins = context.verify_certificate_spki.len() + context.verify_certificate_hash.len();
    if pins > 0 {
        demands.push(format!("pinned (by {})", counted(pins, "pin")));
    }
    if let Some(crl) = &context.crl {
        demands.push(format!("not revoked by the CRL in {}", shown(&crl.source.to_string())));
    }
    let demands: Vec<&str> = demands.iter().map(String::as_str).collect();
    joined(&demands, "and")
}

/// A CA by its source.
pub(super) fn ca(source: &Source) -> String {
    match source {
        Source::MeshRoot => "the mesh's own root".to_owned(),
        source => format!("the CA in {}", shown(&source.to_string())),
    }
}

/// Versions, suites and curves, where anything is set.
fn parameters(context: &DownstreamTlsContext) -> Vec<String> {
    let Some(parameters) = parameters_of(context) else { return Vec::new() };
    let (minimum, maximum) = versions(Some(parameters));
    let mut says = Vec::new();
    let is_set = |version: i32| version != i32::from(TlsProtocol::TlsAuto);
    if is_set(parameters.tls_minimum_protocol_version)
        || is_set(parameters.tls_maximum_protocol_version)
    {
        says.push(if minimum == maximum {
            format!("Only {} is enabled.", version_name(minimum))
        } else {
            format!("{} to {} are enabled.", version_name(minimum), version_name(maximum))
        });
    }
    if !parameters.cipher_suites.is_empty() {
        let suites = listed(&parameters.cipher_suites, 20, "");
        says.push(format!("Cipher suites up to TLS 1.2: {suites}."));
    }
    if !parameters.ecdh_curves.is_empty() {
        says.push(format!("Key exchange by {}.", listed(&parameters.ecdh_curves, 20, "")));
    }
    says
}

/// What is negotiated by ALPN, where the server has a list of its own.
fn alpn(context: &DownstreamTlsContext) -> Option<String> {
    const OF_HTTP: [&str; 2] = ["h2", "http/1.1"];
    let offered = offered(context);
    if offered == OF_HTTP || offered == ["istio-peer-exchange", "h2", "http/1.1"] {
        return None;
    }
    let gets = |offer: &[&str]| match negotiated_protocol(context, offer) {
        Some(protocol) => shown(protocol),
        None => "no protocol".to_owned(),
    };
    Some(format!(
        "By ALPN the gateway offers {}. A client that offers h2 and http/1.1 gets {}, one with h2 \
         alone {}, one with http/1.1 alone {}.",
        listed(&offered, 20, "nothing"),
        gets(&OF_HTTP),
        gets(&["h2"]),
        gets(&["http/1.1"]),
    ))
}

/// What the gateway offers by ALPN, best first.
pub(super) fn offered(context: &DownstreamTlsContext) -> Vec<String> {
    offered_protocols(context).into_iter().map(str::to_owned).collect()
}

pub(super) fn parameters_of(context: &DownstreamTlsContext) -> Option<&TlsParameters> {
    context.common_tls_context.as_ref().and_then(|common| common.tls_params.as_ref())
}

/// The oldest and the newest version that is spoken, as Envoy has it where nothing is set.
pub(super) fn versions(parameters: Option<&TlsParameters>) -> (TlsProtocol, TlsProtocol) {
    let version = |number: i32, default| match TlsProtocol::try_from(number) {
        Ok(TlsProtocol::TlsAuto) | Err(_) => default,
        Ok(version) => version,
    };
    let minimum = parameters.map_or(0, |parameters| parameters.tls_minimum_protocol_version);
    let maximum = parameters.map_or(0, |parameters| parameters.tls_maximum_protocol_version);
    (version(minimum, TlsProtocol::TlSv12), version(maximum, TlsProtocol::TlSv13))
}

pub(super) fn version_name(version: TlsProtocol) -> &'static str {
    match version {
        TlsProtocol::TlSv10 => "TLS 1.0",
        TlsProtocol::TlSv11 => "TLS 1.1",
        TlsProtocol::TlSv12 => "TLS 1.2",
        TlsProtocol::TlSv13 => "TLS 1.3",
        TlsProtocol::TlsAuto => "Envoy's default",
    }
}

/// The risks of `insecureSkipVerify` where it has an effect, and what is still enforced.
pub(super) fn risks_of_skipping(behavior: &ServerBehavior<'_>) -> (Vec<String>, Vec<String>) {
    let policy = &behavior.policy;
    let Some(context) = policy.context() else { return Default::default() };
    if policy.verification() != Verification::ReportedOnly || behavior.absence.is_some() {
        return Default::default();
    }
    let flawed = |is_in: bool| -> Vec<&str> {
        let is_flawed = |decision: &Decision| match decision {
            Decision::Accept(_) => decision.id() == "unverified" && is_in,
            _ => !is_in,
        };
        let rows = behavior.rows.iter().filter(|row| row.certificate.is_some());
        rows.filter(|row| is_flawed(&row.decision)).map(|row| row.client).collect()
    };
    let mut risks = vec![format!(
        "Certificates that fail verification are accepted: {}.",
        joined(&flawed(true), "or")
    )];
    let mut idle = Vec::new();
    if !context.subject_alt_names.is_empty() {
        idle.push(counted(context.subject_alt_names.len(), "subject alternative name"));
    }
    let pins = context.verify_certificate_spki.len() + context.verify_certificate_hash.len();
    if pins > 0 {
        idle.push(counted(pins, "pin"));
    }
    if context.crl.is_some() {
        idle.push("the CRL".to_owned());
    }
    if !idle.is_empty() {
        let idle: Vec<&str> = idle.iter().map(String::as_str).collect();
        risks.push(format!("Not enforced either: {}.", joined(&idle, "and")));
    }
    if behavior.flow().is_http() {
        risks.push(
            "In x-forwarded-client-cert a certificate that failed looks exactly like one that \
             passed: the header has no mark for it."
                .to_owned(),
        );
        risks.push(
            "Names are not escaped in the header. A self-signed certificate with a URI or DNS name \
             such as x,By=...;URI=spiffe://... reads as another element with somebody else's name."
                .to_owned(),
        );
        risks.push(
            "In the forwarding modes FORWARD_ONLY and APPEND_FORWARD, a client with any self-signed \
             certificate can spoof the header."
                .to_owned(),
        );
    }
    risks.push(
        "Authorization by principal (authenticated.principal_name in Envoy's RBAC) matches the \
         names of unverified certificates, too."
            .to_owned(),
    );
    let mut still_enforced =
        vec![format!("Rejected certificates: {}.", joined(&flawed(false), "or"))];
    if policy.request() == Request::Required {
        still_enforced.push("A client certificate is required.".to_owned());
    }
    still_enforced.push("If the CA's secret is missing, every client is rejected.".to_owned());
    still_enforced.push(
        "The principal mtls_authenticated of Envoy's RBAC does not match an unverified client. On \
         a resumed TLS session it does not match a verified one either."
            .to_owned(),
    );
    (risks, still_enforced)
}
