//! Secrets and `ConfigMaps` as istiod reads them for gateways. Only conclusions are kept, no values.

use std::collections::BTreeSet;

use super::{
    findings::{Location, Node},
    outline::{CompactLocation, LocationField},
};
use crate::{
    Object,
    certificates::{self, PairProblem, ServerCertificate, is_any_ca},
    is_placeholder,
};

/// A Secret or `ConfigMap`.
#[derive(Clone, Debug)]
pub(super) struct KeptSecret {
    pub(super) is_config_map: bool,
    pub(super) name: CompactLocation,
    pub(super) content: Content,
}

/// The content, if it is known: there is any, without placeholders and values of a wrong type. Something else fills
/// in a Secret without content.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Unknown,
    Known { server: Result<ServerCertificate, ServerProblem>, ca: Result<(), CaProblem> },
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
    /// There is no certificate that can be read.
    Unreadable,
    /// There are certificates, and none of them is a CA's.
    NoCa,
}

/// The keys of a certificate and its key, in the order in which istiod looks for them.
const PAIRS: [[&str; 2]; 2] = [["cert", "key"], ["tls.crt", "tls.key"]];
/// The keys of a CA.
const CAS: [&str; 2] = ["cacert", "ca.crt"];

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
        let content = Data::read(root, is_config_map).map_or(Content::Unknown, |data| {
            Content::Known { server: data.server(), ca: data.ca() }
        });
        Some(Self { is_config_map, name, content })
    }
}

/// The values that istiod reads, and the names of all keys.
#[derive(Default)]
struct Data {
    keys: BTreeSet<String>,
    values: Vec<(&'static str, Vec<u8>)>,
}

impl Data {
    /// `None` if a value is not known, or not valid.
    fn read(root: &Location<'_, '_>, is_config_map: bool) -> Option<Self> {
        let mut data = Self::default();
        data.add(root.field("data").node, |text| match is_config_map {
            true => Some(text.as_bytes().to_vec()),
            false => certificates::base64(text.as_bytes()),
        })?;
        if !is_config_map {
            // It takes precedence.
            data.add(root.field("stringData").node, |text| Some(text.as_bytes().to_vec()))?;
        }
        (!data.keys.is_empty()).then_some(data)
    }

    fn add(
        &mut self,
        map: Option<Node<'_>>,
        decode: impl Fn(&str) -> Option<Vec<u8>>,
    ) -> Option<()> {
        let Some(map) = map.filter(|map| !map.is_null()) else { return Some(()) };
        map.is_mapping().then_some(())?;
        for (key, value) in map.entries() {
            let key = key.text();
            self.keys.insert(key.to_owned());
            let Some(known) = PAIRS.iter().flatten().chain(&CAS).find(|known| **known == key)
            else {
                continue;
            };
            let bytes = match value.as_str() {
                Some(text) if is_placeholder(text) => return None,
                Some(text) => decode(text)?,
                None if value.is_null() => Vec::new(),
                None => return None,
            };
            self.values.retain(|(name, _)| name != known);
            self.values.push((known, bytes));
        }
        Some(())
    }

    fn get(&self, key: &str) -> Option<&[u8]> {
        self.values.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_slice())
    }

    fn not_empty(&self, key: &str) -> Option<&[u8]> {
        self.get(key).filter(|value| !value.is_empty())
    }

    /// Source: istiod's `ExtractCertInfo`.
    fn server(&self) -> Result<ServerCertificate, ServerProblem> {
        for [certificate, key] in PAIRS {
            if let (Some(certificate), Some(key)) =
                (self.not_empty(certificate), self.not_empty(key))
            {
                return ServerCertificate::read(certificate, key).map_err(ServerProblem::Pair);
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

    /// Source: istiod's `ExtractRoot`.
    fn ca(&self) -> Result<(), CaProblem> {
        if let Some(bundle) = CAS.iter().find_map(|key| self.not_empty(key)) {
            return match is_any_ca(bundle) {
                None => Err(CaProblem::Unreadable),
                Some(false) => Err(CaProblem::NoCa),
                Some(true) => Ok(()),
            };
        }
        Err(CaProblem::Keys(match CAS.iter().find(|key| self.get(key).is_some()) {
            Some(key) => format!("found key \"{key}\", but it was empty"),
            None => format!(
                "found secret, but didn't have expected keys {}; found: {}",
                CAS.join(" or "),
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
