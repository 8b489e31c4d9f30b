//! Translates a server's port and hosts to a listener.

use super::{ReverseConversion, ServerListener};
use crate::{
    FieldPath, Port, Server,
    diagnostic::Quoted,
    gateway_api::{
        input::{AllowedRoutes, LabelExpression, LabelSelector, Listener, RouteNamespaces},
        listener::PORT_NAME,
    },
    names::{is_ip, is_subdomain},
};

impl ReverseConversion {
    pub(super) fn server(&mut self, server: &Server, at: &FieldPath) -> Option<ServerListener> {
        let Server { port, bind, hosts, tls, default_endpoint, name } = server;
        for (field, is_set) in
            [("bind", !bind.is_empty()), ("defaultEndpoint", !default_endpoint.is_empty())]
        {
            if is_set {
                self.not_representable(at.clone().key(field), "Gateway API has no such field");
            }
        }
        if !name.is_empty() {
            self.note(at.clone().key("name"), "server names are used only in messages");
        }
        let Some(port) = port else {
            self.not_representable(at.clone().key("port"), "a listener needs a port");
            return None;
        };
        let mut listener = Listener::default();
        self.port(port, &mut listener, &at.clone().key("port"));
        self.hosts(hosts, &mut listener, &at.clone().key("hosts"));
        let wanted = match tls {
            Some(tls) => self.tls(tls, &mut listener, &at.clone().key("tls")),
            None if matches!(listener.protocol.as_str(), "HTTPS" | "TLS") => {
                self.not_representable(
                    at.clone().key("tls"),
                    "a listener of HTTPS or TLS needs tls",
                );
                None
            }
            None => None,
        };
        Some(ServerListener { listener, wanted })
    }

    #[expect(deprecated, reason = "every field is looked at")]
    fn port(&mut self, port: &Port, listener: &mut Listener, at: &FieldPath) {
        let Port { number, protocol, name, target_port } = port;
        match i32::try_from(*number) {
            Ok(number @ 1..=65535) => listener.port = number,
            _ => self.not_representable(at.clone().key("number"), "not a port from 1 to 65535"),
        }
        if matches!(protocol.as_str(), "HTTP" | "HTTPS" | "TLS" | "TCP") {
            listener.protocol.clone_from(protocol);
        } else {
            let message = format!("listeners do not support the protocol {}", Quoted(protocol));
            self.not_representable(at.clone().key("protocol"), message);
        }
        if name != PORT_NAME {
            let message = format!("the port of every listener has the name {PORT_NAME}");
            self.note(at.clone().key("name"), message);
        }
        if *target_port != 0 {
            self.not_representable(at.clone().key("targetPort"), "Gateway API has no such field");
        }
    }

    /// One host name, with its namespaces.
    fn hosts(&mut self, hosts: &[String], listener: &mut Listener, at: &FieldPath) {
        let mut namespaces = Vec::new();
        let mut names = Vec::new();
        for (index, host) in hosts.iter().enumerate() {
            let (namespace, name) = match host.split_once('/') {
                Some((".", name)) => {
                    self.note(at.clone().index(index), "the namespace is written explicitly");
                    (self.namespace().to_owned(), name)
                }
                Some((namespace, name)) => (namespace.to_owned(), name),
                None => {
                    self.note(at.clone().index(index), "any namespace is written as */");
                    ("*".to_owned(), host.as_str())
                }
            };
            namespaces.push(namespace);
            names.push(name);
        }
        let Some(&name) = names.first() else {
            return self.not_representable(at.clone(), "a listener needs a host");
        };
        if names.iter().any(|other| *other != name) {
            return self
                .not_representable(at.clone(), "a listener has one host name: split the server");
        }
        if name.contains('/') || name.is_empty() {
            return self.not_representable(at.clone().index(0), "not a host name");
        }
        if name != "*" && !is_hostname(name) {
            let message = "not a host name for Gateway API: use lower case, \"*\" only as the first \
                           label, and no IP address";
            return self.not_representable(at.clone().index(0), message);
        }
        if name != "*" {
            listener.hostname = Some(name.to_owned());
        }
        let routes = match namespaces.as_slice() {
            [own] if own == self.namespace() && !own.is_empty() => return,
            [any] if any == "*" => {
                RouteNamespaces { from: Some("All".to_owned()), ..RouteNamespaces::default() }
            }
            names if !names.iter().all(|name| is_namespace(name)) => {
                return self
                    .not_representable(at.clone(), "a selector cannot select these namespaces");
            }
            names if !names.is_sorted_by(|a, b| a < b) => {
                return self.not_representable(
                    at.clone(),
                    "istiod lists the namespaces of a selector sorted, without duplicates",
                );
            }
            names => RouteNamespaces {
                from: Some("Selector".to_owned()),
                selector: Some(LabelSelector {
                    match_expressions: vec![LabelExpression {
                        key: "kubernetes.io/metadata.name".to_owned(),
                        operator: "In".to_owned(),
                        values: names.to_vec(),
                    }],
                    ..LabelSelector::default()
                }),
            },
        };
        listener.allowed_routes =
            Some(AllowedRoutes { namespaces: Some(routes), ..AllowedRoutes::default() });
    }
}

/// Whether it is a lowercase name of RFC 1123, possibly after `*.`, and not an IP address.
///
/// Source: Gateway API's type `Hostname`.
fn is_hostname(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    host.len() <= 253 && is_subdomain(name) && !is_ip(name)
}

/// Whether it is a lowercase label of RFC 1123: a selector of anything else is invalid.
fn is_namespace(name: &str) -> bool {
    name.len() <= 63 && is_subdomain(name) && !name.contains('.')
}
