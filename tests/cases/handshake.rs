//! What a real Envoy did with 25 clients on 171 listeners, predicted cell by cell.

use std::{collections::BTreeMap, fs};

use istio_gateway::{
    ServerTlsSettings,
    client_certificate::{
        Admission, CertificateError, ClientCertificate, ClientCertificatePolicy, Crl, CrlState,
        Decision, ExtendedKeyUsage, Forwarding, KeyUsage, RejectReason, Rejection, Request,
        Revocation, Source, Trust, TrustedCa, ValidationContext, Validity, XfccHeader,
    },
};
use serde_json::Value;

fn golden() -> Value {
    let text = fs::read_to_string("tests/golden/handshake.json").unwrap();
    serde_json::from_str(&text).unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// A client as the golden file describes it.
struct Client<'a> {
    name: &'a str,
    about: &'a str,
}

impl Client<'_> {
    fn has_intermediate(&self) -> bool {
        self.about.contains("intermediate")
    }

    /// The facts of its certificate for a listener with this configuration.
    fn seen_from(&self, config: &Config<'_>) -> Option<ClientCertificate> {
        if self.about == "no certificate" {
            return None;
        }
        let is = |words: &str| self.about.contains(words);
        let is_below_the_ca = match config.ca {
            Some("intermediate") => self.has_intermediate() && !is("another root"),
            _ => true,
        };
        let trust = if is("self-signed") {
            Trust::SelfSigned
        } else if is("another root") || is("not root's") || !is_below_the_ca {
            Trust::UnknownIssuer
        } else if is("signature flipped") {
            Trust::BadSignature
        } else if is("intermediate not sent") && config.ca != Some("intermediate") {
            Trust::IncompleteChain
        } else {
            Trust::Trusted
        };
        let validity = if is("from tomorrow") {
            Validity::NotYetValid
        } else if is("expired") {
            Validity::Expired
        } else {
            Validity::Current
        };
        let revocation = if is("on root's CRL") {
            Revocation::Revoked
        } else if self.has_intermediate() && !config.crl.contains(&"intermediate") {
            Revocation::NoList
        } else {
            Revocation::NotRevoked
        };
        Some(ClientCertificate {
            trust,
            validity,
            revocation,
            extended_key_usage: if is("serverAuth only") {
                ExtendedKeyUsage::Other
            } else {
                ExtendedKeyUsage::Client
            },
            key_usage: if is("without digitalSignature") {
                KeyUsage::NoSigning
            } else {
                KeyUsage::Signing
            },
            has_matching_name: !(is("another SAN") || is("without SAN") || is("root's own")),
            is_pinned: config.pins().any(|pin| pin == self.name),
            ..ClientCertificate::VALID
        })
    }
}

/// A validation context as the golden file describes it.
#[derive(Default)]
struct Config<'a> {
    has_context: bool,
    ca: Option<&'a str>,
    is_ca_pending: bool,
    names: Vec<&'a str>,
    spki: Vec<&'a str>,
    hash: Vec<&'a str>,
    crl: Vec<&'a str>,
}

impl<'a> Config<'a> {
    fn read(about: &'a Value) -> Self {
        if let Some(words) = about.as_str() {
            let is = |w: &str| words.contains(w);
            return Self {
                has_context: !is("no validation context"),
                ca: (is("secret") || is("the same"))
                    .then_some("root")
                    .filter(|_| !is("no trusted_ca")),
                is_ca_pending: is("never arrives"),
                names: if is("match_subject_alt_names") { vec!["good"] } else { Vec::new() },
                ..Self::default()
            };
        }
        let known = [
            "trusted_ca",
            "match_subject_alt_names",
            "match_typed_subject_alt_names",
            "verify_certificate_spki",
            "verify_certificate_hash",
            "crl",
            "only_verify_leaf_cert_crl",
        ];
        assert!(about.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())));
        let mut names = texts(&about["match_subject_alt_names"]);
        names.extend(texts(&about["match_typed_subject_alt_names"]));
        Self {
            has_context: true,
            ca: about["trusted_ca"].as_str(),
            is_ca_pending: false,
            names,
            spki: texts(&about["verify_certificate_spki"]),
            hash: texts(&about["verify_certificate_hash"]),
            crl: texts(&about["crl"]),
        }
    }

    fn pins(&self) -> impl Iterator<Item = &'a str> {
        self.spki.iter().chain(&self.hash).copied()
    }

    fn context(&self, accepts_untrusted: bool) -> Option<ValidationContext> {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let is_stale = self.crl.iter().any(|list| list.contains("nextUpdate"));
        let state = if is_stale { CrlState::Unusable } else { CrlState::Usable };
        self.has_context.then(|| ValidationContext {
            trusted_ca: match self.ca {
                None => TrustedCa::Absent,
                Some(_) if self.is_ca_pending => TrustedCa::Pending(Source::Secret("ca".into())),
                Some(_) => TrustedCa::Given(Source::Inline),
            },
            subject_alt_names: owned(&self.names),
            verify_certificate_spki: self.spki.iter().map(|name| spki_pin(name)).collect(),
            verify_certificate_hash: self.hash.iter().map(|name| hash_pin(name)).collect(),
            crl: (!self.crl.is_empty()).then(|| Crl::new(Source::Inline, state)),
            accepts_untrusted,
        })
    }

    fn policy(&self, mode: &str, skip: &str) -> ClientCertificatePolicy {
        match mode {
            // It has no context, whatever the settings are.
            "SIMPLE" => ClientCertificatePolicy::from_context(false, None),
            "MUTUAL" | "OPTIONAL_MUTUAL" => {
                assert!(["unset", "false", "true"].contains(&skip), "{skip}");
                ClientCertificatePolicy::from_context(
                    mode == "MUTUAL",
                    self.context(skip == "true"),
                )
            }
            other => panic!("{other}"),
        }
    }
}

/// Outcome, whether the header is present, how a spoofed one is handled, and the response's status.
fn predicted(decision: &Decision, forwarding: Forwarding, is_rbac: bool) -> [String; 4] {
    let outcome = match decision {
        // The rule requires a principal, and any certificate has one.
        Decision::Accept(Admission::Anonymous) if is_rbac => "accept",
        Decision::Reject(_) => "fatal",
        Decision::Accept(Admission::Anonymous) => "accept-nocert",
        Decision::Accept(Admission::Verified) => "accept-validated",
        Decision::Accept(Admission::Unverified(_)) => "accept-unvalidated",
        other => panic!("{other}"),
    };
    let has_header =
        decision.header(forwarding, false).is_some_and(|seen| seen != XfccHeader::Absent);
    let forged = decision.header(forwarding, true).map_or("", golden_header);
    let status = match outcome {
        "fatal" => "null",
        "accept" => "403",
        _ => "200",
    };
    [outcome, &has_header.to_string(), forged, status].map(str::to_owned)
}

/// The golden file's name for what the backend sees.
fn golden_header(header: XfccHeader) -> &'static str {
    match header {
        XfccHeader::GatewaySet => "own",
        XfccHeader::ClientSupplied => "forged",
        XfccHeader::ClientSuppliedAndGatewaySet => "forged+own",
        other => other.id(),
    }
}

/// Which of Envoy's counters change, in addition to those of a handshake.
fn counters(decision: &Decision, found: &[CertificateError]) -> Vec<&'static str> {
    match (decision, found.first()) {
        (Decision::Accept(Admission::Anonymous), _) => vec!["no_certificate"],
        (Decision::Reject(RejectReason::NoCertificate), _) => vec!["fail_verify_no_cert"],
        (_, None) => vec![],
        (_, Some(CertificateError::NotValidForName)) => vec!["fail_verify_san"],
        (_, Some(CertificateError::NotPinned)) => vec!["fail_verify_cert_hash"],
        (_, Some(_)) => vec!["fail_verify_error"],
    }
}

/// What Envoy finds to be wrong with a certificate, whether it matters or not.
fn found(
    policy: &ClientCertificatePolicy,
    certificate: Option<&ClientCertificate>,
) -> Vec<CertificateError> {
    let asks = [Request::Optional, Request::Required].contains(&policy.request());
    let Some(certificate) = certificate.filter(|_| asks) else { return Vec::new() };
    let context = policy.context().cloned();
    let context = context.map(|c| ValidationContext { accepts_untrusted: false, ..c });
    // Verification ignores the key usage, except if it does not allow any use by a client.
    let is_for_signing = certificate.key_usage == KeyUsage::Signing;
    let certificate = ClientCertificate {
        key_usage: KeyUsage::Signing,
        extended_key_usage: if is_for_signing {
            certificate.extended_key_usage
        } else {
            ExtendedKeyUsage::Other
        },
        ..*certificate
    };
    match ClientCertificatePolicy::from_context(false, context).decide(Some(&certificate)) {
        Decision::Reject(RejectReason::InvalidCertificate(flaws)) => flaws,
        _ => Vec::new(),
    }
}

#[test]
fn every_cell_of_the_matrix_is_predicted() {
    let golden = golden();
    let (mut compared, mut wrong) = (0, Vec::new());
    let mut let_in = BTreeMap::<String, usize>::new();
    for listener in golden["listeners"].as_array().unwrap() {
        let text = |key: &str| listener[key].as_str().unwrap();
        let config = Config::read(&golden["configs"][text("config")]);
        let policy = config.policy(text("mode"), text("insecureSkipVerify"));
        let forwarding = text("xfcc").parse().unwrap();
        for (name, cell) in listener["results"].as_object().unwrap() {
            let about = golden["clients"][name].as_str().unwrap();
            let cell = &golden["cells"][usize::try_from(cell.as_u64().unwrap()).unwrap()];
            let certificate = Client { name, about }.seen_from(&config);
            let decision = policy.decide(certificate.as_ref());
            let [outcome, header, forged, status] =
                predicted(&decision, forwarding, listener["group"] == "rbac");
            let stats = counters(&decision, &found(&policy, certificate.as_ref())).join(" ");
            let got = [outcome, header, forged, status, stats];
            let want = [
                cell["outcome"].as_str().unwrap().to_owned(),
                cell["xfcc"].to_string(),
                cell["forged"].as_str().unwrap_or_default().to_owned(),
                cell["status"].to_string(),
                texts(&cell["stats"]).join(" "),
            ];
            compared += 1;
            *let_in.entry(want[0].clone()).or_default() += 1;
            if got != want {
                wrong.push(format!("{} {name}: Envoy {want:?}, here {got:?}", text("name")));
            }
        }
    }
    println!("{compared} cells compared, {} wrong; {let_in:?}", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(compared, 2340, "the golden file has another number of cells");
}

/// The order is that of Envoy's reasons for certificates with two errors, which
/// `conformance/handshake` compares.
#[test]
fn errors_come_in_envoy_s_order() {
    let context = |accepts_untrusted| ValidationContext {
        trusted_ca: TrustedCa::Given(Source::Inline),
        subject_alt_names: vec!["a".into()],
        verify_certificate_spki: vec!["A".repeat(43) + "="],
        crl: Some(Crl::usable(Source::Inline)),
        accepts_untrusted,
        ..Default::default()
    };
    let everything = ClientCertificate {
        key_usage: KeyUsage::NoSigning,
        has_key: false,
        trust: Trust::BadSignature,
        validity: Validity::Expired,
        extended_key_usage: ExtendedKeyUsage::Other,
        revocation: Revocation::Revoked,
        has_matching_name: false,
        is_pinned: false,
        ..ClientCertificate::VALID
    };
    let flaws = |accepts_untrusted, certificate| {
        let policy = ClientCertificatePolicy::from_context(false, Some(context(accepts_untrusted)));
        match policy.decide(Some(&certificate)) {
            Decision::Reject(RejectReason::InvalidCertificate(flaws)) => flaws,
            other => panic!("{other}"),
        }
    };
    let in_order = [
        CertificateError::InvalidKeyUsage,
        CertificateError::InvalidPurpose,
        CertificateError::Revoked,
        CertificateError::BadSignature,
        CertificateError::Expired,
        CertificateError::NotValidForName,
        CertificateError::NotPinned,
        CertificateError::NoKey,
    ];
    assert_eq!(flaws(false, everything), in_order);
    let unknown = ClientCertificate { trust: Trust::UnknownIssuer, ..everything };
    let path_first = [&in_order[..1], &[CertificateError::UnknownIssuer]].concat();
    assert_eq!(flaws(false, unknown)[..2], path_first);
    // If failures are ignored, they are not a reason.
    assert_eq!(
        flaws(true, everything),
        [CertificateError::InvalidKeyUsage, CertificateError::NoKey]
    );
}

#[test]
fn rejected_configurations_are_predicted_with_envoy_s_message() {
    let golden = golden();
    let mut compared = 0;
    for group in golden["rejected_listeners"].as_array().unwrap() {
        for name in texts(&group["listeners"]) {
            let policy = match name.split('.').collect::<Vec<_>>()[..] {
                ["SIMPLE_san_istio_cred"] => {
                    ClientCertificatePolicy::from_settings(&ServerTlsSettings {
                        subject_alt_names: vec!["a".into()],
                        ..ServerTlsSettings::simple("c")
                    })
                }
                [mode, skip, config] => Config::read(&golden["configs"][config]).policy(mode, skip),
                _ => panic!("{name}"),
            };
            let message = policy.rejection().map(Rejection::envoy_message);
            assert_eq!(message, group["reason"].as_str(), "{name}");
            assert!(!policy.decide(None).is_accepted());
            compared += 1;
        }
    }
    // And none that Envoy accepts is rejected.
    for listener in golden["listeners"].as_array().unwrap() {
        let text = |key: &str| listener[key].as_str().unwrap();
        let config = Config::read(&golden["configs"][text("config")]);
        assert_eq!(config.policy(text("mode"), text("insecureSkipVerify")).rejection(), None);
        compared += 1;
    }
    println!("{compared} configurations compared");
}

/// A pin in the form that Envoy accepts, for a certificate that the file names.
fn spki_pin(name: &str) -> String {
    format!("{:A<43}=", name.replace('_', "/"))
}

fn hash_pin(name: &str) -> String {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits:0<64}")
}
