//! Secrets and `ConfigMaps` as istiod reads them for gateways. Only conclusions are kept, no values.

use zeroize::Zeroizing;

use super::{
    findings::{Location, Node},
    outline::{CompactLocation, LocationField},
};
use crate::{
    Object, certificates, is_placeholder, sort,
    x509::{CaBundle, LoadProblem, PairProblem, ServerCertificate},
};

/// A Secret or `ConfigMap`.
#[derive(Clone, Debug)]
pub(super) struct KeptSecret {
    pub(super) is_config_map: bool,
    /// Whether it is for TLS: by its type, or by one of its keys.
    pub(super) is_for_tls: bool,
    pub(super) name: CompactLocation,
    pub(super) content: Content,
}

/// The content, if it is known: there is any, without placeholders and values of a wrong type. Something else fills
/// in a Secret without content.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Unknown,
    Known(Box<Known>),
}

#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) server: Result<ServerCertificate, ServerProblem>,
    /// istiod's text about a certificate that it cannot read, and gives to Envoy.
    pub(super) unread: Option<String>,
    pub(super) ca: Result<CaBundle, CaProblem>,
}

/// Why a Secret has no server certificate that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ServerProblem {
    /// istiod finds none.
    Keys(String),
    Pair(PairProblem),
}

/// Why a Secret or `ConfigMap` has no CA that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CaProblem {
    /// istiod finds none.
    Keys(String),
    /// Envoy does not load it.
    Load(LoadProblem),
}

/// Why the content is not read.
enum Unread {
    Unknown,
    /// The value of this key, instead of its Base64.
    Pem(&'static str),
}

/// The keys of a certificate and its key, in the order in which istiod looks for them.
const PAIRS: [[&str; 2]; 2] = [["cert", "key"], ["tls.crt", "tls.key"]];
/// The keys of a CA and its CRL.
const CAS: [[&str; 2]; 2] = [["cacert", "crl"], ["ca.crt", "ca.crl"]];
/// The key of an OCSP response, which belongs to the second pair.
const OCSP: &str = "tls.ocsp-staple";

/// The key, if it is read.
fn known(key: &str) -> Option<&'static str> {
    const ALL: [[[&str; 2]; 2]; 2] = [PAIRS, CAS];
    let mut keys = ALL.as_flattened().as_flattened().iter().chain(&[OCSP]);
    keys.find(|known| **known == key).copied()
}

/// The keys of which one makes a Secret one for TLS.
fn is_tls_key(key: &str) -> bool {
    PAIRS.iter().flatten().any(|known| *known == key) || CAS.iter().any(|[ca, _]| *ca == key)
}

impl KeptSecret {
    /// Of a Secret or `ConfigMap`; `None` for another object.
    pub(super) fn of(object: &Object, root: &Location<'_, '_>) -> Option<Self> {
        let is_config_map = match (object.api_version(), object.kind()) {
            ("v1", "Secret") => false,
            ("v1", "ConfigMap") => true,
            _ => return None,
        };
        let metadata = root.field("metadata");
        let name = CompactLocation::of(LocationField::Name, 0, 0, &metadata.field("name"));
        let mut keys = ["data", "stringData"]
            .into_iter()
            .flat_map(|field| root.field(field).node)
            .flat_map(|map| map.entries().map(|(key, _)| key.text()));
        let is_for_tls = root.field("type").node.is_some_and(|of| of.text() == "kubernetes.io/tls")
            || keys.any(is_tls_key);
        let content = match Data::read(root, is_config_map) {
            Ok(data) => Content::Known(Box::new(data.known())),
            Err(Unread::Unknown) => Content::Unknown,
            Err(Unread::Pem(key)) => {
                let text = format!("data.{key} is PEM, and must be the Base64 of it");
                let ca = Err(CaProblem::Keys(text.clone()));
                let server = Err(ServerProblem::Keys(text));
                Content::Known(Box::new(Known { server, unread: None, ca }))
            }
        };
        Some(Self { is_config_map, is_for_tls, name, content })
    }
}

fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN")
}

/// The values that istiod reads, and the names of all keys.
#[derive(Default)]
struct Data {
    /// Sorted.
    keys: Vec<String>,
    values: Vec<(&'static str, Zeroizing<Vec<u8>>)>,
}

impl Data {
    fn read(root: &Location<'_, '_>, is_config_map: bool) -> Result<Self, Unread> {
        let mut data = Self::default();
        let as_text = |text: &str| Some(text.as_bytes().to_vec());
        let as_base64 = |text: &str| certificates::base64(text.as_bytes());
        if is_config_map {
            data.add(root.field("data").node, &as_text)?;
        } else {
            data.add(root.field("data").node, &as_base64)?;
            // It takes precedence. What is no PEM is something that another tool replaces.
            let as_pem = |text: &str| as_text(text).filter(|_| text.is_empty() || is_pem(text));
            data.add(root.field("stringData").node, &as_pem)?;
        }
        sort::sort_and_dedup(&mut data.keys);
        if data.keys.is_empty() { Err(Unread::Unknown) } else { Ok(data) }
    }

    fn add(
        &mut self,
        map: Option<Node<'_>>,
        decode: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<(), Unread> {
        let Some(map) = map.filter(|map| !map.is_null()) else { return Ok(()) };
        if !map.is_mapping() {
            return Err(Unread::Unknown);
        }
        for (key, value) in map.entries() {
            let key = key.text();
            self.keys.push(key.to_owned());
            let Some(known) = known(key) else { continue };
            let bytes = match value.as_str() {
                Some(text) if is_placeholder(text) => return Err(Unread::Unknown),
                Some(text) => decode(text).ok_or_else(|| match is_pem(text) {
                    true => Unread::Pem(known),
                    false => Unread::Unknown,
                })?,
                None if value.is_null() => Vec::new(),
                None => return Err(Unread::Unknown),
            };
            self.values.retain(|(name, _)| *name != known);
            self.values.push((known, Zeroizing::new(bytes)));
        }
        Ok(())
    }

    fn get(&self, key: &str) -> Option<&[u8]> {
        self.values.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_slice())
    }

    fn not_empty(&self, key: &str) -> Option<&[u8]> {
        self.get(key).filter(|value| !value.is_empty())
    }

    fn known(&self) -> Known {
        let unread = match self.pair() {
            Ok([certificate, _]) => certificates::check_certificates(certificate).err(),
            Err(_) => None,
        };
        Known { server: self.server(), unread, ca: self.ca() }
    }

    /// The certificate and the key.
    ///
    /// Source: istiod's `ExtractCertInfo`.
    fn pair(&self) -> Result<[&[u8]; 2], ServerProblem> {
        for [certificate, key] in PAIRS {
            if let (Some(certificate), Some(key)) =
                (self.not_empty(certificate), self.not_empty(key))
            {
                return Ok([certificate, key]);
            }
        }
        let has_both = |pair: &&[&str; 2]| pair.iter().all(|key| self.get(key).is_some());
        let [generic, tls] = PAIRS;
        Err(ServerProblem::Keys(match PAIRS.iter().find(has_both) {
            Some([certificate, key]) => {
                format!("found keys \"{certificate}\" and \"{key}\", but they were empty")
            }
            None => format!(
                "found secret, but didn't have expected keys ({}) or ({}); found: {}",
                generic.join(" and "),
                tls.join(" and "),
                self.found()
            ),
        }))
    }

    fn server(&self) -> Result<ServerCertificate, ServerProblem> {
        let [certificate, key] = self.pair()?;
        // istiod passes no OCSP response on with the generic keys.
        let [generic, _] = PAIRS;
        let is_generic = generic.iter().all(|key| self.not_empty(key).is_some());
        let has_response = !is_generic && self.not_empty(OCSP).is_some();
        ServerCertificate::read(certificate, key, has_response).map_err(ServerProblem::Pair)
    }

    /// Source: istiod's `ExtractRoot`.
    fn ca(&self) -> Result<CaBundle, CaProblem> {
        for [ca, crl] in CAS {
            if let Some(bundle) = self.not_empty(ca) {
                return CaBundle::read(bundle, self.get(crl)).map_err(CaProblem::Load);
            }
        }
        let cas = CAS.map(|[ca, _]| ca);
        Err(CaProblem::Keys(match cas.iter().find(|key| self.get(key).is_some()) {
            Some(key) => format!("found key \"{key}\", but it was empty"),
            None => format!(
                "found secret, but didn't have expected keys {}; found: {}",
                cas.join(" or "),
                self.found()
            ),
        }))
    }

    /// Source: istiod's `truncatedKeysMessage`.
    fn found(&self) -> String {
        let first: Vec<&str> = self.keys.iter().take(3).map(String::as_str).collect();
        match self.keys.len() {
            len @ 3.. => format!("{}, and {} more...", first.join(", "), len - 3),
            _ => first.join(", "),
        }
    }
}
