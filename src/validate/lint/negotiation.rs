//! Parameters that client and gateway negotiate in the handshake: curves and ALPN protocols.

use crate::{
    TlsProtocol, curves, rule,
    tls_plan::{TlsParameters, TlsPlan, alpn_names},
    validate::findings::{Findings, Location},
};

/// Checks the modes in which istiod reads them.
pub(super) fn check(
    plan: &TlsPlan<'_>,
    is_https: bool,
    place: &Location<'_, '_>,
    findings: &mut Findings,
) {
    let Some(parameters) = plan.parameters else { return };
    // Versions and suites are checked with the modes.
    let TlsParameters {
        min_protocol_version: _,
        max_protocol_version,
        cipher_suites: _,
        ecdh_curves,
        alpn_protocols,
    } = parameters;
    check_curves(ecdh_curves, max_protocol_version, place, findings);
    if is_https {
        check_alpn(alpn_protocols, &place.field("alpnProtocols"), findings);
    }
}

fn check_curves(
    names: &[String],
    max_protocol_version: i32,
    place: &Location<'_, '_>,
    findings: &mut Findings,
) {
    let curves = place.field("ecdhCurves");
    let places: Vec<_> = curves.items().collect();
    let item = |index| places.get(index).copied().unwrap_or_else(|| curves.item(index, None));
    let tls13 = i32::from(TlsProtocol::Tlsv13);
    if !(1..tls13).contains(&max_protocol_version) {
        return;
    }
    let is_post_quantum = |curve: &String| curves::are_post_quantum(curve).any(|is| is);
    let is_alone = names.iter().all(|curve| curves::are_post_quantum(curve).all(|is| is));
    for (index, curve) in names.iter().enumerate() {
        if is_post_quantum(curve) {
            let message = if is_alone {
                "needs TLS 1.3, which maxProtocolVersion excludes: clients and gateway have no curve \
                 in common"
            } else {
                "has no effect: it needs TLS 1.3, which maxProtocolVersion excludes"
            };
            let help = "remove maxProtocolVersion, or the curve".to_owned();
            findings.warning(rule::lint::CURVE_POST_QUANTUM, &item(index), message, help);
        }
    }
}

fn check_alpn(protocols: &[String], place: &Location<'_, '_>, findings: &mut Findings) {
    let names = alpn_names(protocols);
    if names.is_empty() {
        return;
    }
    let has = |protocol: &str| names.contains(&protocol) && !names.contains(&"");
    match (has("h2"), has("http/1.1")) {
        (_, true) => {}
        (true, false) => {
            let message =
                "clients that offer only http/1.1 negotiate no protocol, and some then fail";
            let help = "add http/1.1, unless all clients speak HTTP/2".to_owned();
            findings.warning(rule::lint::ALPN_H2_ONLY, place, message, help);
        }
        (false, false) => {
            let message =
                "neither h2 nor http/1.1 can be negotiated, and the port's protocol is HTTPS";
            let help =
                "add http/1.1, and h2 for HTTP/2; or set the port's protocol to TLS".to_owned();
            findings.warning(rule::lint::ALPN_PROTOCOL, place, message, help);
        }
    }
}
