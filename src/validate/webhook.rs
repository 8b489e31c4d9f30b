//! istiod's webhook: `ValidateGateway` of istio.io/istio, and the functions that it calls.

use std::{borrow::Cow, collections::HashSet, fmt::Write as _};

use super::{
    findings::{Findings, Location},
    fixes::{Change, Proposal},
    hosts, webhook_tls,
};
use crate::{
    Gateway, Port, Server,
    diagnostic::{nearest, only_near},
    go::{ProtoText, Quote},
    is_placeholder,
    names::is_ip,
    protocol::Protocol,
    rule,
    tls_plan::TlsPlan,
};

/// The metadata that the webhook checks.
pub(super) struct Metadata<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) namespace: &'a str,
}

/// Checks the document as the webhook does. It sends warnings only if it accepts the document.
pub(super) fn check(
    gateway: &Gateway,
    Metadata { name, namespace }: &Metadata<'_>,
    root: &Location<'_, '_>,
    findings: &mut Findings,
) {
    let metadata = root.field("metadata");
    let annotations = metadata.field("annotations");
    if refuse_annotation(name, namespace, &annotations, findings) {
        return;
    }
    let semantics = annotations.field("internal.istio.io/gateway-semantics");
    let has_gateway_semantics = semantics.node.is_some_and(|node| node.text() == "gateway");
    if is_placeholder(name) {
        findings.depend_on_placeholders();
    } else if !hosts::is_label(name) && !has_gateway_semantics {
        let place = metadata.field("name");
        let message = format!("invalid gateway name: {}", Quote(name));
        let help =
            "write letters, digits and dashes, at most 63, with a letter or digit at either end";
        findings.error(rule::webhook::NAME, &place, message, help.to_owned());
    }
    let spec = root.field("spec");
    let servers = spec.field("servers");
    if gateway.servers.is_empty() {
        let message = "gateway must have at least one server";
        return findings.error(
            rule::webhook::SERVERS_REQUIRED,
            &servers,
            message,
            "add a server".to_owned(),
        );
    }
    let mut nodes = servers.items();
    for (index, server) in gateway.servers.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| servers.item(index, None));
        check_server(server, has_gateway_semantics, &place, findings);
    }
    let mut nodes = servers.items();
    let mut port_names = HashSet::new();
    for (index, server) in gateway.servers.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| servers.item(index, None));
        let Some(port) = &server.port else { continue };
        if !port_names.insert(port.name.as_str()) {
            let port_place = place.field("port");
            let message =
                format!("port names in servers must be unique: duplicate name {}", port.name);
            let help = format!(
                "use a different name for each port of this Gateway, such as {}",
                other_name(port)
            );
            findings.error(
                rule::webhook::PORT_NAME_UNIQUE,
                &port_place.field("name"),
                message,
                help,
            );
        }
        let redirects = server.tls.as_ref().is_some_and(|tls| tls.https_redirect);
        if redirects && !Protocol::parse(&port.protocol).is_some_and(Protocol::is_http) {
            let tls = place.field("tls");
            let message = "tls.httpsRedirect should only be used with http servers";
            let help = "move it to the server of the plain HTTP port".to_owned();
            findings.warning(
                rule::webhook::HTTPS_REDIRECT,
                &tls.field("httpsRedirect"),
                message,
                help,
            );
        }
    }
}

fn other_name(port: &Port) -> String {
    let name = if port.name.is_empty() { "port" } else { &port.name };
    format!("{:?}", format!("{}-{}", name.chars().take(40).collect::<String>(), port.number))
}

/// `validateMetadata`: an annotation after which nothing else is checked.
fn refuse_annotation(
    name: &str,
    namespace: &str,
    annotations: &Location<'_, '_>,
    findings: &mut Findings,
) -> bool {
    const DRY_RUN: &str = "istio.io/dry-run";
    let help = "remove the annotation".to_owned();
    let dry_run = annotations.field(DRY_RUN);
    if dry_run.node.is_some() {
        let message = format!(
            "{namespace}/{name} has unsupported annotation {DRY_RUN}, please remove the annotation"
        );
        findings.error(rule::webhook::DRY_RUN, &dry_run, message, help);
        return true;
    }
    for (key, rule, end) in [
        ("internal.istio.io/webhook-always-reject", rule::webhook::ALWAYS_REJECT, "rejecting"),
        ("internal.istio.io/parent-namespace", rule::webhook::INTERNAL_ANNOTATION, NOT_BY_USERS),
        ("internal.istio.io/parents", rule::webhook::INTERNAL_ANNOTATION, NOT_BY_USERS),
    ] {
        let annotation = annotations.field(key);
        if annotation.node.is_some() {
            findings.error(rule, &annotation, format!("\"{key}\" annotation found, {end}"), help);
            return true;
        }
    }
    false
}

const NOT_BY_USERS: &str = "this may not be set by users";

fn check_server(
    server: &Server,
    has_gateway_semantics: bool,
    place: &Location<'_, '_>,
    findings: &mut Findings,
) {
    let hosts = place.field("hosts");
    if server.hosts.is_empty() {
        let message = "server config must contain at least one host";
        let help = "add hosts: [\"*\"] for every host".to_owned();
        findings.error(rule::webhook::HOSTS_REQUIRED, &hosts, message, help);
    }
    let mut nodes = hosts.items();
    for (index, host) in server.hosts.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| hosts.item(index, None));
        hosts::check(host, has_gateway_semantics, |(rule, message, help)| {
            findings.error(rule, &place, message, help.to_owned());
        });
    }
    let port_place = place.field("port");
    let mark = findings.len();
    check_port(server.port.as_ref(), &server.bind, &port_place, findings);
    let port_is_good = findings.len() == mark;
    check_bind(server.port.as_ref(), &server.bind, place, findings);
    let tls_place = place.field("tls");
    if let Some(settings) = &server.tls {
        webhook_tls::check(settings, &TlsPlan::new(settings), &tls_place, findings);
    }
    let Some(port) = server.port.as_ref().filter(|_| port_is_good) else { return };
    let Some(protocol) = Protocol::parse(&port.protocol) else { return };
    match &server.tls {
        None if protocol.is_tls() => {
            let message = "server must have TLS settings for HTTPS/TLS protocols";
            let help = "add tls with a mode and a credentialName, or mode: PASSTHROUGH".to_owned();
            findings.error(
                rule::webhook::TLS_REQUIRED,
                &port_place.field("protocol"),
                message,
                help,
            );
        }
        Some(settings) if protocol.is_http() => {
            let has_files =
                [&settings.ca_certificates, &settings.private_key, &settings.server_certificate];
            if TlsPlan::new(settings).terminates_tls()
                || has_files.iter().any(|file| !file.is_empty())
            {
                let message = "server cannot have TLS settings for plain text HTTP ports";
                let help = "set the port's protocol to HTTPS, or remove tls".to_owned();
                findings.error(rule::webhook::TLS_ON_HTTP, &tls_place, message, help);
            }
        }
        Some(_) if !protocol.is_tls() => {
            let message = "server cannot have TLS settings for non HTTPS/TLS ports";
            let help = "set the port's protocol to TLS, or remove tls".to_owned();
            findings.error(rule::webhook::TLS_ON_TCP, &tls_place, message, help);
        }
        _ => {}
    }
}

fn check_port(port: Option<&Port>, bind: &str, place: &Location<'_, '_>, findings: &mut Findings) {
    let Some(port) = port else {
        let help = "add port with number, name and protocol; check for a stray \"-\" before hosts";
        return findings.error(
            rule::webhook::PORT_REQUIRED,
            place,
            "port is required",
            help.to_owned(),
        );
    };
    if Protocol::parse(&port.protocol).is_none() {
        let message = format!(
            "invalid protocol {}, supported protocols are HTTP, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP",
            Quote(&port.protocol)
        );
        let names =
            ["HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB", "TLS", "TCP", "MONGO", "REDIS", "MYSQL"];
        let help = match nearest(&port.protocol, names) {
            Some(name) => format!("write {name}"),
            None => "HTTPS and TLS are supported too".to_owned(),
        };
        let name = only_near(&port.protocol, names.into_iter());
        findings.with_fix(name.map(|name| Proposal::set_text("protocol", name)), |findings| {
            findings.error(rule::webhook::PROTOCOL, &place.field("protocol"), message, help);
        });
    }
    let is_in_range = (1..=65535).contains(&port.number);
    if (port.number > 0 || !bind.starts_with(UNIX)) && !is_in_range {
        let message = format!("port number {} must be in the range 1..65535", port.number);
        findings.error(rule::webhook::PORT_NUMBER, &place.field("number"), message, None);
    }
    if target_port(port) > 0 {
        let help = "remove it; the Service of the gateway's pods maps ports".to_owned();
        let message = "targetPort has no impact on Gateways";
        findings.with_fix(Proposal::same(Change::Remove), |findings| {
            findings.error(rule::webhook::TARGET_PORT, &place.field("targetPort"), message, help);
        });
    }
    if port.name.is_empty() {
        let message = format!("port name must be set: {}", proto_text(port));
        let help = "add a name, such as \"https\"".to_owned();
        findings.error(rule::webhook::PORT_NAME_REQUIRED, &place.field("name"), message, help);
    }
}

const UNIX: &str = "unix://";

fn check_bind(port: Option<&Port>, bind: &str, place: &Location<'_, '_>, findings: &mut Findings) {
    let bind_place = place.field("bind");
    let Some(path) = bind.strip_prefix(UNIX) else {
        if !bind.is_empty() && !is_ip(bind) {
            let message = format!("{bind} is not a valid IP");
            let help = "write an IP address without a port, or unix:// and a path".to_owned();
            findings.error(rule::webhook::BIND_ADDRESS, &bind_place, message, help);
        }
        return;
    };
    let help =
        || "write unix:// and an absolute path, such as unix:///var/run/gateway.sock".to_owned();
    if path.is_empty() {
        let message = "unix address must not be empty";
        findings.error(rule::webhook::UNIX_ADDRESS, &bind_place, message, help());
    } else if !path.starts_with('@') && (!path.starts_with('/') || path.ends_with('/')) {
        let message = format!("{path} is not an absolute path to a file");
        findings.error(rule::webhook::UNIX_ADDRESS, &bind_place, message, help());
    }
    if let Some(port) = port.filter(|port| port.number != 0) {
        let message = format!("port number must be 0 for unix domain socket: {}", proto_text(port));
        let port_place = place.field("port");
        let help = "write number: 0".to_owned();
        findings.error(rule::webhook::UNIX_PORT, &port_place.field("number"), message, help);
    }
}

#[expect(deprecated, reason = "the webhook checks it")]
fn target_port(port: &Port) -> u32 {
    port.target_port
}

/// A port in protobuf's text format.
fn proto_text(port: &Port) -> String {
    let mut text = String::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let space = if text.is_empty() { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = write!(text, "{space}{name}:{value}");
        }
    };
    let number = |number: u32| (number != 0).then(|| number.to_string());
    let quoted = |text: &str| (!text.is_empty()).then(|| ProtoText(text).to_string());
    add("number", number(port.number));
    add("protocol", quoted(&port.protocol));
    add("name", quoted(&port.name));
    add("target_port", number(target_port(port)));
    text
}
