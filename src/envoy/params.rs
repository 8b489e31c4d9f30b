//! TLS versions, cipher suites and curves.

use std::collections::HashSet;

use super::{MeshConfig, Options};
use crate::{
    IstioVersion, TlsProtocol, ciphers,
    proto::envoy::extensions::transport_sockets::tls::v3::{
        self as envoy, tls_parameters::TlsProtocol as EnvoyProtocol,
    },
    tls_plan::TlsParameters,
};

/// The first release whose istiod uses `ecdhCurves` and `alpnProtocols` of a server.
pub(super) const OWN_CURVES_AND_ALPN: IstioVersion = IstioVersion::of(32);

/// The parameters; `None` if none are set.
///
/// Source: pilot's `applyDownstreamTLSDefaults` and `applyServerTLSSettings`.
pub(super) fn build(
    parameters: TlsParameters<'_>,
    options: &Options,
) -> Option<envoy::TlsParameters> {
    let TlsParameters {
        min_protocol_version: own_minimum,
        max_protocol_version: own_maximum,
        cipher_suites: own_suites,
        ecdh_curves: own_curves,
        alpn_protocols: _,
    } = parameters;
    let MeshConfig {
        ecdh_curves,
        cipher_suites,
        min_protocol_version,
        gateway_topology: _,
        sds_provider: _,
    } = &options.mesh;
    let is_set = |protocol: i32| protocol != i32::from(TlsProtocol::TlsAuto);
    let own_suites = known_suites(own_suites);
    let mut is_any = false;
    let mut pick = |is_there: bool| {
        is_any |= is_there;
        is_there
    };
    let minimum = if pick(is_set(own_minimum)) {
        own_minimum
    } else if pick(*min_protocol_version != TlsProtocol::TlsAuto) {
        (*min_protocol_version).into()
    } else {
        0
    };
    let maximum = if pick(is_set(own_maximum)) { own_maximum } else { 0 };
    let own_curves = if options.istio < OWN_CURVES_AND_ALPN { &[] } else { own_curves };
    let curves = if own_curves.is_empty() { ecdh_curves } else { own_curves };
    pick(!curves.is_empty());
    let suites = if own_suites.is_empty() { cipher_suites.clone() } else { own_suites };
    pick(!suites.is_empty());
    let parameters = envoy::TlsParameters {
        tls_minimum_protocol_version: envoy_s(minimum).into(),
        tls_maximum_protocol_version: envoy_s(maximum).into(),
        cipher_suites: suites,
        ecdh_curves: curves.to_vec(),
    };
    is_any.then_some(parameters)
}

/// Istio's numbers are Envoy's; unknown ones are the default.
fn envoy_s(protocol: i32) -> EnvoyProtocol {
    protocol.try_into().unwrap_or(EnvoyProtocol::TlsAuto)
}

/// The server's cipher suites without those that istiod drops.
///
/// Source: istiod's `security.FilterCipherSuites`.
fn known_suites(suites: &[String]) -> Vec<String> {
    let mut known = HashSet::new();
    let suites = suites.iter();
    suites.filter(|suite| ciphers::is_valid(suite) && known.insert(*suite)).cloned().collect()
}
