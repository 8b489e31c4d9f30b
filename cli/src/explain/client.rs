//! A certificate as a client: what happens to it at each server.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use istio_gateway::{
    Timestamp,
    client_certificate::{
        Admission, CertificateError, ClientCertificate, ClientCertificatePolicy, Decision,
        Forwarding, RejectReason, Request, Source, Trust, TrustedCa, XfccHeader,
    },
    envoy::TrafficMode,
    tls_plan::{CredentialName, CredentialScheme},
    x509::{Authorities, ClientChain, TlsVersion, Unknown, Verification},
};
use serde::Serialize;

use super::behavior::ServerBehavior;
use crate::{
    Failure, files,
    gateways::CaObject,
    text::{counted, harmless},
};

/// The most bytes of a file with certificates. Envoy reads 100 KiB of a client.
const LONGEST: u64 = 16 << 20;

/// A client, and the CAs that are known.
pub(super) struct Asked {
    chain: ClientChain,
    cas: Vec<CaObject>,
    at: Timestamp,
}

/// What happens to the client at a server.
#[derive(Clone, Serialize)]
pub(super) struct Verdict {
    /// `verified`, `unverified`, `unavailable`, `anonymous`, `rejected`, `passthrough`, `redirected` or `unknown`.
    pub(super) outcome: &'static str,
    /// The same with the reason, in words.
    pub(super) text: String,
    /// What is wrong with the certificate, by its ids.
    pub(super) errors: Vec<&'static str>,
    /// Envoy's own words for the first error of the chain.
    pub(super) envoy_message: Option<&'static str>,
}

/// The client, for people and programs.
#[derive(Serialize)]
pub(super) struct ClientOf {
    /// The subject of its certificate; null if it cannot be read.
    pub(super) subject: Option<String>,
    /// The number of certificates that it sends.
    pub(super) certificates: usize,
    pub(super) at: String,
}

impl ClientOf {
    pub(super) fn title(&self) -> String {
        let subject = self.subject.as_deref().unwrap_or("a certificate that cannot be read");
        let count = counted(self.certificates, "certificate");
        harmless(&format!("The client {subject} ({count}) at {}", self.at))
    }
}

impl Asked {
    /// Reads the files of a client. Private keys in them are skipped.
    pub(super) fn read(
        client: &Path,
        chain: &[PathBuf],
        at: Option<Timestamp>,
    ) -> Result<Self, Failure> {
        let mut all = certificates(client)?;
        for path in chain {
            all = all.with_chain(certificates(path)?);
        }
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp { seconds: since_1970.as_secs().cast_signed(), nanos: 0 };
        Ok(Self { chain: all, cas: Vec::new(), at: at.unwrap_or(now) })
    }

    pub(super) fn with_cas(self, cas: Vec<CaObject>) -> Self {
        Self { cas, ..self }
    }

    pub(super) fn client(&self) -> ClientOf {
        ClientOf {
            subject: self.chain.subject().map(|subject| harmless(&subject)),
            certificates: self.chain.len(),
            at: self.at.to_string(),
        }
    }

    pub(super) fn verdict(&self, behavior: &ServerBehavior<'_>, forwarding: Forwarding) -> Verdict {
        let mut verdict = self.of_handshake(behavior);
        let is_written = forwarding.header(true, false) == XfccHeader::GatewaySet;
        let is_accepted = matches!(verdict.outcome, "verified" | "unverified");
        if is_accepted && is_written && behavior.flow().is_http() && self.chain.breaks_forwarding()
        {
            verdict.outcome = "unavailable";
            verdict.text += "; the gateway answers each of its requests with 503, since a SAN has a control \
                             character, which x-forwarded-client-cert cannot carry";
        }
        verdict
    }

    fn of_handshake(&self, behavior: &ServerBehavior<'_>) -> Verdict {
        let policy = &behavior.policy;
        let is_asked = matches!(policy.request(), Request::Optional | Request::Required);
        let none = policy.decide(None);
        let rejects_all = matches!(
            &none,
            Decision::Reject(RejectReason::SecretMissing | RejectReason::ConfigurationRejected(_))
        );
        if behavior.absence.is_some()
            || behavior.flow() == TrafficMode::HttpPlain
            || !is_asked
            || rejects_all
        {
            return Verdict::plain(behavior.outcome(&none), behavior.decision_text(&none));
        }
        let versions = versions(behavior);
        let mut found: Vec<(TlsVersion, Verdict)> = Vec::new();
        for version in versions {
            found.push((version, self.by_version(policy, version)));
        }
        match found.as_slice() {
            [(_, newer), (_, older)] if newer.text != older.text => {
                let mut verdict = newer.clone();
                verdict.text = format!("with TLS 1.3 {}; with TLS 1.2 {}", newer.text, older.text);
                if newer.outcome != older.outcome {
                    verdict.outcome = "unknown";
                }
                verdict
            }
            [(_, verdict), ..] => verdict.clone(),
            [] => Verdict::plain("unknown", "unknown: no version of TLS".to_owned()),
        }
    }

    fn by_version(&self, policy: &ClientCertificatePolicy, version: TlsVersion) -> Verdict {
        let (authorities, missing) = match self.ca(policy) {
            Ok(authorities) => (authorities, String::new()),
            Err(missing) => (None, missing),
        };
        let verified = match (&*missing, authorities) {
            ("", authorities) => self.chain.verify(policy, authorities, self.at, version),
            _ => Err(Unknown::Ca),
        };
        let missing = match verified {
            Ok(verification) => return self.known(policy, &verification, version),
            Err(Unknown::Crl) => {
                let crl = policy.context().and_then(|context| context.crl.as_ref());
                let source = crl.map(|crl| crl.source.to_string()).unwrap_or_default();
                format!("the CRL is in {source}, not among the files")
            }
            Err(unknown @ Unknown::Signature) => unknown.to_string(),
            Err(_) => missing,
        };
        // What no CA can change.
        let best = self.chain.verify_apart_from_chain(policy, version);
        if matches!(best.decision(), Decision::Reject(_)) {
            return self.known(policy, &best, version);
        }
        let worst = ClientCertificate { trust: Trust::UnknownIssuer, ..*best.certificate() };
        let text = if policy.decide(Some(&worst)).is_accepted() {
            format!("accepted; unknown whether its certificate passes verification: {missing}")
        } else {
            format!("unknown: {missing}")
        };
        Verdict::plain("unknown", harmless(&text))
    }

    /// The CA of a policy that has one, or why it is not known.
    fn ca(&self, policy: &ClientCertificatePolicy) -> Result<Option<&Authorities>, String> {
        let Some(TrustedCa::Given(source)) = policy.context().map(|context| &context.trusted_ca)
        else {
            return Ok(None);
        };
        let Source::Secret(resource) = source else {
            return Err(format!("the CA is {}{source}, not among the files", preposition(source)));
        };
        let credential = CredentialName::from(resource.as_str());
        let is_config_map = credential.scheme() == Some(CredentialScheme::ConfigMap);
        let path = credential.without_scheme();
        let (namespace, name) = match path.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, path),
        };
        let short = name.strip_suffix(CredentialName::CA_SUFFIX).unwrap_or(name);
        // istiod reads a Secret with the ending first, and a ConfigMap without it.
        let names: &[&str] = if is_config_map { &[short] } else { &[name, short] };
        let kind = if is_config_map { "ConfigMap" } else { "Secret" };
        for name in names {
            let found: Vec<&CaObject> = self
                .cas
                .iter()
                .filter(|ca| {
                    ca.is_config_map == is_config_map
                        && ca.name == *name
                        && namespace.is_none_or(|of| of == ca.namespace || ca.namespace.is_empty())
                })
                .collect();
            let last = match found.as_slice() {
                [] => continue,
                [first, rest @ ..] if rest.iter().all(|ca| ca.namespace == first.namespace) => {
                    rest.last().unwrap_or(first)
                }
                _ => return Err(format!("the {kind} {name} is in several namespaces")),
            };
            return match &last.authorities {
                Ok(Some(authorities)) => Ok(Some(authorities)),
                Ok(None) => Err(format!("the {kind} {name} has no CA: no cacert or ca.crt")),
                Err(error) => Err(format!("the CA of the {kind} {name} cannot be read: {error}")),
            };
        }
        let or =
            if names.len() > 1 && short != name { format!(" or {short}") } else { String::new() };
        let first = names.first().copied().unwrap_or(name);
        Err(format!("the CA is in the {kind} {first}{or}, not among the files"))
    }

    fn known(
        &self,
        policy: &ClientCertificatePolicy,
        verification: &Verification,
        version: TlsVersion,
    ) -> Verdict {
        let decision = verification.decision();
        let errors: &[CertificateError] = match &decision {
            Decision::Reject(RejectReason::InvalidCertificate(errors))
            | Decision::Accept(Admission::Unverified(errors)) => errors,
            _ => &[],
        };
        let mut text = decision.to_string();
        let failure = verification.failure().filter(|failure| errors.contains(&failure.error));
        if let Some(failure) = failure {
            let about = match (failure.error, failure.depth) {
                (CertificateError::UnknownIssuer, _) => format!(
                    "{} was issued by {}, which the client does not send and the CA does not have",
                    failure.subject, failure.issuer
                ),
                (_, 0) => failure.subject.clone(),
                (_, depth) => format!("{}, number {depth} above the client's", failure.subject),
            };
            text += &format!(" ({about})");
        }
        if errors.contains(&CertificateError::UnsupportedKey) && !self.chain.can_sign(version) {
            text += &format!(
                "; most clients then send no certificate, and are {}",
                policy.decide(None)
            );
        }
        Verdict {
            outcome: decision.id(),
            text: harmless(&text),
            errors: errors.iter().map(|error| error.id()).collect(),
            envoy_message: failure.map(|failure| failure.message),
        }
    }
}

impl Verdict {
    pub(super) fn plain(outcome: &'static str, text: String) -> Self {
        Self { outcome, text, errors: Vec::new(), envoy_message: None }
    }
}

fn preposition(source: &Source) -> &'static str {
    if *source == Source::MeshRoot { "" } else { "in " }
}

/// The versions that a server allows, the newest first.
fn versions(behavior: &ServerBehavior<'_>) -> Vec<TlsVersion> {
    const TLS_1_3: i32 = 4;
    let (oldest, newest) = behavior
        .server
        .tls
        .as_ref()
        .map_or((0, 0), |tls| (tls.min_protocol_version, tls.max_protocol_version));
    let mut versions = Vec::new();
    if newest == 0 || newest >= TLS_1_3 {
        versions.push(TlsVersion::V1_3);
    }
    if oldest != TLS_1_3 {
        versions.push(TlsVersion::V1_2);
    }
    versions
}

/// The certificates of a file.
fn certificates(path: &Path) -> Result<ClientChain, Failure> {
    let failure = |text: &str| Failure::Usage(format!("{}: {text}", files::name_of(path)));
    let (found, _) = files::find(&[path.to_owned()]);
    let [file] = found.as_slice() else { return Err(failure("a directory, not certificates")) };
    let mut text = Vec::new();
    let read = file.open().and_then(|stream| stream.take(LONGEST + 1).read_to_end(&mut text));
    read.map_err(|error| failure(&error.to_string()))?;
    if text.len() as u64 > LONGEST {
        return Err(failure("larger than 16 MiB"));
    }
    ClientChain::from_pem(&text).map_err(|error| failure(&error.to_string()))
}
