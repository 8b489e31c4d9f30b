//! The CEL rules of Gateway API's definitions, by their messages.
//!
//! Defaults are set before rules are evaluated.

use std::{
    collections::HashSet,
    hash::Hash,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::{Schema, get, matches};
use crate::tree::Ref;

const HOSTNAME: &str = r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const KEY: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$";
const SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// The patterns of rules.
pub(super) const PATTERNS: [&str; 3] = [HOSTNAME, KEY, SUBDOMAIN];

/// An object whose fields have their defaults.
#[derive(Clone, Copy)]
struct Object<'t, 's> {
    schema: &'static Schema,
    node: Ref<'t, 's>,
}

impl<'t> Object<'t, '_> {
    fn has(self, key: &str) -> bool {
        get(self.node, key).is_some()
    }

    fn text(self, key: &str) -> Option<&'t str> {
        let default = || self.schema.field(key)?.schema.default;
        match get(self.node, key) {
            Some(value) => Some(value.text()),
            None => default(),
        }
    }

    fn is(self, key: &str, one_of: &[&str]) -> bool {
        self.text(key).is_some_and(|text| one_of.contains(&text))
    }

    fn object(self, key: &str) -> Option<Self> {
        let schema = &self.schema.field(key)?.schema;
        Some(Self { schema, node: get(self.node, key)? })
    }

    fn is_filled(self, key: &str) -> bool {
        get(self.node, key)
            .is_some_and(|v| v.items().next().is_some() || v.entries().next().is_some())
    }
}

/// Whether a rule is implemented here.
#[cfg(test)]
pub(super) fn is_known(message: &str) -> bool {
    message == IMMUTABLE || message.starts_with(HOSTNAME_VALUE) || ALL.contains(&message)
}

const HOSTNAME_VALUE: &str = "Hostname value must be empty or contain only valid characters";
/// A rule that applies only to updates.
#[cfg(test)]
const IMMUTABLE: &str = "field is immutable";

macro_rules! rules {
    ($($message:literal => $rule:expr,)*) => {
        #[cfg(test)]
        const ALL: &[&str] = &[$($message),*];

        /// Whether a rule holds for a value that is valid otherwise.
        pub(super) fn holds(message: &str, schema: &'static Schema, node: Ref<'_, '_>) -> bool {
            let value = Value { schema, node };
            match message {
                $($message => value.check($rule),)*
                _ if message.starts_with(HOSTNAME_VALUE) => value.check(has_hostname),
                _ => true,
            }
        }
    };
}

struct Value<'t, 's> {
    schema: &'static Schema,
    node: Ref<'t, 's>,
}

impl<'t, 's> Value<'t, 's> {
    fn check(&self, rule: fn(&Self) -> bool) -> bool {
        rule(self)
    }

    fn object(&self) -> Object<'t, 's> {
        Object { schema: self.schema, node: self.node }
    }

    fn items(&self) -> impl Iterator<Item = Object<'t, 's>> {
        let of = self.schema.of;
        self.node.items().filter_map(move |node| Some(Object { schema: of?, node }))
    }

    fn keys(&self) -> impl Iterator<Item = &'t str> {
        self.node.distinct_entries().into_iter().map(|(key, _)| key.text())
    }
}

fn are_unique<T: Eq + Hash>(values: impl IntoIterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    values.into_iter().all(|value| seen.insert(value))
}

fn are_unique_addresses(addresses: &Value<'_, '_>, kind: &str) -> bool {
    let values = addresses.items().filter(|address| address.is("type", &[kind]));
    are_unique(values.filter_map(|address| address.text("value")))
}

fn has_hostname(address: &Value<'_, '_>) -> bool {
    let address = address.object();
    !address.is("type", &["Hostname"])
        || address.text("value").is_none_or(|value| matches(HOSTNAME, value))
}

/// Whether a value of type `IPAddress` is an address.
pub(super) fn is_address(schema: &'static Schema, node: Ref<'_, '_>) -> bool {
    let address = Object { schema, node };
    let is_ip =
        |value: &str| value.parse::<Ipv4Addr>().is_ok() || value.parse::<Ipv6Addr>().is_ok();
    !address.is("type", &["IPAddress"]) || address.text("value").is_none_or(is_ip)
}

fn is_routability(value: &str) -> bool {
    let Some((domain, rest)) = value.split_once('/') else {
        return matches!(value, "" | "Cluster");
    };
    let is_subdomain = domain.len() <= 253 && matches(SUBDOMAIN, domain);
    let is_reserved = domain == "k8s.io" || domain.ends_with(".k8s.io");
    !rest.is_empty() && is_subdomain && !is_reserved
}

fn are_keys(map: &Value<'_, '_>) -> bool {
    map.keys().all(|key| key.len() <= super::LONGEST && matches(KEY, key))
}

fn have_short_prefixes(map: &Value<'_, '_>) -> bool {
    map.keys().all(|key| key.split('/').next().is_none_or(|first| first.chars().count() < 253))
}

rules! {
    "IPAddress values must be unique" => |v| are_unique_addresses(v, "IPAddress"),
    "Hostname values must be unique" => |v| are_unique_addresses(v, "Hostname"),
    "Routability must be empty, Cluster, or an implementation-specific prefixed path; k8s.io and its subdomains are reserved"
        => |v| is_routability(v.node.text()),
    "Annotation keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters."
        => are_keys,
    "Label keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters."
        => are_keys,
    "If specified, the annotation key's prefix must be a DNS subdomain not longer than 253 characters in total."
        => have_short_prefixes,
    "If specified, the label key's prefix must be a DNS subdomain not longer than 253 characters in total."
        => have_short_prefixes,
    "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']"
        => |v| v.items().all(|l| !l.is("protocol", &["HTTP", "TCP", "UDP"]) || !l.has("tls")),
    "tls mode must be Terminate for protocol HTTPS" => |v| v.items().all(|l| {
        !l.is("protocol", &["HTTPS"])
            || l.object("tls").is_none_or(|tls| tls.is("mode", &["", "Terminate"]))
    }),
    "tls mode must be set for protocol TLS" => |v| v.items().all(|l| {
        !l.is("protocol", &["TLS"])
            || l.object("tls").is_some_and(|tls| tls.text("mode").is_some_and(|mode| !mode.is_empty()))
    }),
    "hostname must not be specified for protocols ['TCP', 'UDP']" => |v| v.items().all(|l| {
        !l.is("protocol", &["TCP", "UDP"]) || l.text("hostname").is_none_or(str::is_empty)
    }),
    "Listener name must be unique within the Gateway"
        => |v| are_unique(v.items().map(|l| l.text("name"))),
    "Combination of port, protocol and hostname must be unique for each listener" => |v| {
        let port = |l: Object<'_, '_>| get(l.node, "port").map(Ref::to_text);
        are_unique(v.items().map(|l| (port(l), l.text("protocol"), l.text("hostname"))))
    },
    "filters may only be set when protocol is HTTP or HTTPS" => |v| {
        !v.object().has("filters") || v.object().is("protocol", &["HTTP", "HTTPS"])
    },
    "certificateRefs or options must be specified when mode is Terminate" => |v| {
        let tls = v.object();
        !tls.is("mode", &["Terminate"]) || tls.is_filled("certificateRefs") || tls.is_filled("options")
    },
    "ClusterTrustBundle references must not specify namespace" => |v| v.items().all(|reference| {
        !(reference.is("group", &["certificates.k8s.io"])
            && reference.is("kind", &["ClusterTrustBundle"])
            && reference.has("namespace"))
    }),
    "Port for TLS configuration must be unique within the Gateway"
        => |v| are_unique(v.items().map(|entry| get(entry.node, "port").map(Ref::to_text))),
    "filter.externalAuth must be nil if the filter.type is not ExternalAuth"
        => |v| !v.object().has("externalAuth") || v.object().is("type", &["ExternalAuth"]),
    "filter.externalAuth must be specified for ExternalAuth filter.type"
        => |v| v.object().has("externalAuth") || !v.object().is("type", &["ExternalAuth"]),
    "filter.extensionRef must be nil if the filter.type is not ExtensionRef"
        => |v| !v.object().has("extensionRef") || v.object().is("type", &["ExtensionRef"]),
    "filter.extensionRef must be specified for ExtensionRef filter.type"
        => |v| v.object().has("extensionRef") || !v.object().is("type", &["ExtensionRef"]),
    "grpc must be specified when protocol is set to 'GRPC'"
        => |v| v.object().has("grpc") || !v.object().is("protocol", &["GRPC"]),
    "protocol must be 'GRPC' when grpc is set"
        => |v| !v.object().has("grpc") || v.object().is("protocol", &["GRPC"]),
    "http must be specified when protocol is set to 'HTTP'"
        => |v| v.object().has("http") || !v.object().is("protocol", &["HTTP"]),
    "protocol must be 'HTTP' when http is set"
        => |v| !v.object().has("http") || v.object().is("protocol", &["HTTP"]),
    "Must have port for Service reference" => |v| {
        let backend = v.object();
        backend.has("port") || !(backend.is("group", &[""]) && backend.is("kind", &["Service"]))
    },
    "Must not have port for Backend reference" => |v| {
        let backend = v.object();
        !(backend.has("port")
            && backend.is("group", &["gateway.networking.x-k8s.io"])
            && backend.is("kind", &["XBackend"]))
    },
}
