//! The settings of the whole Gateway: client validation, and grants for its references.

use std::collections::HashMap;

use super::{Ports, ReverseConversion};
use crate::{
    gateway_api::{
        input::{
            FrontendTls, GROUP, GatewayTls, GrantFrom, GrantTo, PortTls, ReferenceGrant, TlsConfig,
        },
        references::CA_SUFFIX,
    },
    sort,
};

impl ReverseConversion {
    /// One default if all ports have the same validation, otherwise an entry for each port that has
    /// one.
    pub(super) fn set_frontend(&mut self, ports: &Ports) {
        let wanted = ports.iter().filter_map(|(port, state)| Some((*port, state.wanted.clone()?)));
        let mut wanted: Vec<_> = wanted.collect();
        sort::sort_by_key(&mut wanted, |(port, _)| *port);
        let Some((_, first)) = wanted.first() else { return };
        let mut frontend = FrontendTls::default();
        if wanted.iter().all(|(_, other)| other == first) {
            frontend.default = TlsConfig { validation: first.clone() };
        } else {
            for (port, validation) in wanted.into_iter().filter(|(_, wanted)| wanted.is_some()) {
                frontend.per_port.push(PortTls { port, tls: TlsConfig { validation } });
            }
        }
        if frontend != FrontendTls::default() {
            self.gateway.spec.tls =
                Some(GatewayTls { frontend: Some(frontend), ..GatewayTls::default() });
        }
    }

    /// A ReferenceGrant in every other namespace to which it refers.
    pub(super) fn grant(&mut self) {
        let mut wanted: HashMap<String, Vec<GrantTo>> = HashMap::new();
        let mut want = |namespace: &Option<String>, kind: &str, name: String| {
            if let Some(namespace) = namespace {
                let to = GrantTo { group: String::new(), kind: kind.to_owned(), name: Some(name) };
                let all = wanted.entry(namespace.clone()).or_default();
                if !all.contains(&to) {
                    all.push(to);
                }
            }
        };
        let spec = &self.gateway.spec;
        let settings = spec.listeners.iter().filter_map(|listener| listener.tls.as_ref());
        for reference in settings.flat_map(|tls| &tls.certificate_refs) {
            want(&reference.namespace, "Secret", reference.name.clone());
        }
        let frontend = spec.tls.as_ref().and_then(|tls| tls.frontend.as_ref());
        let configs = frontend.iter().flat_map(|frontend| {
            let ports = frontend.per_port.iter().map(|entry| &entry.tls);
            std::iter::once(&frontend.default).chain(ports)
        });
        let validations = configs.filter_map(|config| config.validation.as_ref());
        for reference in validations.flat_map(|validation| &validation.ca_certificate_refs) {
            let name = format!("{}{CA_SUFFIX}", reference.name);
            want(&reference.namespace, &reference.kind, name);
        }
        let from = GrantFrom {
            group: GROUP.to_owned(),
            kind: "Gateway".to_owned(),
            namespace: self.namespace().to_owned(),
        };
        let name = format!("gateway-{}-{}", self.namespace(), self.gateway.metadata.name);
        self.reference_grants = wanted
            .into_iter()
            .map(|(namespace, to)| {
                let mut grant = ReferenceGrant::default();
                (grant.metadata.namespace, grant.metadata.name) = (namespace, name.clone());
                (grant.spec.from, grant.spec.to) = (vec![from.clone()], to);
                grant
            })
            .collect();
        sort::sort_by(&mut self.reference_grants, |one, other| {
            one.metadata.namespace.cmp(&other.metadata.namespace)
        });
    }
}
