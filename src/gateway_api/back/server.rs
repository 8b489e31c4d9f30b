//! A server's port and hosts as a listener.

use super::{Back, Said};
use crate::{
    FieldPath, Port, Server,
    diagnostic::Quoted,
    gateway_api::{
        input::{AllowedRoutes, LabelExpression, LabelSelector, Listener, RouteNamespaces},
        listener::PORT_NAME,
    },
    validate::{is_ip, is_subdomain},
};

impl Back {
    pub(super) fn server(&mut self, server: &Server, at: &FieldPath) -> Option<Said> {
        let Server { port, bind, hosts, tls, default_endpoint, name } = server;
        for (field, is_set) in
            [("bind", !bind.is_empty()), ("defaultEndpoint", !default_endpoint.is_empty())]
        {
            if is_set {
                self.unsaid(at.clone().key(field), "a listener has no such thing");
            }
        }
        if !name.is_empty() {
            self.note(at.clone().key("name"), "a server's name says nothing but in messages");
        }
        let Some(port) = port else {
            self.unsaid(at.clone().key("port"), "a listener needs a port");
            return None;
        };
        let mut listener = Listener::default();
        self.port(port, &mut listener, &at.clone().key("port"));
        self.hosts(hosts, &mut listener, &at.clone().key("hosts"));
        let wanted = match tls {
            Some(tls) => self.tls(tls, &mut listener, &at.clone().key("tls")),
            None if matches!(listener.protocol.as_str(), "HTTPS" | "TLS") => {
                self.unsaid(at.clone().key("tls"), "a listener of HTTPS or TLS needs tls");
                None
            }
            None => None,
        };
        Some(Said { listener, wanted })
    }

    #[expect(deprecated, reason = "every field is looked at")]
    fn port(&mut self, port: &Port, listener: &mut Listener, at: &FieldPath) {
        let Port { number, protocol, name, target_port } = port;
        match i32::try_from(*number) {
            Ok(number @ 1..=65535) => listener.port = number,
            _ => self.unsaid(at.clone().key("number"), "no port from 1 to 65535"),
        }
        if matches!(protocol.as_str(), "HTTP" | "HTTPS" | "TLS" | "TCP") {
            listener.protocol.clone_from(protocol);
        } else {
            let message = format!("a listener cannot have the protocol {}", Quoted(protocol));
            self.unsaid(at.clone().key("protocol"), message);
        }
        if name != PORT_NAME {
            let message = format!("every listener's port is called {PORT_NAME}");
            self.note(at.clone().key("name"), message);
        }
        if *target_port != 0 {
            self.unsaid(at.clone().key("targetPort"), "a listener has no such thing");
        }
    }

    /// One host name, and the namespaces in front of it.
    fn hosts(&mut self, hosts: &[String], listener: &mut Listener, at: &FieldPath) {
        let mut namespaces = Vec::new();
        let mut names = Vec::new();
        for (index, host) in hosts.iter().enumerate() {
            let (namespace, name) = match host.split_once('/') {
                Some((".", name)) => {
                    self.note(at.clone().index(index), "the namespace is named");
                    (self.namespace().to_owned(), name)
                }
                Some((namespace, name)) => (namespace.to_owned(), name),
                None => {
                    self.note(at.clone().index(index), "every namespace is said with */");
                    ("*".to_owned(), host.as_str())
                }
            };
            namespaces.push(namespace);
            names.push(name);
        }
        let Some(&name) = names.first() else {
            return self.unsaid(at.clone(), "a listener needs a host");
        };
        if names.iter().any(|other| *other != name) {
            return self.unsaid(at.clone(), "a listener has one host name: split the server");
        }
        if name.contains('/') || name.is_empty() {
            return self.unsaid(at.clone().index(0), "no host name");
        }
        if name != "*" && !is_hostname(name) {
            let message = "not as Gateway API writes a host name: lower case, at most a whole \
                           label of *, and no IP address";
            return self.unsaid(at.clone().index(0), message);
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
                return self.unsaid(at.clone(), "namespaces that no selector of names selects");
            }
            names if !names.is_sorted_by(|a, b| a < b) => {
                return self
                    .unsaid(at.clone(), "a selector gives its namespaces sorted, each once");
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

/// A lowercase name of RFC 1123, perhaps behind `*.`, and no IP address.
///
/// Source: Gateway API's type `Hostname`.
fn is_hostname(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    host.len() <= 253 && is_subdomain(name) && !is_ip(name)
}

/// A lowercase label of RFC 1123: a selector of anything else is not valid.
fn is_namespace(name: &str) -> bool {
    name.len() <= 63 && is_subdomain(name) && !name.contains('.')
}
