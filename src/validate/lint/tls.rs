//! TLS settings that do less, more or other than they seem to.

use crate::{
    ServerTlsSettings, TlsMode, TlsProtocol,
    client_certificate::{Rejection, check_hash, check_spki},
    rule,
    validate::{
        Options,
        ciphers::{Foreign, foreign},
        findings::{Findings, Place},
        tls::{Sources, has_mode, is_passthrough},
        versions::CREDENTIAL_NAMES_MUTUAL,
    },
};

/// Settings on a port of plain HTTP: all but the redirect are idle.
pub(super) fn check_on_http(
    tls: &ServerTlsSettings,
    place: &Place<'_, '_>,
    findings: &mut Findings,
) {
    let fields = [
        ("credentialName", !tls.credential_name.is_empty()),
        ("credentialNames", !tls.credential_names.is_empty()),
    ];
    for (field, is_set) in fields {
        if is_set && is_passthrough(tls) {
            let message = "this port is plain HTTP: no certificate is ever shown";
            let help =
                "set the port's protocol to HTTPS and mode to SIMPLE, or remove it".to_owned();
            findings.warning(rule::lint::CREDENTIAL_ON_HTTP, &place.field(field), message, help);
        }
    }
}

pub(super) fn check(
    tls: &ServerTlsSettings,
    place: &Place<'_, '_>,
    options: &Options,
    findings: &mut Findings,
) {
    check_skip_verify(tls, place, findings);
    if is_passthrough(tls) {
        return check_passthrough(tls, place, findings);
    }
    check_versions(tls, place, findings);
    check_ciphers(tls, place, findings);
    check_pins(tls, place, findings);
    check_names(tls, place, findings);
    check_files(tls, place, options, findings);
}

/// The settings that a server that does not terminate TLS does not look at, but for those that the
/// webhook warns of.
fn idle_in_passthrough(tls: &ServerTlsSettings) -> [(&'static str, bool); 9] {
    [
        ("minProtocolVersion", tls.min_protocol_version != 0),
        ("maxProtocolVersion", tls.max_protocol_version != 0),
        ("cipherSuites", !tls.cipher_suites.is_empty()),
        ("ecdhCurves", !tls.ecdh_curves.is_empty()),
        ("alpnProtocols", !tls.alpn_protocols.is_empty()),
        ("subjectAltNames", !tls.subject_alt_names.is_empty()),
        ("verifyCertificateSpki", !tls.verify_certificate_spki.is_empty()),
        ("verifyCertificateHash", !tls.verify_certificate_hash.is_empty()),
        ("caCertCredentialName", !tls.ca_cert_credential_name.is_empty()),
    ]
}

fn check_passthrough(tls: &ServerTlsSettings, place: &Place<'_, '_>, findings: &mut Findings) {
    let idle = idle_in_passthrough(tls);
    if place.field("mode").is_set() {
        for (field, _) in idle.iter().filter(|(_, is_set)| *is_set) {
            let message = "has no effect: in this mode TLS goes through to the backend untouched";
            let help = "write mode: SIMPLE to terminate TLS here, or remove it".to_owned();
            findings.warning(rule::lint::PASSTHROUGH_SETTINGS, &place.field(field), message, help);
        }
        return;
    }
    let certificates = [
        ("serverCertificate", !tls.server_certificate.is_empty()),
        ("privateKey", !tls.private_key.is_empty()),
        ("caCertificates", !tls.ca_certificates.is_empty()),
        ("caCrl", !tls.ca_crl.is_empty()),
        ("credentialName", !tls.credential_name.is_empty()),
        ("credentialNames", !tls.credential_names.is_empty()),
        ("tlsCertificates", !tls.tls_certificates.is_empty()),
    ];
    let idle: Vec<_> = certificates
        .into_iter()
        .chain(idle)
        .filter(|(_, is_set)| *is_set)
        .map(|(field, _)| field)
        .collect();
    if idle.is_empty() {
        let message = "tls without a mode means PASSTHROUGH: TLS goes through to the backend";
        let help = "write mode: PASSTHROUGH if that is meant, else a mode and a credentialName";
        findings.warning(rule::lint::EMPTY_TLS, place, message, help.to_owned());
    } else {
        let message = format!(
            "tls without a mode means PASSTHROUGH: {} {} no effect",
            idle.join(", "),
            if idle.len() == 1 { "has" } else { "have" }
        );
        let help = "add mode: SIMPLE to terminate TLS here".to_owned();
        findings.warning(rule::lint::MODE_ABSENT, place, message, help);
    }
}

fn check_skip_verify(tls: &ServerTlsSettings, place: &Place<'_, '_>, findings: &mut Findings) {
    if tls.insecure_skip_verify != Some(true) {
        return;
    }
    let place = place.field("insecureSkipVerify");
    let waived: Vec<_> = [
        ("subjectAltNames", !tls.subject_alt_names.is_empty()),
        ("verifyCertificateSpki", !tls.verify_certificate_spki.is_empty()),
        ("verifyCertificateHash", !tls.verify_certificate_hash.is_empty()),
        ("caCrl", !tls.ca_crl.is_empty()),
    ]
    .into_iter()
    .filter(|(_, is_set)| *is_set)
    .map(|(field, _)| field)
    .collect();
    let waived = if waived.is_empty() {
        String::new()
    } else {
        format!(
            "; {} not enforced either",
            waived.join(", ") + if waived.len() == 1 { " is" } else { " are" }
        )
    };
    let (rule, message, help) = if has_mode(tls, TlsMode::Mutual) {
        (
            rule::lint::SKIP_VERIFY_MUTUAL,
            "any certificate will do, self-signed, expired or somebody else's; only none will not",
            "remove it; or write mode: OPTIONAL_MUTUAL if the backend verifies",
        )
    } else if has_mode(tls, TlsMode::OptionalMutual) {
        (
            rule::lint::SKIP_VERIFY_OPTIONAL,
            "unverified certificates get in, and neither the backend nor RBAC by principal can tell \
             them from verified ones",
            "remove it, unless the backend verifies every certificate itself",
        )
    } else if has_mode(tls, TlsMode::IstioMutual) {
        (
            rule::lint::SKIP_VERIFY_ISTIO_MUTUAL,
            "any client can claim any identity of the mesh: certificates are not verified",
            "remove it",
        )
    } else {
        (
            rule::lint::SKIP_VERIFY_NO_EFFECT,
            "has no effect: in this mode no client is asked for a certificate",
            "remove it; or write mode: OPTIONAL_MUTUAL to ask clients for certificates",
        )
    };
    let waived = if rule == rule::lint::SKIP_VERIFY_NO_EFFECT { "" } else { &waived };
    findings.warning(rule, &place, format!("{message}{waived}"), help.to_owned());
}

fn check_versions(tls: &ServerTlsSettings, place: &Place<'_, '_>, findings: &mut Findings) {
    let (min, max) = (tls.min_protocol_version, tls.max_protocol_version);
    let tls12 = i32::from(TlsProtocol::Tlsv12);
    if (1..tls12).contains(&min) {
        let message = "TLS below 1.2 is broken, and no current client needs it";
        let help = "write TLSV1_2".to_owned();
        findings.warning(rule::lint::OLD_TLS, &place.field("minProtocolVersion"), message, help);
    }
    let lowest = if min == 0 { tls12 } else { min };
    if max > 0 && lowest > max {
        let message = if min == 0 {
            "the lowest version is TLSV1_2 where none is set, so that none is left"
        } else {
            "lower than minProtocolVersion, so that no version is left"
        };
        let help = "remove it".to_owned();
        findings.warning(
            rule::lint::VERSION_ORDER,
            &place.field("maxProtocolVersion"),
            message,
            help,
        );
    }
}

fn check_ciphers(tls: &ServerTlsSettings, place: &Place<'_, '_>, findings: &mut Findings) {
    let suites = place.field("cipherSuites");
    let mut nodes = suites.items();
    for (index, suite) in tls.cipher_suites.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| suites.item(index, None));
        match foreign(suite) {
            Some(Foreign::Named(name)) => {
                let message = "not the name that Istio and Envoy know, and ignored";
                findings.warning(rule::lint::CIPHER_NAME, &place, message, format!("write {name}"));
            }
            Some(Foreign::Tls13) => {
                let message = "the suites of TLS 1.3 cannot be configured: they are always on, and \
                               this one is ignored";
                findings.warning(rule::lint::TLS13_CIPHER, &place, message, "remove it".to_owned());
            }
            None => {}
        }
    }
}

fn check_pins(tls: &ServerTlsSettings, place: &Place<'_, '_>, findings: &mut Findings) {
    let sources = Sources::of(tls);
    let has_credential = sources.credential_name || sources.credential_names;
    let reads_pins = has_credential
        && (has_mode(tls, TlsMode::Mutual) || has_mode(tls, TlsMode::OptionalMutual));
    let (spki, hash) = (place.field("verifyCertificateSpki"), place.field("verifyCertificateHash"));
    let mut check = |field: &Place<'_, '_>,
                     pins: &[String],
                     check: fn(&str) -> Result<(), Rejection>,
                     rule,
                     want: &str| {
        if pins.is_empty() {
            return;
        }
        if !reads_pins {
            let message = "has no effect: pins are read in the modes MUTUAL and OPTIONAL_MUTUAL, and \
                           with certificates from credentialName or credentialNames only";
            findings.warning(rule::lint::PINS_IGNORED, field, message, "remove it".to_owned());
        }
        let mut nodes = field.items();
        for (index, pin) in pins.iter().enumerate() {
            let place = nodes.next().unwrap_or_else(|| field.item(index, None));
            if let Err(rejection) = check(pin) {
                let what = if rejection.refuses_listener() {
                    "Envoy rejects the listener of this port"
                } else {
                    "Envoy rejects this, and every client of the server"
                };
                let message = format!("{what}: {want}");
                let help = "compute it anew from the certificate".to_owned();
                findings.warning(rule, &place, message, help);
            }
        }
    };
    let want = "a pin is a SHA-256 in base64, 44 characters";
    check(&spki, &tls.verify_certificate_spki, check_spki, rule::lint::SPKI_FORMAT, want);
    let want = "a hash is a SHA-256 in 64 hexadecimal digits, with 31 colons or none";
    check(&hash, &tls.verify_certificate_hash, check_hash, rule::lint::HASH_FORMAT, want);
}

fn check_names(tls: &ServerTlsSettings, place: &Place<'_, '_>, findings: &mut Findings) {
    let names = place.field("subjectAltNames");
    let sources = Sources::of(tls);
    let has_credential = sources.credential_name || sources.credential_names;
    if has_mode(tls, TlsMode::Simple) && !tls.subject_alt_names.is_empty() {
        let message = if has_credential {
            "Envoy refuses this configuration: SIMPLE asks no client for a certificate, and there is \
             no CA to verify the names with"
        } else {
            "has no effect: SIMPLE asks no client for a certificate"
        };
        let help = "write mode: MUTUAL, or remove it".to_owned();
        findings.warning(rule::lint::SAN_WITH_SIMPLE, &names, message, help);
    }
    let asks_identity = [
        ("subjectAltNames", !tls.subject_alt_names.is_empty()),
        ("verifyCertificateSpki", has_credential && !tls.verify_certificate_spki.is_empty()),
        ("verifyCertificateHash", has_credential && !tls.verify_certificate_hash.is_empty()),
    ];
    if has_mode(tls, TlsMode::OptionalMutual) && tls.insecure_skip_verify != Some(true) {
        for (field, _) in asks_identity.iter().filter(|(_, is_set)| *is_set) {
            let message = "rejects clients without a certificate after all, as MUTUAL does";
            let help = "write mode: MUTUAL, or remove it and let an AuthorizationPolicy decide";
            let place = place.field(field);
            findings.warning(
                rule::lint::OPTIONAL_MUTUAL_IDENTITY,
                &place,
                message,
                help.to_owned(),
            );
        }
    }
}

fn check_files(
    tls: &ServerTlsSettings,
    place: &Place<'_, '_>,
    options: &Options,
    findings: &mut Findings,
) {
    let sources = Sources::of(tls);
    let has_credential = sources.credential_name || sources.credential_names;
    let is_mutual = has_mode(tls, TlsMode::Mutual) || has_mode(tls, TlsMode::OptionalMutual);
    if !tls.ca_crl.is_empty() {
        let crl = place.field("caCrl");
        if has_credential && !has_mode(tls, TlsMode::IstioMutual) {
            let message = "has no effect: with a credential the list is the Secret's ca.crl";
            let help = "put the list into the Secret as ca.crl, and remove it here".to_owned();
            findings.warning(rule::lint::CRL_IGNORED, &crl, message, help);
        } else if is_mutual || has_mode(tls, TlsMode::IstioMutual) {
            let message = "every issuer of a client's chain needs a current list in this file, else \
                           all its clients are rejected";
            let help = "check that the file holds a list of every CA, intermediates too".to_owned();
            findings.note(rule::lint::CRL_COVERAGE, &crl, message, help);
        }
    }
    check_ca_credential(tls, is_mutual && has_credential, place, findings);
    if is_mutual && sources.credential_names {
        let names = place.field("credentialNames");
        let message = format!(
            "istiod accepts credentialNames in this mode since {CREDENTIAL_NAMES_MUTUAL} only"
        );
        let help = "write credentialName for one certificate".to_owned();
        if options.istio < CREDENTIAL_NAMES_MUTUAL {
            findings.warning(rule::lint::CREDENTIAL_NAMES_MUTUAL, &names, message, help);
        } else {
            findings.note(rule::lint::CREDENTIAL_NAMES_MUTUAL, &names, message, help);
        }
    }
    let certificates = place.field("tlsCertificates");
    let mut nodes = certificates.items();
    for (index, certificate) in tls.tls_certificates.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| certificates.item(index, None));
        if !certificate.ca_certificates.is_empty() {
            let message = "has no effect: clients are verified with tls.caCertificates";
            let help = "move it to tls.caCertificates".to_owned();
            findings.warning(
                rule::lint::CERTIFICATE_CA_IGNORED,
                &place.field("caCertificates"),
                message,
                help,
            );
        }
    }
}

fn check_ca_credential(
    tls: &ServerTlsSettings,
    is_read: bool,
    place: &Place<'_, '_>,
    findings: &mut Findings,
) {
    let name = tls.ca_cert_credential_name.as_str();
    if name.is_empty() {
        return;
    }
    let place = place.field("caCertCredentialName");
    if !is_read {
        let message = "has no effect: it is read in the modes MUTUAL and OPTIONAL_MUTUAL, and with \
                       credentialName or credentialNames only";
        let help = "write caCertificates for a file, or remove it".to_owned();
        return findings.warning(rule::lint::CA_CREDENTIAL_IGNORED, &place, message, help);
    }
    let is_elsewhere = ["configmap://", "sds://", "builtin://", "invalid://"]
        .iter()
        .any(|scheme| name.starts_with(scheme));
    if !is_elsewhere && !name.ends_with("-cacert") {
        let message = "istiod hands out a CA only under a name that ends in \"-cacert\": no client \
                       will be accepted";
        let help = format!(
            "write {:?}: istiod reads the Secret without the ending if there is none with it",
            format!("{name}-cacert")
        );
        findings.warning(rule::lint::CA_CREDENTIAL_SUFFIX, &place, message, help);
    }
}
