//! What istiod and Envoy make of the Gateways and VirtualServices together.

use std::collections::{HashMap, HashSet};

use super::{GatewaySet, ServerPart, SetFinding, SetGateway, finding, small};
use crate::{
    Diagnostic, FieldPath, Gateway, Server, Severity,
    diagnostic::Quoted,
    merged_gateway::{
        Bypass, Listener, ListenerRejection, MergedSet, MergedWorkload, MisdirectedRequest,
        NamedGateway, TrafficMode, VirtualService, may_interact,
    },
    rule::{self, RuleId},
    validate::outline::CompactLocation,
};

/// Servers that are merged at most if there is no VirtualService, so that a stream of any length is checked in
/// little memory.
const MOST_SERVERS: usize = 10_000;

impl GatewaySet {
    /// Whether the Gateways are merged, and not judged alone.
    pub(super) fn are_merged(&self) -> bool {
        let servers: usize = self.gateways.iter().map(|gateway| gateway.spans.servers()).sum();
        !self.services.is_empty() || servers <= MOST_SERVERS
    }

    pub(super) fn not_merged(&self) -> Option<SetFinding> {
        let is_needed = self.gateways.len() > 1;
        is_needed.then(|| self.note("the Gateways are too many to merge: each is judged alone"))?
    }

    /// Judges some of the Gateways, of which the first one has this index: bypasses of client checks, listeners
    /// that Envoy rejects, requests that arrive at the wrong server, and servers that lead nowhere.
    pub(super) fn merge(
        &self,
        of_set: &[SetGateway],
        first: usize,
        findings: &mut Vec<SetFinding>,
    ) {
        let services: Vec<VirtualService> =
            self.services.iter().map(|service| service.kept.service.clone()).collect();
        let mut known: HashSet<(RuleId, ServerId, ServerId)> = HashSet::new();
        let specs: Vec<Gateway> = of_set.iter().map(SetGateway::known_spec).collect();
        if services.is_empty() && !may_interact(specs.iter().flat_map(|spec| &spec.servers)) {
            return;
        }
        let gateways: Vec<NamedGateway<'_>> = of_set
            .iter()
            .zip(&specs)
            .map(|(own, gateway)| NamedGateway {
                namespace: own.namespace(),
                name: own.name(),
                created: own.created,
                gateway,
            })
            .collect();
        let set = MergedSet::build(&gateways, &services);
        if set.omitted > 0 {
            let message = format!(
                "the Gateways are too many to merge for {} of their selectors: bypasses of client checks \
                 and rejected listeners are not known",
                set.omitted
            );
            findings.extend(self.note(&message));
        }
        for workload in &set.workloads {
            for found in Judged::new(self, first, workload).findings() {
                // The Gateways of a smaller selector are in several workloads.
                if known.insert((found.rule, found.server, found.other.unwrap_or(found.server))) {
                    findings.extend(self.finding(found));
                }
            }
        }
    }

    /// A note that not all is known.
    pub(super) fn note(&self, message: &str) -> Option<SetFinding> {
        let gateway = self.gateways.first()?;
        let place = CompactLocation::default();
        let help = "check fewer files at once".to_owned();
        let rule = rule::document::OMITTED;
        let mut found = finding(rule, gateway.document, &place, message.to_owned(), help);
        found.diagnostic.severity = Severity::Note;
        found.diagnostic.path = FieldPath::root();
        Some(found)
    }

    fn finding(&self, found: Found) -> Option<SetFinding> {
        let Found { rule, server: (gateway, server), field, other, message, help } = found;
        let own = self.gateways.get(gateway)?;
        let place = |(gateway, server): ServerId| {
            let gateway = self.gateways.get(gateway)?;
            Some(gateway.location(gateway.span(server, ServerPart::Itself)))
        };
        let path = FieldPath::root().key("spec").key("servers").index(server).key(field);
        let diagnostic = Diagnostic {
            help: Some(help),
            position: place((gateway, server))?.position,
            ..Diagnostic::new(rule, Severity::Warning, path, message)
        };
        let (file, document) = own.document;
        let (file, document) = (file as usize, document as usize);
        Some(SetFinding { file, document, diagnostic, other: other.and_then(place) })
    }
}

/// The index of a Gateway of the set, and of its server.
type ServerId = (usize, usize);

/// A finding at a server.
struct Found {
    rule: RuleId,
    server: ServerId,
    /// A field of the server.
    field: &'static str,
    other: Option<ServerId>,
    message: String,
    help: String,
}

/// A workload that is judged.
struct Judged<'a> {
    set: &'a GatewaySet,
    /// The index in the set of the first Gateway that was merged.
    first: usize,
    workload: &'a MergedWorkload<'a>,
    /// The servers that istiod keeps, by the address and port of their listener.
    servers: HashMap<(&'a str, u32), Vec<usize>>,
}

impl<'a> Judged<'a> {
    fn new(set: &'a GatewaySet, first: usize, workload: &'a MergedWorkload<'a>) -> Self {
        let mut servers: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, merged) in workload.merged.servers.iter().enumerate() {
            let gateway = workload.gateways.get(merged.gateway).map(|of| of.gateway);
            let server = gateway.and_then(|gateway| gateway.servers.get(merged.server));
            let kept = server.filter(|_| merged.skipped.is_none());
            let Some((server, port)) = kept.and_then(|kept| Some((kept, kept.port.as_ref()?)))
            else {
                continue;
            };
            let address = if server.bind.is_empty() { "0.0.0.0" } else { &server.bind };
            servers.entry((address, port.number)).or_default().push(index);
        }
        Self { set, first, workload, servers }
    }

    fn findings(&self) -> Vec<Found> {
        let MergedWorkload { merged, gateways, .. } = self.workload;
        let mut found: Vec<Found> = Vec::new();
        let ca = |server: usize| {
            let (gateway, server) = self.id(server)?;
            self.set.contents.ca((small(gateway), small(server)))
        };
        let bypasses = merged.bypasses_by_cas(gateways, &ca);
        found.extend(bypasses.iter().filter_map(|bypass| self.bypass(bypass)));
        for listener in merged.listeners.values() {
            let rejection = merged.listener_rejection(listener, gateways);
            found.extend(rejection.and_then(|rejection| self.rejection(listener, rejection)));
        }
        let has_name = |server: usize, host: &str| {
            let (gateway, server) = self.id(server)?;
            self.set.contents.has_name((small(gateway), small(server)), host)
        };
        let misdirected = merged.misdirected_by_names(gateways, &has_name);
        found.extend(misdirected.iter().filter_map(|request| self.misdirected(request)));
        let without = merged.servers_without_route.iter();
        found.extend(without.filter_map(|&(server, service)| self.without_route(server, service)));
        found
    }

    fn id(&self, server: usize) -> Option<ServerId> {
        let merged = self.workload.merged.servers.get(server)?;
        let gateway = *self.workload.gateway_indexes.get(merged.gateway)?;
        Some((self.first + gateway, merged.server))
    }

    fn server(&self, server: usize) -> Option<&Server> {
        let merged = self.workload.merged.servers.get(server)?;
        self.workload.gateways.get(merged.gateway)?.gateway.servers.get(merged.server)
    }

    /// A server as one of the Gateway `of` refers to it.
    fn name(&self, server: ServerId, of: ServerId) -> String {
        let (gateway, index) = server;
        if gateway == of.0 {
            return format!("servers[{index}]");
        }
        let name = self.set.gateways.get(gateway).map(SetGateway::shown_name).unwrap_or_default();
        format!("servers[{index}] of the Gateway {name}")
    }

    fn service(&self, index: usize) -> Option<String> {
        self.workload.virtual_service_indexes.get(index).copied().flatten()?;
        let service = self.workload.virtual_services.get(index)?;
        Some(Quoted(&format!("{}/{}", service.namespace, service.name)).to_string())
    }

    fn bypass(&self, bypass: &Bypass) -> Option<Found> {
        let (server, through) = (self.id(bypass.bypassed)?, self.id(bypass.through)?);
        let backend = self.workload.merged.backends.get(bypass.backend)?;
        let reached = match self.service(bypass.virtual_service) {
            Some(service) => {
                format!("the same backend, {backend}, by the VirtualService {service}")
            }
            None => "the same backend, if a VirtualService has this host".to_owned(),
        };
        let certificate = if bypass.accepted.iter().all(|change| change.new.has_certificate()) {
            " with a certificate that is rejected here"
        } else {
            ""
        };
        let message = format!(
            "the client check can be bypassed through {}: {bypass}{certificate} reaches {reached}",
            self.name(through, server)
        );
        Some(Found {
            rule: rule::lint::CLIENT_CHECK_BYPASS,
            server,
            field: "tls",
            other: Some(through).filter(|through| through.0 != server.0),
            message,
            help: format!(
                "give both servers the same TLS settings, or redirect plain HTTP (tls.httpsRedirect), or use \
                 other gateway pods; to try it: {}",
                bypass.command()
            ),
        })
    }

    fn rejection(&self, listener: &Listener, rejection: ListenerRejection) -> Option<Found> {
        let port = listener.port;
        let lost = |culprits: &[ServerId]| self.lost(listener, culprits);
        match rejection {
            ListenerRejection::EqualServerNames(first, second) => {
                let (first, server) = (self.id(first)?, self.id(second)?);
                let (rest, _) = lost(&[first, server]);
                let with = rest.map_or(String::new(), |rest| format!(", with {rest}"));
                let message = if first == server {
                    format!(
                        "two filter chains of this server match the same server name: Envoy rejects the \
                         listener of port {port}{with}"
                    )
                } else {
                    format!(
                        "{} has a host with the same server name (SNI): Envoy rejects the listener of port \
                         {port}, with all of its servers",
                        self.name(first, server)
                    )
                };
                Some(Found {
                    rule: rule::lint::EQUAL_FILTER_CHAINS,
                    server,
                    field: "hosts",
                    other: Some(first).filter(|first| first.0 != server.0),
                    message,
                    help: "put both hosts into one server".to_owned(),
                })
            }
            ListenerRejection::TlsSettings { server, .. }
            | ListenerRejection::PartialWildcard { server } => {
                let server = self.id(server)?;
                let (rest, other) = lost(&[server]);
                let what = match rejection {
                    ListenerRejection::TlsSettings { .. } => "these TLS settings",
                    _ => "a partial wildcard in sniHosts of a VirtualService for this server",
                };
                let message = format!(
                    "Envoy rejects {what}, and with them the listener of port {port}: {} lost, too",
                    rest?
                );
                Some(Found {
                    rule: rule::lint::REJECTED_LISTENER,
                    server,
                    field: "tls",
                    other: other.filter(|other| other.0 != server.0),
                    message,
                    help: "correct this server, or give it a port of its own".to_owned(),
                })
            }
        }
    }

    /// The servers of a listener other than these, in words, and the first of them.
    fn lost(
        &self,
        listener: &Listener,
        culprits: &[ServerId],
    ) -> (Option<String>, Option<ServerId>) {
        let of = culprits.first().copied().unwrap_or_default();
        let here = self.servers.get(&(listener.address.as_str(), listener.port));
        let here = here.map_or(&[][..], Vec::as_slice).iter();
        let others = here.filter_map(|server| self.id(*server));
        let mut others = others.filter(|other| !culprits.contains(other));
        let Some(first) = others.next() else { return (None, None) };
        let name = self.name(first, of);
        let words = match others.count() {
            0 => format!("{name} is"),
            1 => format!("{name} and another server are"),
            more => format!("{name} and {more} other servers are"),
        };
        (Some(words), Some(first))
    }

    fn misdirected(&self, request: &MisdirectedRequest) -> Option<Found> {
        let MisdirectedRequest { connected, connected_host, missed, host, port, .. } = request;
        let (server, other) = (self.id(*missed)?, self.id(*connected)?);
        let name = self.name(other, server);
        let (why, all) = match (request.is_same_certificate, request.servers) {
            (false, _) => (format!("the certificate of {name} has this name"), String::new()),
            (true, 2) => (format!("{name} has the same certificate"), String::new()),
            (true, all) => (
                format!("{name} has the same certificate"),
                format!("; {all} servers of port {port} have this certificate"),
            ),
        };
        let message = format!(
            "a browser that has an HTTP/2 connection to {connected_host} uses it for {host}, too, since {why}: \
             the request arrives there and is answered with 404{all}"
        );
        Some(Found {
            rule: rule::lint::CONNECTION_COALESCING,
            server,
            field: "tls",
            other: Some(other).filter(|other| other.0 != server.0),
            message,
            help: "put all hosts of the certificate into one server, or use a certificate for each server"
                .to_owned(),
        })
    }

    fn without_route(&self, server: usize, service: usize) -> Option<Found> {
        let (kind, help) = match TrafficMode::of(self.server(server)?) {
            TrafficMode::Passthrough => (
                "tls",
                "add a tls route whose match has the host in sniHosts: the gateway does not terminate TLS, and \
                 sees no HTTP",
            ),
            _ => ("tcp", "add a tcp route: the gateway forwards bytes for this protocol"),
        };
        let message = format!(
            "connections to this server are closed: the VirtualService {} has one of its hosts, but no {kind} \
             route for it",
            self.service(service)?
        );
        Some(Found {
            rule: rule::lint::SERVER_WITHOUT_ROUTE,
            server: self.id(server)?,
            field: "hosts",
            other: None,
            message,
            help: help.to_owned(),
        })
    }
}
