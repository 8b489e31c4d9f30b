//! The statements of findings about clients match the server.

use istio_gateway::{
    RuleId,
    gateway_api::{Manifests, Options},
    rule::gateway_api as rule,
};

/// A set with the listener `https` and a frontend.
fn set(options: &str, listener: &str, frontend: &str) -> String {
    let objects = include_str!("../manifests/valid/gateway-api/port-unused.yaml");
    let (_, objects) = objects.split_once("---\n").unwrap();
    let options = if options.is_empty() {
        String::new()
    } else {
        format!("gateway.istio.io/tls-terminate-mode: {options}")
    };
    format!(
        "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: infra}}
spec:
  gatewayClassName: istio
  listeners:
  - name: https
    port: 443
    protocol: HTTPS
    tls:
      {listener}
      options: {{{options}}}
  tls:
    frontend: {frontend}
---
{objects}"
    )
}

fn found(text: &str) -> Vec<(RuleId, String)> {
    let mut manifests = Manifests::default();
    let errors = manifests.add(text.as_bytes());
    assert!(errors.is_empty(), "{errors:?}");
    let options = Options::default();
    let all = manifests.convert(&options);
    let all = all.flat_map(|(_, conversion)| conversion.diagnostics);
    all.map(|found| (found.rule, found.message)).collect()
}

const CERTIFICATE: &str = "certificateRefs: [{name: edge-cert}]";
const CA: &str = "caCertificateRefs: [{group: '', kind: ConfigMap, name: clients}]";

#[track_caller]
fn gives(text: &str, want: &[(RuleId, &str)]) {
    let found = found(text);
    let found: Vec<_> = found.iter().map(|(rule, message)| (*rule, message.as_str())).collect();
    assert_eq!(found, want, "{text}");
}

/// Under `ISTIO_MUTUAL` clients must present a certificate of the mesh.
#[test]
fn an_ignored_ca_states_what_the_mode_requires() {
    let frontend = format!("{{default: {{validation: {{{CA}}}}}}}");
    let ignored = |option: &str, clients: &str| {
        let message = format!(
            "the CA of spec.tls.frontend is not used: gateway.istio.io/tls-terminate-mode is \
             {option}; listener \"https\": {clients}"
        );
        gives(&set(option, CERTIFICATE, &frontend), &[(rule::VALIDATION_IGNORED, &message)]);
    };
    ignored("ISTIO_MUTUAL", "clients must present a certificate issued by the mesh's CA");
    ignored("ISTIO_SIMPLE", "no client certificate is requested");
    for option in ["", "SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"] {
        gives(
            &set(option, CERTIFICATE, &frontend),
            match option {
                "OPTIONAL_MUTUAL" => &[(
                    rule::VALIDATION_OVERRIDDEN,
                    "OPTIONAL_MUTUAL overrides the mode of the validation, \"AllowValidOnly\"",
                )],
                _ => &[],
            },
        );
    }
}

#[test]
fn a_listener_without_certificates_states_what_its_option_requires() {
    let frontend = format!("{{default: {{validation: {{{CA}}}}}}}");
    for (option, clients) in [
        ("SIMPLE", "no client certificate is requested"),
        ("MUTUAL", "clients must present a certificate issued by the mesh's CA"),
        (
            "OPTIONAL_MUTUAL",
            "clients without a certificate are accepted; a presented one must be issued by the \
             mesh's CA",
        ),
    ] {
        let all = found(&set(option, "certificateRefs: []", &frontend));
        let message = format!(
            "the CA of spec.tls.frontend is not used: the listener has no certificateRefs; \
             listener \"https\": {clients}"
        );
        assert!(all.contains(&(rule::VALIDATION_IGNORED, message)), "{all:?}");
    }
}

#[test]
fn a_replaced_default_states_what_the_option_requires() {
    let frontend =
        format!("{{default: {{validation: {{{CA}}}}}, perPort: [{{port: 443, tls: {{}}}}]}}");
    for (option, clients) in [
        ("SIMPLE", "no client certificate is requested"),
        (
            "MUTUAL",
            "clients must present a certificate issued by the CA in \
             \"kubernetes-gateway://infra/edge-cert-cacert\"",
        ),
        (
            "OPTIONAL_MUTUAL",
            "clients without a certificate are accepted; a presented one must be issued by the CA \
             in \"kubernetes-gateway://infra/edge-cert-cacert\"",
        ),
    ] {
        let message =
            format!("no CA: the entry replaces the whole default; listener \"https\": {clients}");
        gives(&set(option, CERTIFICATE, &frontend), &[(rule::DEFAULT_REPLACED, &message)]);
    }
}

/// No client with an untrusted certificate is accepted if an option overrides the mode.
#[test]
fn the_insecure_fallback_is_stated_only_where_it_holds() {
    let frontend = format!("{{default: {{validation: {{{CA}, mode: AllowInsecureFallback}}}}}}");
    let rules = |option: &str, listener: &str| {
        found(&set(option, listener, &frontend))
            .into_iter()
            .map(|(rule, _)| rule)
            .collect::<Vec<_>>()
    };
    let message = "AllowInsecureFallback; listener \"https\": clients without a certificate or with \
                   an untrusted one are accepted";
    gives(&set("", CERTIFICATE, &frontend), &[(rule::INSECURE_FALLBACK, message)]);
    assert_eq!(rules("MUTUAL", CERTIFICATE), [rule::VALIDATION_OVERRIDDEN]);
    assert_eq!(rules("OPTIONAL_MUTUAL", CERTIFICATE), [rule::VALIDATION_OVERRIDDEN]);
    assert_eq!(rules("ISTIO_MUTUAL", CERTIFICATE), [rule::VALIDATION_IGNORED]);
    // A listener that is not programmed accepts no clients.
    assert_eq!(rules("", "certificateRefs: [{name: missing}]"), [rule::CERTIFICATE]);
}

/// An entry that no listener uses.
#[test]
fn an_entry_of_per_port_without_a_listener_is_reported() {
    let frontend = |port: u16| {
        format!("{{default: {{}}, perPort: [{{port: {port}, tls: {{validation: {{{CA}}}}}}}]}}")
    };
    let unused = |port: u16, rest: &str| {
        format!(
            "no effect: no listener of port {port} terminates TLS with a certificate of its own{rest}"
        )
    };
    gives(&set("", CERTIFICATE, &frontend(443)), &[]);
    let message = unused(8443, "; listener \"https\": no client certificate is requested");
    gives(&set("", CERTIFICATE, &frontend(8443)), &[(rule::PORT_UNUSED, &message)]);
    let text = set("", "mode: Passthrough", &frontend(443)).replace("HTTPS", "TLS");
    gives(&text, &[(rule::PORT_UNUSED, &unused(443, ""))]);
    let text = set("MUTUAL", CERTIFICATE, &frontend(8443));
    gives(&text, &[(rule::PORT_UNUSED, &unused(8443, ""))]);
}

#[test]
fn a_default_that_no_listener_uses_is_reported() {
    let frontend = format!("{{default: {{validation: {{{CA}}}}}}}");
    let text = set("", "mode: Passthrough", &frontend).replace("HTTPS", "TLS");
    let message = "the CA of spec.tls.frontend is not used: no listener terminates TLS with a \
                   certificate of its own";
    gives(&text, &[(rule::VALIDATION_IGNORED, message)]);
}
