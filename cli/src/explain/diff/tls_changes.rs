//! What else of TLS is not the same: whether there is any, its versions, suites and certificate.

use std::collections::HashSet;

use istio_gateway::{
    client_certificate::Effect,
    envoy::TrafficMode,
    proto::envoy::extensions::transport_sockets::tls::v3::{
        TlsParameters, tls_parameters::TlsProtocol,
    },
    tls_plan::{self, TlsPlan},
};

use super::Difference;
use crate::explain::{
    behavior::ServerBehavior,
    sentences::{certificates, offered, parameters_of, version_name, versions},
};

pub(super) fn tls_differences(
    old: &ServerBehavior<'_>,
    new: &ServerBehavior<'_>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    flow(old, new, &mut found);
    let contexts =
        (old.translation.effective_tls_context(), new.translation.effective_tls_context());
    let (Some(before), Some(after)) = contexts else { return found };
    let (Some(old), Some(new)) = (&old.plan, &new.plan) else { return found };
    // The policies have the validation, and the contexts the parameters that this istiod uses.
    let TlsPlan {
        mode: _,
        https_redirect: _,
        certificates: is,
        validation: _,
        parameters:
            None
            | Some(tls_plan::TlsParameters {
                min_protocol_version: _,
                max_protocol_version: _,
                cipher_suites: _,
                ecdh_curves: _,
                alpn_protocols: _,
            }),
        set: _,
    } = new;
    let (shown, shows) = (certificates(old.certificates), certificates(*is));
    let (was, is) = (parameters_of(before), parameters_of(after));
    version(was, is, &mut found);
    suites(was, is, &mut found);
    let curves = |parameters: Option<&TlsParameters>| {
        parameters.map(|parameters| parameters.ecdh_curves.clone()).unwrap_or_default()
    };
    if curves(was) != curves(is) {
        let what = "Other key exchange curves";
        found.push(Difference::new(Effect::Different, "tls", "ecdh-curves", what, curves(is)));
    }
    let offers = offered(after);
    if offers != offered(before) {
        let what = "Other ALPN protocols";
        found.push(Difference::new(Effect::Different, "tls", "alpn", what, offers));
    }
    if shown != shows {
        let what = "Another server certificate";
        found.push(Difference::new(Effect::Different, "tls", "server-certificate", what, shows));
    }
    found
}

/// Whether TLS is insisted upon.
fn flow(old: &ServerBehavior<'_>, new: &ServerBehavior<'_>, found: &mut Vec<Difference>) {
    let insists =
        |flow: TrafficMode| !matches!(flow, TrafficMode::HttpPlain | TrafficMode::OpaqueTcp);
    let (was, is) = (old.flow(), new.flow());
    if was != is {
        let effect = match (insists(was), insists(is)) {
            (true, false) => Effect::Weaker,
            (false, true) => Effect::Stronger,
            // A header within the bytes is the client's own text, which the gateway replaced before.
            _ if (was, is) == (TrafficMode::HttpsTerminate, TrafficMode::TlsTerminate) => {
                Effect::Weaker
            }
            _ => Effect::Different,
        };
        let what = format!("{} becomes {}", traffic_text(was), traffic_text(is));
        found.push(Difference::new(effect, "tls", "flow", what, Vec::new()));
    }
    match (old.redirects, new.redirects) {
        // A redirect to a port that does TLS itself is no change for the better or worse.
        (true, false) if is == TrafficMode::HttpPlain => found.push(Difference::new(
            Effect::Weaker,
            "tls",
            "redirect-off",
            "Plain HTTP is served and no longer redirected to HTTPS",
            Vec::new(),
        )),
        (false, true) if was == TrafficMode::HttpPlain => found.push(Difference::new(
            Effect::Stronger,
            "tls",
            "redirect-on",
            "Plain HTTP is redirected to HTTPS",
            Vec::new(),
        )),
        _ => {}
    }
}

fn traffic_text(flow: TrafficMode) -> &'static str {
    match flow {
        TrafficMode::HttpPlain => "plain HTTP",
        TrafficMode::HttpsTerminate => "HTTPS terminated here",
        TrafficMode::TlsTerminate => "TLS terminated here",
        TrafficMode::Passthrough => "TLS passthrough",
        _ => "opaque TCP",
    }
}

fn version(was: Option<&TlsParameters>, is: Option<&TlsParameters>, found: &mut Vec<Difference>) {
    let ((old_min, old_max), (new_min, new_max)) = (versions(was), versions(is));
    for (what, id, old, new) in [
        ("oldest", "minimum-version", old_min, new_min),
        ("newest", "maximum-version", old_max, new_max),
    ] {
        if old != new {
            let effect = if new < old { Effect::Weaker } else { Effect::Stronger };
            let (old, new) = (version_name(old), version_name(new));
            let what = format!("The {what} TLS version was {old} and is {new}");
            found.push(Difference::new(effect, "tls", id, what, Vec::new()));
        }
    }
}

/// Envoy's own suites for servers, where nothing is set.
///
/// Source: the comment of Envoy's `TlsParameters.cipher_suites`.
const DEFAULT_SUITES: [&str; 6] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];

fn suites(was: Option<&TlsParameters>, is: Option<&TlsParameters>, found: &mut Vec<Difference>) {
    let suites = |parameters: Option<&TlsParameters>| -> Vec<String> {
        let own = parameters.map(|parameters| parameters.cipher_suites.as_slice());
        match own.unwrap_or_default() {
            [] => DEFAULT_SUITES.map(str::to_owned).to_vec(),
            own => own.to_vec(),
        }
    };
    // Where TLS 1.3 alone is spoken, its own suites are, whatever the list says.
    if versions(is).0 == TlsProtocol::TlSv13 {
        return;
    }
    let (was, is) = (suites(was), suites(is));
    let beyond = |less: &[String], more: &[String]| -> Vec<String> {
        let known: HashSet<&String> = less.iter().collect();
        more.iter().filter(|suite| !known.contains(suite)).cloned().collect()
    };
    let added = beyond(&was, &is);
    if !added.is_empty() {
        let what = "Cipher suites added, up to TLS 1.2";
        found.push(Difference::new(Effect::Weaker, "tls", "suites-added", what, added));
    }
    let removed = beyond(&is, &was);
    if !removed.is_empty() {
        let what = "Cipher suites removed, up to TLS 1.2";
        found.push(Difference::new(Effect::Stronger, "tls", "suites-removed", what, removed));
    }
}
