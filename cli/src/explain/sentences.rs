//! What a server does, and what it gives away, in plain words.

use istio_gateway::{
    ServerTlsSettings, TlsMode,
    client_certificate::{Decision, Request, Source, ValidationContext, Verification},
    envoy::{TrafficMode, negotiated_protocol, offered_protocols},
    proto::envoy::extensions::transport_sockets::tls::v3::{
        DownstreamTlsContext, TlsParameters, tls_parameters::TlsProtocol,
    },
    tls_plan::{CertificateSource, CredentialName, CredentialScheme, TlsPlan},
};

use super::behavior::{Absence, ServerBehavior};
use crate::text::{counted, joined, listed, shown};

/// So many names of a list are shown in a sentence.
const MOST: usize = 5;

/// What the server does with a connection, a sentence each.
pub(super) fn does(behavior: &ServerBehavior<'_>) -> Vec<String> {
    let mut does = vec![flow(behavior)];
    does.extend(behavior.envoy_refuses.iter().map(|why| {
        match why.strip_prefix("Envoy refuses the listener: ") {
            Some(why) => {
                format!("Envoy refuses the listener, so that nobody can connect: {}.", shown(why))
            }
            None => format!("{}.", shown(why)),
        }
    }));
    if let Some(Absence::Skipped(_) | Absence::Rejected(Some(_))) = behavior.absence {
        does.push(
            "It has no effect, as is said above. What follows is what it would do.".to_owned(),
        );
    }
    let (Some(plan), Some(context)) =
        (&behavior.plan, behavior.translation.effective_tls_context())
    else {
        return does;
    };
    // The policy has the validation, and the context the parameters that this version of istiod uses.
    let TlsPlan { mode: _, https_redirect: _, certificates, validation: _, parameters: _, set: _ } =
        plan;
    let names = self::certificates(*certificates);
    does.push(format!("The gateway's own certificate: {}.", listed(&names, MOST, "none")));
    does.extend(asks(behavior));
    does.extend(parameters(context));
    does.extend(alpn(context));
    does
}

fn flow(behavior: &ServerBehavior<'_>) -> String {
    let mode = behavior.server.tls.as_ref().map(ServerTlsSettings::tls_mode);
    match behavior.flow() {
        TrafficMode::HttpPlain if behavior.redirects => {
            "Plain HTTP: every request is answered with a redirect (301) to HTTPS, and none reaches a \
             backend."
                .to_owned()
        }
        TrafficMode::HttpPlain => "Plain HTTP: there is no TLS. Whoever is on the way can read and change \
                            what is sent, and no client shows a certificate."
            .to_owned(),
        TrafficMode::HttpsTerminate => {
            "TLS ends at the gateway, which reads the HTTP within and routes it.".to_owned()
        }
        TrafficMode::TlsTerminate => {
            "TLS ends at the gateway, which passes on the bytes within as they are.".to_owned()
        }
        TrafficMode::Passthrough if mode == Some(Ok(TlsMode::AutoPassthrough)) => {
            "TLS is passed on unopened, to the service that the client's server name (SNI) says."
                .to_owned()
        }
        TrafficMode::Passthrough => {
            "TLS is passed on unopened, by the server name (SNI) that the client asks for. The \
             backend ends it."
                .to_owned()
        }
        _ => "Bytes are passed on as they come, TLS or not.".to_owned(),
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

/// What is asked of a client's certificate, and by what it is verified.
fn asks(behavior: &ServerBehavior<'_>) -> Vec<String> {
    let policy = &behavior.policy;
    let asked = match policy.request() {
        Request::Optional => "A client is asked for a certificate, and gets in without one.",
        Request::Required => "A client is asked for a certificate, and is refused without one.",
        _ => return vec!["A client is not asked for a certificate.".to_owned()],
    };
    let mut asks = vec![asked.to_owned()];
    let Some(context) = policy.context() else { return asks };
    let demands = demands(context);
    let verified = match policy.verification() {
        Verification::ReportedOnly => format!(
            "A certificate passes verification if it is {demands}. A client whose certificate does \
             not pass is let in all the same (insecureSkipVerify)."
        ),
        _ => format!(
            "A certificate passes verification if it is {demands}. A client whose certificate does \
             not pass is refused."
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
            "It is required although the mode is OPTIONAL_MUTUAL: no certificate matches none of \
             the names and pins."
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
        demands.push("fit for clients by its extended key usage".to_owned());
    }
    if !context.subject_alt_names.is_empty() {
        let names = listed(&context.subject_alt_names, MOST, "");
        demands.push(format!("of one of these subject alternative names, exactly ({names})"));
    }
    let pins = context.verify_certificate_spki.len() + context.verify_certificate_hash.len();
    if pins > 0 {
        demands.push(format!("on the list of {}", counted(pins, "pin")));
    }
    if let Some(crl) = &context.crl {
        demands.push(format!("not revoked by the list in {}", shown(&crl.source.to_string())));
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
            format!("Only {} is spoken.", version_name(minimum))
        } else {
            format!("{} to {} are spoken.", version_name(minimum), version_name(maximum))
        });
    }
    if !parameters.cipher_suites.is_empty() {
        let suites = listed(&parameters.cipher_suites, 20, "");
        says.push(format!("Up to TLS 1.2 these cipher suites: {suites}."));
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

/// What `insecureSkipVerify` gives away where it has an effect, and what it does not.
pub(super) fn given_away(behavior: &ServerBehavior<'_>) -> (Vec<String>, Vec<String>) {
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
    let mut gives = vec![format!(
        "Certificates that fail verification get in: {}.",
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
        idle.push("the revocation list".to_owned());
    }
    if !idle.is_empty() {
        let idle: Vec<&str> = idle.iter().map(String::as_str).collect();
        gives
            .push(format!("Nobody is kept out by {}: they are waived, too.", joined(&idle, "and")));
    }
    if behavior.flow().is_http() {
        gives.push(
            "In x-forwarded-client-cert a certificate that failed looks exactly like one that \
             passed: the header has no mark for it."
                .to_owned(),
        );
        gives.push(
            "Names are not escaped in the header. A self-made certificate with a URI or DNS name \
             such as x,By=...;URI=spiffe://... reads as if it had another element, with another's \
             name."
                .to_owned(),
        );
        gives.push(
            "In the forwarding modes FORWARD_ONLY and APPEND_FORWARD any self-made certificate \
             lets a client's own, forged header through."
                .to_owned(),
        );
    }
    gives.push(
        "Authorization by principal (authenticated.principal_name in Envoy's RBAC) matches the \
         names of unverified certificates, too."
            .to_owned(),
    );
    let mut keeps = vec![format!("Still refused: a certificate {}.", joined(&flawed(false), "or"))];
    if policy.request() == Request::Required {
        keeps.push("A certificate, any, is still required.".to_owned());
    }
    keeps.push("If the CA's secret is missing, everybody is refused.".to_owned());
    keeps.push(
        "The principal mtls_authenticated of Envoy's RBAC does not match an unverified client. On \
         a resumed TLS session it does not match a verified one either."
            .to_owned(),
    );
    (gives, keeps)
}
