//! TLS settings that do not have the effect that they seem to have.

use crate::{
    ServerTlsSettings, TlsMode, TlsProtocol, curves, rule,
    tls_plan::{CaSource, CredentialName, CredentialScheme, TlsField, TlsFinding, TlsPlan},
    tree::Ref,
    validate::{
        Options,
        ciphers::{Foreign, foreign},
        findings::{Findings, Location},
        fixes::{Change, Effect, Proposal, is_default_suite},
        versions::CREDENTIAL_NAMES_MUTUAL,
    },
};

/// Settings on a plain HTTP port, where only the redirect has an effect.
pub(super) fn check_on_http(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    for field in [TlsField::CredentialName, TlsField::CredentialNames] {
        if plan.is_set(field) && !plan.terminates_tls() {
            let message = "this port is plain HTTP, so the certificate is not used";
            let help =
                "set the port's protocol to HTTPS and mode to SIMPLE, or remove it".to_owned();
            let place = place.field(field.as_str());
            findings.warning(rule::lint::CREDENTIAL_ON_HTTP, &place, message, help);
        }
    }
}

pub(super) fn check(
    tls: &ServerTlsSettings,
    plan: &TlsPlan<'_>,
    place: &Location<'_, '_>,
    options: &Options,
    findings: &mut Findings,
) {
    check_skip_verify(plan, place, findings);
    check_facts(plan, place, findings);
    if !plan.terminates_tls() {
        if !place.field("mode").is_set() {
            check_absent_mode(plan, place, findings);
        }
        return;
    }
    check_versions(tls, place, findings);
    check_ciphers(tls, place, findings);
    check_identity(plan, place, findings);
    check_files(plan, place, options, findings);
}

/// Facts that the translation reports, too.
fn check_facts(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    // If TLS is not terminated because the mode is absent, one finding is about all fields.
    let has_mode = plan.terminates_tls() || place.field("mode").is_set();
    for about in plan.findings().chunk_by(|one, other| one.field == other.field) {
        let Some(field) = about.first().map(|found| place.field(found.field.as_str())) else {
            continue;
        };
        let items: Vec<_> = field.items().collect();
        for TlsFinding { rule, field: _, item, part, message, help, rejection: _ } in about {
            let is_of_webhook = *rule == rule::lint::CRL_IGNORED && !plan.uses_credentials();
            if is_of_webhook || *rule == rule::lint::PASSTHROUGH_SETTINGS && !has_mode {
                continue;
            }
            let item = item.map(|i| items.get(i).copied().unwrap_or_else(|| field.item(i, None)));
            let place = item.as_ref().unwrap_or(&field);
            let part = part.map(|part| place.field(part));
            let node = part.as_ref().unwrap_or(place);
            let curve = node.node.map(Ref::text).filter(|_| *rule == rule::lint::CURVE_NAME);
            let curve = curve.and_then(curves::suggestion);
            let fix = curve.map(|name| Proposal::set_text("ecdhCurves", name));
            findings.with_fix(fix, |findings| {
                findings.warning(*rule, node, message, help.clone());
            });
        }
    }
}

/// TLS settings without a mode.
fn check_absent_mode(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    let idle = plan.ignored_fields().map(|(field, _)| field);
    let idle: Vec<_> =
        idle.filter(|field| *field != TlsField::InsecureSkipVerify).map(TlsField::as_str).collect();
    if idle.is_empty() {
        let message = "tls without a mode means PASSTHROUGH: the backend terminates TLS";
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

fn check_skip_verify(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    if !plan.is_set(TlsField::InsecureSkipVerify) {
        return;
    }
    let place = place.field("insecureSkipVerify");
    let waived = [
        TlsField::SubjectAltNames,
        TlsField::VerifyCertificateSpki,
        TlsField::VerifyCertificateHash,
        TlsField::CaCrl,
    ];
    let waived = waived.into_iter().filter(|field| plan.is_set(*field));
    let waived: Vec<_> = waived.map(TlsField::as_str).collect();
    let waived = match waived.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} is not enforced either"),
        many => format!("; {} are not enforced either", many.join(", ")),
    };
    let (rule, message, help) = match plan.mode {
        Ok(TlsMode::Mutual) => (
            rule::lint::SKIP_VERIFY_MUTUAL,
            "a client certificate is required but not verified: self-signed, expired or of an unknown CA",
            "remove it, or write mode: OPTIONAL_MUTUAL if the backend verifies certificates",
        ),
        Ok(TlsMode::OptionalMutual) => (
            rule::lint::SKIP_VERIFY_OPTIONAL,
            "unverified certificates are accepted, and neither the backend nor RBAC by principal can \
             distinguish them from verified ones",
            "remove it, unless the backend verifies every certificate itself",
        ),
        Ok(TlsMode::IstioMutual) => (
            rule::lint::SKIP_VERIFY_ISTIO_MUTUAL,
            "certificates are not verified: any client can claim any identity of the mesh",
            "remove it",
        ),
        // It has no effect, which is a fact of its own.
        Ok(TlsMode::Passthrough | TlsMode::AutoPassthrough | TlsMode::Simple) | Err(_) => return,
    };
    findings.warning(rule, &place, format!("{message}{waived}"), help.to_owned());
}

fn check_versions(tls: &ServerTlsSettings, place: &Location<'_, '_>, findings: &mut Findings) {
    let (min, max) = (tls.min_protocol_version, tls.max_protocol_version);
    let tls12 = i32::from(TlsProtocol::Tlsv12);
    if (1..tls12).contains(&min) {
        let message = "TLS 1.0 and 1.1 are deprecated (RFC 8996)";
        let help = "write TLSV1_2".to_owned();
        findings.warning(rule::lint::OLD_TLS, &place.field("minProtocolVersion"), message, help);
    }
    let lowest = if min == 0 { tls12 } else { min };
    if max > 0 && lowest > max {
        let message = if min == 0 {
            "minProtocolVersion exceeds maxProtocolVersion: it defaults to TLSV1_2"
        } else {
            "minProtocolVersion exceeds maxProtocolVersion"
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

fn check_ciphers(tls: &ServerTlsSettings, place: &Location<'_, '_>, findings: &mut Findings) {
    let suites = place.field("cipherSuites");
    let mut nodes = suites.items();
    for (index, suite) in tls.cipher_suites.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| suites.item(index, None));
        match foreign(suite) {
            Some(Foreign::Named(name)) => {
                let message = "not a cipher suite name that Istio and Envoy know: ignored";
                let mut fix = Proposal::set_text("cipherSuites", name);
                if is_default_suite(name) {
                    fix.effect = Effect::Same;
                }
                findings.with_fix(fix, |findings| {
                    let help = format!("write {name}");
                    findings.warning(rule::lint::CIPHER_NAME, &place, message, help);
                });
            }
            Some(Foreign::Tls13) => {
                let message = "cipher suites of TLS 1.3 cannot be configured: all are enabled, and \
                               this entry is ignored";
                findings.with_fix(Proposal::same(Change::Remove), |findings| {
                    let help = "remove it".to_owned();
                    findings.warning(rule::lint::TLS13_CIPHER, &place, message, help);
                });
            }
            None => {}
        }
    }
}

fn check_identity(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    if plan.mode == Ok(TlsMode::OptionalMutual) && !plan.is_set(TlsField::InsecureSkipVerify) {
        let identity = [
            TlsField::SubjectAltNames,
            TlsField::VerifyCertificateSpki,
            TlsField::VerifyCertificateHash,
        ];
        let has_effect =
            |field: &TlsField| plan.is_set(*field) && plan.ignore_reason(*field).is_none();
        for field in identity.into_iter().filter(has_effect) {
            let message = "clients without a certificate are rejected, as with MUTUAL";
            let help = "write mode: MUTUAL, or remove it and let an AuthorizationPolicy decide";
            let place = place.field(field.as_str());
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
    plan: &TlsPlan<'_>,
    place: &Location<'_, '_>,
    options: &Options,
    findings: &mut Findings,
) {
    if plan.validation.as_ref().is_some_and(|of| of.crl.is_some()) {
        let message = "this file needs a current CRL of every issuer in a client's chain, otherwise all \
                       certificates of that chain are rejected";
        let help = "check that the file has a CRL of every CA, including intermediates".to_owned();
        findings.note(rule::lint::CRL_COVERAGE, &place.field("caCrl"), message, help);
    }
    if let Some(CaSource::Credential(name)) = plan.validation.as_ref().map(|of| &of.ca) {
        check_ca_suffix(name, place, findings);
    }
    let is_mutual = matches!(plan.mode, Ok(TlsMode::Mutual | TlsMode::OptionalMutual));
    if is_mutual && plan.is_set(TlsField::CredentialNames) {
        let names = place.field("credentialNames");
        let message = format!(
            "istiod accepts credentialNames in this mode only since Istio {CREDENTIAL_NAMES_MUTUAL}"
        );
        let help = "write credentialName for one certificate".to_owned();
        if options.istio < CREDENTIAL_NAMES_MUTUAL {
            findings.warning(rule::lint::CREDENTIAL_NAMES_MUTUAL, &names, message, help);
        } else {
            findings.note(rule::lint::CREDENTIAL_NAMES_MUTUAL, &names, message, help);
        }
    }
}

fn check_ca_suffix(name: &CredentialName<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    use CredentialScheme as Scheme;
    let is_elsewhere = match name.scheme() {
        None | Some(Scheme::Kubernetes | Scheme::KubernetesGateway) => false,
        Some(Scheme::ConfigMap | Scheme::Sds | Scheme::Builtin | Scheme::Invalid) => true,
    };
    if is_elsewhere || name.as_str().ends_with(CredentialName::CA_SUFFIX) {
        return;
    }
    let message = "istiod returns a CA only for names that end in \"-cacert\": every client \
                   is rejected";
    let help = format!(
        "write {:?}: istiod uses the Secret without the suffix if there is none with it",
        CredentialName::ca_of(name.as_str()).as_str()
    );
    let place = place.field("caCertCredentialName");
    findings.warning(rule::lint::CA_CREDENTIAL_SUFFIX, &place, message, help);
}
