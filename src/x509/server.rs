//! A server's certificate, with its chain and its private key, as Envoy loads it.

use std::sync::{Arc, OnceLock};

use super::{
    Secret,
    bundle::{self, is_certificate},
    certificate::Certificate,
    general_name::GeneralName,
    keys::{MALFORMED, PrivateKey, PublicKey},
    pem::{self, Block},
};
use crate::certificates::Curve;

/// A server's certificate with its private key. Whether the two belong together is computed on demand where it is
/// costly.
#[derive(Clone, Debug)]
pub(crate) struct ServerCertificate {
    /// The first and the last second at which it is valid, since 1970; `None` for a time that BoringSSL does not
    /// compare.
    pub(crate) validity: (Option<i64>, Option<i64>),
    /// The DNS names among its subject alternative names.
    pub(crate) dns_names: Vec<String>,
    pending: Option<Arc<PendingKey>>,
}

/// A private key whose public key is not computed yet, and the public key that the certificate has.
struct PendingKey {
    curve: &'static Curve,
    scalar: Secret,
    point: Vec<u8>,
    is_match: OnceLock<bool>,
}

/// Without the key.
impl std::fmt::Debug for PendingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingKey").field("is_match", &self.is_match).finish_non_exhaustive()
    }
}

/// Why Envoy does not use a server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PairProblem {
    /// The certificate or its chain.
    Certificate(String),
    /// The private key, or it belongs to another certificate.
    Key(&'static str),
    /// The size of the key, or its curve.
    Size(&'static str),
}

/// The types of PEM blocks in which Envoy reads a private key.
const KEY_TYPES: [&[u8]; 5] = [
    b"ENCRYPTED PRIVATE KEY",
    b"PRIVATE KEY",
    b"RSA PRIVATE KEY",
    b"EC PRIVATE KEY",
    b"DSA PRIVATE KEY",
];
/// `1.3.6.1.5.5.7.1.24`, and the value that requires an OCSP response.
const TLS_FEATURE: (&[u8], &[u8]) = (&[0x2b, 6, 1, 5, 5, 7, 1, 24], &[0x30, 3, 2, 1, 5]);
const MISMATCH: &str = "the private key does not belong to the certificate";

impl ServerCertificate {
    /// Reads a certificate with its chain, and a private key.
    ///
    /// Source: Envoy's `TlsContext::loadCertificateChain`, `loadPrivateKey`, `ContextImpl` and
    /// `ServerContextImpl`, and BoringSSL's `ssl_ctx_set_cert`.
    pub(crate) fn read(
        certificate: &[u8],
        key: &[u8],
        has_ocsp_response: bool,
    ) -> Result<Self, PairProblem> {
        let leaf = chain(certificate)?;
        let malformed = |text: &str| PairProblem::Certificate(text.to_owned());
        let public = PublicKey::of(&leaf).ok_or_else(|| {
            malformed("its public key is malformed, or of a kind that is not supported")
        })?;
        if matches!(public, PublicKey::Ec(..)) && !leaf.allows_signing() {
            return Err(malformed("its key usage does not include digitalSignature"));
        }
        let size = match &public {
            PublicKey::Rsa { modulus, .. } if modulus.bits() < 2048 => {
                Err("only RSA certificates with 2048-bit or larger keys are supported")
            }
            PublicKey::Ec(curve, _) if curve.size() < 32 => {
                Err("only P-256, P-384 or P-521 ECDSA certificates are supported")
            }
            _ => Ok(()),
        };
        size.map_err(PairProblem::Size)?;
        let pending = private_key(key, public).map_err(PairProblem::Key)?;
        let names = leaf.names();
        let is_identity = |name: &GeneralName| matches!(name.kind(), 2 | 6 | 7);
        match leaf.subject.first_common_name() {
            Some([]) => return Err(malformed("its subject has an empty common name")),
            None if !names.iter().any(is_identity) => {
                return Err(malformed("it has neither subject CN nor SAN names"));
            }
            _ => {}
        }
        let feature = leaf.extensions.first(TLS_FEATURE.0);
        if !has_ocsp_response && feature.is_some_and(|value| value.0 == TLS_FEATURE.1) {
            return Err(malformed(
                "it requires an OCSP response (must-staple), and the Secret has none as tls.ocsp-staple",
            ));
        }
        let dns_names = names.into_iter().filter_map(|name| match name {
            GeneralName::Dns(name) => Some(String::from_utf8_lossy(&name).into_owned()),
            _ => None,
        });
        let validity = (leaf.not_before.seconds, leaf.not_after.seconds);
        Ok(Self { validity, dns_names: dns_names.collect(), pending })
    }

    /// Checks whether the private key belongs to the certificate, as far as [`read`](Self::read) did not.
    pub(crate) fn check_key(&self) -> Result<(), PairProblem> {
        let is_match = self.pending.as_ref().is_none_or(|key| key.is_match());
        if is_match { Ok(()) } else { Err(PairProblem::Key(MISMATCH)) }
    }
}

impl PendingKey {
    fn is_match(&self) -> bool {
        let compute = || self.curve.public_point(&self.scalar).as_ref() == Some(&self.point);
        *self.is_match.get_or_init(compute)
    }
}

/// The first certificate, if it and those after it can be read.
fn chain(text: &[u8]) -> Result<Certificate, PairProblem> {
    let mut leaf = None;
    for (index, block) in pem::blocks(text).enumerate() {
        let block = block.map_err(|malformed| {
            let text = format!("the PEM block at line {} is malformed", malformed.line);
            PairProblem::Certificate(text)
        })?;
        let is_trusted = leaf.is_none() && block.kind == b"TRUSTED CERTIFICATE";
        if !is_certificate(&block.kind) && !is_trusted {
            continue;
        }
        let parsed = bundle::certificate(&block, leaf.is_none()).ok_or_else(|| {
            PairProblem::Certificate(format!("PEM block {} is malformed", index + 1))
        })?;
        leaf.get_or_insert(parsed);
    }
    leaf.ok_or_else(|| PairProblem::Certificate("there is no certificate in PEM".to_owned()))
}

/// Reads the private key, and compares it with the public one. What is left to compute is returned.
fn private_key(text: &[u8], public: PublicKey) -> Result<Option<Arc<PendingKey>>, &'static str> {
    let is_key = |block: &Block| KEY_TYPES.contains(&&*block.kind);
    let block = pem::blocks(text).find(|block| block.as_ref().map_or(true, is_key));
    let block = block.ok_or("there is no private key in PEM")?.map_err(|_| MALFORMED)?;
    if !block.is_plain() {
        return Err("encrypted private keys, and PEM with headers, are not supported");
    }
    let is_match = match (PrivateKey::read(&block)?, public) {
        (PrivateKey::Ec { curve, scalar, point }, PublicKey::Ec(wanted, public)) => {
            let is_match = curve == wanted && point.is_none_or(|point| point == public);
            let is_match = is_match.then_some(public).ok_or(MISMATCH);
            return is_match.map(|point| {
                Some(Arc::new(PendingKey { curve, scalar, point, is_match: OnceLock::new() }))
            });
        }
        (PrivateKey::Rsa { modulus, exponent }, public) => {
            public == PublicKey::Rsa { modulus, exponent }
        }
        (PrivateKey::Ed25519(key), public) => public == PublicKey::Ed25519(key),
        (PrivateKey::Ec { .. }, _) => false,
    };
    if is_match { Ok(None) } else { Err(MISMATCH) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = include_str!("../../tests/manifests/valid/lint/certificate-expired.yaml");

    /// The PEM text of a key of the Secret.
    fn value(key: &str) -> String {
        let (_, text) = SECRET.split_once(&format!("{key}: |\n")).unwrap();
        let lines = text.lines().take_while(|line| line.starts_with("    "));
        lines.map(|line| format!("{}\n", line.trim())).collect()
    }

    /// A Secret that nothing refers to costs no multiplication on a curve.
    #[test]
    fn a_key_is_compared_on_demand() {
        let (certificate, key) = (value("tls.crt"), value("tls.key"));
        let pair = ServerCertificate::read(certificate.as_bytes(), key.as_bytes(), false).unwrap();
        let pending = pair.pending.as_deref().unwrap();
        assert_eq!(pending.is_match.get(), None);
        assert_eq!(pair.clone().check_key(), Ok(()));
        assert_eq!(pending.is_match.get(), Some(&true));
    }

    /// Debugging shows no key.
    #[test]
    fn a_key_is_not_shown() {
        let (certificate, key) = (value("tls.crt"), value("tls.key"));
        let pair = ServerCertificate::read(certificate.as_bytes(), key.as_bytes(), false).unwrap();
        let shown = format!("{pair:?}");
        assert!(shown.contains("PendingKey") && !shown.contains("scalar"), "{shown}");
    }
}
