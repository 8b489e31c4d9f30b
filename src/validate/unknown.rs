//! Unknown values: placeholders, and values that Istio's decoder rejects.
//!
//! For a Gateway with such values, only the findings of webhook and lint that do not depend on them are
//! reported. To find these, the Gateway is checked many times with different values, and only the
//! findings of every run are kept. So webhook and lint know nothing of placeholders, and rules need no
//! list of the fields that they depend on.

use std::collections::HashMap;

use super::{
    Options,
    findings::{Findings, Location},
    lint, webhook,
};
use crate::{
    FieldPath, Gateway, Port, Server, ServerTlsSettings, TlsMode, diagnostic::Step, sort,
    tls_plan::TlsField,
};

/// An unknown value: its path as field names (`servers[].port.number`), and the indexes in that path.
pub(super) struct UnknownValue {
    field: String,
    indexes: Vec<usize>,
}

impl UnknownValue {
    /// The value at a path below `spec`.
    pub(super) fn at(path: &[Step]) -> Self {
        let (mut field, mut indexes) = (String::new(), Vec::new());
        for step in path {
            match step {
                Step::Key(_) if field == "selector" => {}
                Step::Key(key) => {
                    if !field.is_empty() {
                        field.push('.');
                    }
                    field.push_str(key);
                }
                Step::Index(index) => {
                    field.push_str("[]");
                    indexes.push(*index);
                }
            }
        }
        Self { field, indexes }
    }

    fn server(&self) -> Option<usize> {
        self.indexes.first().copied()
    }
}

/// All unknown values of a Gateway.
pub(super) struct Unknown {
    values: Vec<UnknownValue>,
    /// For each value, the product of the number of choices of earlier values of the same server. It
    /// decides which choice a run uses.
    strides: Vec<usize>,
    turns: usize,
}

impl Unknown {
    /// `servers` is the number of servers: the more there are, the fewer runs.
    pub(super) fn new(values: Vec<UnknownValue>, servers: usize) -> Self {
        /// The maximum number of servers that are checked in all runs together.
        const BUDGET: usize = 40_000;
        let most = (BUDGET / (servers + values.len()).max(1)).clamp(8, 256);
        let mut products: HashMap<_, usize> = HashMap::new();
        let mut strides = Vec::with_capacity(values.len());
        for value in &values {
            let product = products.entry(value.server()).or_insert(1);
            strides.push(*product);
            *product = product.saturating_mul(choices(&value.field));
        }
        let turns = products.into_values().max().unwrap_or(1).min(most);
        Self { values, strides, turns }
    }

    /// The findings of webhook and lint that do not depend on the values.
    pub(super) fn check(
        &self,
        gateway: &Gateway,
        metadata: &webhook::Metadata<'_>,
        place: &Location<'_, '_>,
        options: &Options,
    ) -> Findings {
        let mut common: Option<Findings> = None;
        for turn in 0..self.turns {
            let mut gateway = gateway.clone();
            for (index, (value, stride)) in self.values.iter().zip(&self.strides).enumerate() {
                let count = choices(&value.field);
                // All combinations of the values of one server if they are few, otherwise some of them.
                // Each value has each of its choices: there are at least eight turns.
                let choice = if stride.saturating_mul(count) <= self.turns {
                    turn / stride
                } else {
                    turn + mixed(turn / count, index)
                };
                assume(&mut gateway, value, choice % count, index);
            }
            let mut found = Findings::default();
            webhook::check(&gateway, metadata, place, &mut found);
            lint::check(&gateway, place, options, &mut found);
            match &mut common {
                Some(common) => common.keep_common(&found),
                None => common = Some(found),
            }
        }
        common.unwrap_or_default()
    }

    /// The servers of which a value is unknown; none if other values are unknown.
    pub(super) fn servers(&self) -> Option<Vec<usize>> {
        let servers: Option<Vec<usize>> = self.values.iter().map(UnknownValue::server).collect();
        let mut servers = servers?;
        sort::sort_and_dedup(&mut servers);
        Some(servers)
    }

    /// The Gateway without its unknown values, to compare it with other Gateways: empty names and
    /// servers without a port number are not compared.
    pub(super) fn without(&self, mut gateway: Gateway) -> Gateway {
        let mut is_selected = true;
        for value in &self.values {
            is_selected &= !value.field.starts_with("selector");
            blank(&mut gateway, value);
        }
        if !is_selected {
            let ports = gateway.servers.iter_mut().filter_map(|server| server.port.as_mut());
            ports.for_each(|port| port.number = 0);
        }
        gateway
    }
}

/// A deterministic pseudo-random number.
fn mixed(turn: usize, index: usize) -> usize {
    let mixed = (turn as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (index as u64 + 1).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    usize::try_from((mixed ^ (mixed >> 29)).wrapping_mul(0x1656_67b1_9e37_79f9) >> 40)
        .unwrap_or_default()
}

const PROTOCOLS: [&str; 4] = ["HTTP", "HTTPS", "TCP", "?"];
const BINDS: [&str; 4] = ["", "192.0.2.1", "unix:///socket", "?"];

/// The number of values that are tried for a field.
fn choices(field: &str) -> usize {
    let field = field.strip_prefix("servers[].").unwrap_or(field);
    if let Some((field, below)) = field.strip_prefix("tls.").and_then(tls_field) {
        return tls_choices(field, below);
    }
    match field {
        "port.protocol" | "bind" | "port" | "tls" => 4,
        "port.number" => 3,
        "port.targetPort" | "port.name" | "hosts[]" | "name" | "hosts" | "servers[]"
        | "servers" | "selector" => 2,
        _ => 1,
    }
}

/// Sets a value to the given choice. `unique` makes it differ from all others. A string is never empty,
/// since a placeholder is rarely replaced with nothing.
fn assume(gateway: &mut Gateway, value: &UnknownValue, choice: usize, unique: usize) {
    let is_first = choice == 0;
    if value.field.starts_with("selector") {
        if value.field == "selector" && !is_first {
            gateway.selector.insert("istio".to_owned(), "ingressgateway".to_owned());
        }
        return;
    }
    if value.field == "servers" {
        gateway.servers = if is_first { Vec::new() } else { vec![server(unique)] };
        return;
    }
    let Some(own) = value.server().and_then(|index| gateway.servers.get_mut(index)) else { return };
    let item = value.indexes.get(1).copied().unwrap_or_default();
    let small = u32::try_from(unique % 60_000).unwrap_or_default();
    match value.field.strip_prefix("servers[].").unwrap_or_default() {
        "" => *own = if is_first { server(unique) } else { Server::default() },
        "hosts" => own.hosts = if is_first { vec![host(unique)] } else { Vec::new() },
        "hosts[]" => {
            set(&mut own.hosts, item, if is_first { host(unique) } else { "?".to_owned() });
        }
        "bind" => own.bind = nth(&BINDS, choice),
        "name" => {
            own.name = if is_first { format!("server-{unique}") } else { "server".to_owned() }
        }
        "defaultEndpoint" => own.default_endpoint = "127.0.0.1:80".to_owned(),
        "port" => {
            let port =
                port(if choice == 3 { 0 } else { small + 1 }, nth(&PROTOCOLS, choice), unique);
            own.port = (choice != 2).then_some(port);
        }
        "tls" => {
            let mode = [TlsMode::Passthrough, TlsMode::Simple, TlsMode::Mutual].get(choice);
            own.tls = mode.map(|mode| ServerTlsSettings {
                mode: (*mode).into(),
                credential_name: if is_first { String::new() } else { "credential".to_owned() },
                ..Default::default()
            });
        }
        field => match field.split_once('.') {
            Some(("port", field)) => {
                let Some(port) = &mut own.port else { return };
                match field {
                    "number" => {
                        port.number = [0, small + 1, 70_000].get(choice).copied().unwrap_or(0);
                    }
                    "protocol" => port.protocol = nth(&PROTOCOLS, choice),
                    "name" if is_first => port.name = format!("port-{unique}"),
                    "name" => "port".clone_into(&mut port.name),
                    "targetPort" => set_target_port(port, u32::from(!is_first)),
                    _ => {}
                }
            }
            Some(("tls", field)) => {
                let Some(tls) = &mut own.tls else { return };
                assume_tls(tls, field, item, choice, unique);
            }
            _ => {}
        },
    }
}

/// The field of TLS settings with this path, and what is below it.
fn tls_field(path: &str) -> Option<(TlsField, &str)> {
    TlsField::ALL.into_iter().find_map(|field| {
        let below = path.strip_prefix(field.as_str())?;
        (below.is_empty() || below.starts_with("[]")).then_some((field, below))
    })
}

fn tls_choices(field: TlsField, below: &str) -> usize {
    match field {
        TlsField::Mode => 6,
        TlsField::MinProtocolVersion | TlsField::MaxProtocolVersion => 5,
        TlsField::HttpsRedirect
        | TlsField::InsecureSkipVerify
        | TlsField::CaCertCredentialName
        | TlsField::VerifyCertificateSpki
        | TlsField::VerifyCertificateHash
        | TlsField::CipherSuites
        | TlsField::EcdhCurves
        | TlsField::AlpnProtocols => 2,
        TlsField::CredentialNames | TlsField::TlsCertificates | TlsField::SubjectAltNames => {
            if below.is_empty() {
                2
            } else {
                1
            }
        }
        TlsField::ServerCertificate
        | TlsField::PrivateKey
        | TlsField::CaCertificates
        | TlsField::CaCrl
        | TlsField::CredentialName => 1,
    }
}

fn assume_tls(tls: &mut ServerTlsSettings, path: &str, item: usize, choice: usize, unique: usize) {
    let Some((field, below)) = tls_field(path) else { return };
    let is_first = choice == 0;
    let number = i32::try_from(choice).unwrap_or_default();
    let text = || format!("value-{unique}");
    // A list, or one of its items: one that is valid, and any.
    let list = |list: &mut Vec<String>, valid: &str| match below {
        "" => *list = if is_first { Vec::new() } else { vec![text()] },
        _ => set(list, item, if is_first && !valid.is_empty() { valid.to_owned() } else { text() }),
    };
    match field {
        TlsField::Mode => tls.mode = number,
        TlsField::MinProtocolVersion => tls.min_protocol_version = number,
        TlsField::MaxProtocolVersion => tls.max_protocol_version = number,
        TlsField::HttpsRedirect => tls.https_redirect = !is_first,
        TlsField::InsecureSkipVerify => tls.insecure_skip_verify = Some(!is_first),
        TlsField::ServerCertificate => tls.server_certificate = text(),
        TlsField::PrivateKey => tls.private_key = text(),
        TlsField::CaCertificates => tls.ca_certificates = text(),
        TlsField::CaCrl => tls.ca_crl = text(),
        TlsField::CredentialName => tls.credential_name = text(),
        TlsField::CaCertCredentialName => {
            tls.ca_cert_credential_name = text() + if is_first { "-cacert" } else { "" };
        }
        TlsField::CredentialNames => list(&mut tls.credential_names, ""),
        TlsField::TlsCertificates => match (below, tls.tls_certificates.get_mut(item)) {
            ("", _) if is_first => tls.tls_certificates = Vec::new(),
            ("", _) => tls.tls_certificates = vec![certificate()],
            ("[]", Some(own)) => *own = certificate(),
            ("[].serverCertificate", Some(own)) => own.server_certificate = text(),
            ("[].privateKey", Some(own)) => own.private_key = text(),
            _ => {}
        },
        TlsField::SubjectAltNames => list(&mut tls.subject_alt_names, ""),
        TlsField::VerifyCertificateSpki => {
            list(&mut tls.verify_certificate_spki, &("A".repeat(43) + "="));
        }
        TlsField::VerifyCertificateHash => list(&mut tls.verify_certificate_hash, &"0".repeat(64)),
        TlsField::CipherSuites => list(&mut tls.cipher_suites, "ECDHE-RSA-AES128-GCM-SHA256"),
        TlsField::EcdhCurves => list(&mut tls.ecdh_curves, "X25519"),
        TlsField::AlpnProtocols => list(&mut tls.alpn_protocols, "http/1.1"),
    }
}

fn blank(gateway: &mut Gateway, value: &UnknownValue) {
    let Some(own) = value.server().and_then(|index| gateway.servers.get_mut(index)) else { return };
    let item = value.indexes.get(1).copied().unwrap_or_default();
    match value.field.strip_prefix("servers[].").unwrap_or_default() {
        "hosts[]" => set(&mut own.hosts, item, String::new()),
        // Without the address or the protocol, conflicts of the port are unknown.
        "bind" | "port.number" | "port.protocol" | "" => own.port = None,
        "tls.credentialName" => {
            if let Some(tls) = &mut own.tls {
                tls.credential_name.clear();
            }
        }
        "tls.credentialNames[]" => {
            if let Some(tls) = &mut own.tls {
                set(&mut tls.credential_names, item, String::new());
            }
        }
        _ => {}
    }
}

fn set(list: &mut [String], item: usize, value: String) {
    if let Some(own) = list.get_mut(item) {
        *own = value;
    }
}

fn nth(values: &[&str], choice: usize) -> String {
    values.get(choice).copied().unwrap_or_default().to_owned()
}

fn host(unique: usize) -> String {
    format!("host-{unique}.invalid")
}

fn port(number: u32, protocol: String, unique: usize) -> Port {
    Port { number, protocol, name: format!("port-{unique}"), ..Default::default() }
}

fn server(unique: usize) -> Server {
    let number = u32::try_from(unique % 60_000).unwrap_or_default() + 1;
    Server {
        port: Some(port(number, "HTTP".to_owned(), unique)),
        hosts: vec![host(unique)],
        ..Default::default()
    }
}

fn certificate() -> crate::TlsCertificate {
    crate::TlsCertificate {
        server_certificate: "certificate".to_owned(),
        private_key: "key".to_owned(),
        ..Default::default()
    }
}

#[expect(deprecated, reason = "the webhook looks at it")]
fn set_target_port(port: &mut Port, number: u32) {
    port.target_port = number;
}

/// The path of a value below `spec`, if it is there.
pub(super) fn below_spec(path: &FieldPath) -> Option<&[Step]> {
    match path.steps() {
        [Step::Key(spec), rest @ ..] if spec == "spec" && !rest.is_empty() => Some(rest),
        _ => None,
    }
}
