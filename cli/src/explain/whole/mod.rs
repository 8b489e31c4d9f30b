//! The gateways that all Gateways and VirtualServices of the input make together: what is live, what istiod
//! leaves out, and who reaches each host.

mod html;
mod picture;
mod sentences;
mod text;

use std::collections::{BTreeMap, HashMap, HashSet};

use istio_gateway::{
    Gateway,
    merged_gateway::{
        Backend, BackendPaths, Bypass, ChainAction, HostPaths, ListenerRejection, MergedSet,
        MergedWorkload, NamedGateway, Path, SkipReason, VirtualService,
    },
};
use serde::Serialize;

use self::sentences::{by, reason_text};
pub(super) use self::{
    html::html,
    text::{of_client, text},
};
use super::{behavior::Absence, client::Verdict, terminal::gateway_name};
use crate::text::{harmless, listed};

/// A Gateway of the set.
pub(super) struct Member<'a> {
    pub(super) file: &'a str,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) created: Option<i64>,
    /// Without a port for each server that is not known.
    pub(super) spec: Gateway,
    /// The line of each server.
    pub(super) lines: Vec<Option<usize>>,
    pub(super) servers: Vec<MemberServer>,
}

/// What is known of a server by itself.
#[derive(Clone, Default)]
pub(super) struct MemberServer {
    /// A sentence about the accepted clients.
    pub(super) accepted_clients: String,
    /// Whether Envoy rejects its listener for it.
    pub(super) is_rejected: bool,
    /// Whether what it does depends on no placeholder.
    pub(super) is_certain: bool,
    /// What happens to the client of `--client`.
    pub(super) client: Option<Verdict>,
}

/// A server, by its number in the members and in its Gateway.
pub(super) type ServerId = (usize, usize);

/// The gateways of all pods.
#[derive(Default, Serialize)]
pub(super) struct Whole {
    pub(super) gateways: Vec<WholeGateway>,
    /// The number of selectors whose Gateways are too many.
    pub(super) omitted: usize,
    /// Servers that have no effect because of other Gateways.
    #[serde(skip)]
    pub(super) absences: HashMap<ServerId, Absence>,
    /// Bypasses of each server, as sentences.
    #[serde(skip)]
    pub(super) bypasses: HashMap<ServerId, Vec<String>>,
    /// The members that are merged.
    #[serde(skip)]
    merged: HashSet<usize>,
}

/// The Gateways that are merged for the same pods.
#[derive(Clone, Serialize)]
pub(super) struct WholeGateway {
    /// The labels of the pods.
    pub(super) selector: BTreeMap<String, String>,
    /// The Gateways as `namespace/name`.
    pub(super) gateways: Vec<String>,
    /// What was assumed, a sentence each.
    pub(super) assumptions: Vec<String>,
    pub(super) listeners: Vec<WholeListener>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) hosts: Vec<Host>,
    pub(super) bypasses: Vec<FoundBypass>,
    /// For a comparison only.
    #[serde(skip)]
    pub(super) reached: Vec<Reached>,
}

/// A backend, and the known servers that lead there: one for each client check.
#[derive(Clone)]
pub(super) struct Reached {
    pub(super) service: String,
    pub(super) port: Option<u32>,
    /// None for bytes.
    pub(super) host: Option<String>,
    pub(super) servers: Vec<ServerId>,
}

/// A server of a file.
#[derive(Clone, Serialize, PartialEq, Eq, Hash)]
pub(super) struct ServerRef {
    pub(super) file: String,
    pub(super) line: Option<usize>,
    pub(super) namespace: String,
    pub(super) gateway: String,
    pub(super) server: usize,
}

#[derive(Clone, Serialize)]
pub(super) struct WholeListener {
    pub(super) address: String,
    pub(super) port: u32,
    /// Why Envoy rejects it, if it does.
    pub(super) rejected: Option<String>,
    pub(super) chains: Vec<Chain>,
}

#[derive(Clone, Serialize)]
pub(super) struct Chain {
    /// The server names (SNI); any, and none, if it is empty.
    pub(super) server_names: Vec<String>,
    /// `http`, `tcp` or `passthrough`.
    pub(super) leads_to: &'static str,
    pub(super) server: ServerRef,
    /// The domains of its virtual hosts that have routes.
    pub(super) hosts: Vec<String>,
    /// What happens to the client of `--client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<Verdict>,
}

/// A server that istiod leaves out.
#[derive(Clone, Serialize)]
pub(super) struct LeftOut {
    pub(super) server: ServerRef,
    pub(super) reason: String,
    /// The server that it is left out for.
    pub(super) by: Option<ServerRef>,
}

/// A host, and who reaches it.
#[derive(Clone, Serialize)]
pub(super) struct Host {
    pub(super) host: String,
    /// The VirtualService that has its routes; null if one is assumed.
    pub(super) virtual_service: Option<String>,
    /// Whether one of the paths accepts clients that another one rejects.
    pub(super) is_bypassed: bool,
    /// The weakest first.
    pub(super) paths: Vec<HostPath>,
}

#[derive(Clone, Serialize)]
pub(super) struct HostPath {
    pub(super) address: String,
    pub(super) port: u32,
    pub(super) server_name: Option<String>,
    pub(super) is_tls: bool,
    pub(super) server: ServerRef,
    pub(super) accepted_clients: String,
    /// The number of further filter chains with the same client check.
    pub(super) others: usize,
    /// What happens to the client of `--client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<Verdict>,
    #[serde(skip)]
    pub(super) id: ServerId,
}

#[derive(Clone, Serialize)]
pub(super) struct FoundBypass {
    pub(super) bypassed: ServerRef,
    pub(super) through: ServerRef,
    /// None if neither server routes HTTP.
    pub(super) host: Option<String>,
    pub(super) port: u32,
    /// What it reaches; null if a VirtualService is assumed.
    pub(super) backend: Option<String>,
    /// What the client sends.
    pub(super) request: String,
    pub(super) command: String,
    /// The VirtualService that leads there; null if one is assumed.
    pub(super) virtual_service: Option<String>,
    /// The accepted clients, by their ids.
    pub(super) accepted: Vec<&'static str>,
    #[serde(skip)]
    pub(super) ids: (ServerId, ServerId),
}

impl Whole {
    pub(super) fn new(members: &[Member<'_>], services: &[VirtualService]) -> Self {
        Self::build(members, services, false)
    }

    /// With what each backend is reached by.
    pub(super) fn to_compare(members: &[Member<'_>], services: &[VirtualService]) -> Self {
        Self::build(members, services, true)
    }

    fn build(members: &[Member<'_>], services: &[VirtualService], is_compared: bool) -> Self {
        let named: Vec<NamedGateway<'_>> = members
            .iter()
            .map(|Member { namespace, name, created, spec, .. }| NamedGateway {
                namespace,
                name,
                created: *created,
                gateway: spec,
            })
            .collect();
        let set = MergedSet::build(&named, services);
        let mut whole = Self { omitted: set.omitted, ..Self::default() };
        let mut live: HashSet<ServerId> = HashSet::new();
        let mut absent: HashMap<ServerId, Absence> = HashMap::new();
        let mut told = HashSet::new();
        for workload in &set.workloads {
            let of = Of { members, workload };
            let gateway = of.gateway(is_compared, &mut live, &mut absent);
            for bypass in &gateway.bypasses {
                let sentence = of.bypass_sentence(bypass);
                if told.insert((bypass.ids, sentence.clone())) {
                    whole.bypasses.entry(bypass.ids.0).or_default().push(sentence);
                }
            }
            whole.gateways.push(gateway);
            whole.merged.extend(&workload.gateway_indexes);
        }
        absent.retain(|server, _| !live.contains(server));
        whole.absences = absent;
        whole
    }

    /// Whether the Gateways that select the pods of a member are not too many to be merged.
    pub(super) fn is_merged(&self, member: usize) -> bool {
        self.merged.contains(&member)
    }
}

/// A workload of the members.
struct Of<'a> {
    members: &'a [Member<'a>],
    workload: &'a MergedWorkload<'a>,
}

impl Of<'_> {
    fn gateway(
        &self,
        is_compared: bool,
        live: &mut HashSet<ServerId>,
        absent: &mut HashMap<ServerId, Absence>,
    ) -> WholeGateway {
        let merged = &self.workload.merged;
        let listeners: Vec<WholeListener> =
            merged.listeners.values().map(|listener| self.listener(listener)).collect();
        let mut lost: HashSet<usize> = HashSet::new();
        for (listener, whole) in merged.listeners.values().zip(&listeners) {
            if whole.rejected.is_some() {
                lost.extend(listener.chains.iter().map(|chain| chain.server));
            }
        }
        let mut left_out = Vec::new();
        for (index, server) in merged.servers.iter().enumerate() {
            let Some(id) = self.id(index) else { continue };
            match server.skipped {
                Some(SkipReason::NoPort) => {}
                Some(reason) => {
                    let by = by(reason);
                    left_out.push(LeftOut {
                        server: self.server(index),
                        reason: reason_text(reason).to_owned(),
                        by: by.map(|by| self.server(by)),
                    });
                    let is_of_other = by.and_then(|by| self.id(by)).is_some_and(|by| by.0 != id.0);
                    if is_of_other {
                        absent.insert(id, Absence::SkippedForOther);
                    }
                }
                None if lost.contains(&index) => {
                    absent.insert(id, Absence::RejectedWithOther);
                }
                None => {
                    live.insert(id);
                }
            }
        }
        let bypasses = merged.bypasses(&self.workload.gateways);
        let is_known = |server: usize| {
            self.member_server(server).is_some_and(|server| server.is_certain)
                && !lost.contains(&server)
        };
        let bypasses = bypasses
            .iter()
            .filter(|bypass| is_known(bypass.bypassed) && is_known(bypass.through))
            .filter_map(|bypass| self.bypass(bypass))
            .collect();
        let mut hosts: Vec<Host> = merged
            .host_paths(&self.workload.gateways)
            .iter()
            .map(|host| self.host(host, &is_known))
            .collect();
        hosts.sort_by_key(|host| !host.is_bypassed);
        let reached = if is_compared { self.reached(&is_known) } else { Vec::new() };
        let gateways = self.workload.gateways.iter();
        WholeGateway {
            selector: self.workload.workload.labels.clone(),
            gateways: gateways.map(|one| gateway_name(one.namespace, one.name)).collect(),
            assumptions: self.assumptions(),
            listeners,
            left_out,
            hosts,
            bypasses,
            reached,
        }
    }

    fn reached(&self, is_known: &dyn Fn(usize) -> bool) -> Vec<Reached> {
        let merged = &self.workload.merged;
        let paths = merged.backend_paths(&self.workload.gateways).into_iter();
        let reached = paths.filter_map(|BackendPaths { backend, host, servers, .. }| {
            let (service, port) = match merged.backends.get(backend)? {
                Backend::Service { host, port } => (host.clone(), *port),
                Backend::Assumed(name) => (format!("the backend assumed for {name}"), None),
                other => (other.to_string(), None),
            };
            let servers = servers.into_iter().filter(|server| is_known(*server));
            let servers = servers.filter_map(|server| self.id(server)).collect();
            Some(Reached { service, port, host, servers })
        });
        reached.collect()
    }

    fn id(&self, server: usize) -> Option<ServerId> {
        let merged = self.workload.merged.servers.get(server)?;
        Some((*self.workload.gateway_indexes.get(merged.gateway)?, merged.server))
    }

    fn member_server(&self, server: usize) -> Option<&MemberServer> {
        let (member, server) = self.id(server)?;
        self.members.get(member)?.servers.get(server)
    }

    fn server(&self, server: usize) -> ServerRef {
        let (member, index) = self.id(server).unwrap_or_default();
        let member = self.members.get(member);
        ServerRef {
            file: member.map_or("", |member| member.file).to_owned(),
            line: member.and_then(|member| member.lines.get(index).copied().flatten()),
            namespace: member.map_or("", |member| member.namespace).to_owned(),
            gateway: member.map_or("", |member| member.name).to_owned(),
            server: index,
        }
    }

    fn virtual_service(&self, index: usize) -> Option<String> {
        self.workload.virtual_service_indexes.get(index).copied().flatten()?;
        let service = self.workload.virtual_services.get(index)?;
        Some(gateway_name(&service.namespace, &service.name))
    }

    fn listener(&self, listener: &istio_gateway::merged_gateway::Listener) -> WholeListener {
        let mut bad =
            listener.chains.iter().map(|chain| chain.server).filter(|server| {
                self.member_server(*server).is_some_and(|server| server.is_rejected)
            });
        let merged = &self.workload.merged;
        let rejection = merged.listener_rejection(listener, &self.workload.gateways);
        let rejected = match rejection {
            Some(ListenerRejection::EqualServerNames(first, second)) => Some(format!(
                "two filter chains match the same server name: those of {} and {}",
                self.server(first).sentence(),
                self.server(second).sentence()
            )),
            Some(ListenerRejection::PartialWildcard { server }) => Some(format!(
                "a filter chain of {} has a wildcard for a part of a label",
                self.server(server).sentence()
            )),
            Some(ListenerRejection::TlsSettings { server, .. }) => Some(self.bad_settings(server)),
            _ => bad.next().map(|server| self.bad_settings(server)),
        };
        let chains = listener.chains.iter().map(|chain| {
            let (leads_to, route) = match &chain.action {
                ChainAction::Http { route } => ("http", Some(route)),
                ChainAction::Tcp { .. } => ("tcp", None),
                _ => ("passthrough", None),
            };
            let hosts = route.and_then(|route| self.workload.merged.routes.get(route));
            let hosts = hosts.into_iter().flatten();
            let hosts = hosts.filter(|(_, host)| !host.virtual_services.is_empty());
            Chain {
                server_names: chain.server_names.clone(),
                leads_to,
                server: self.server(chain.server),
                hosts: hosts.map(|(domain, _)| domain.clone()).collect(),
                client: self.member_server(chain.server).and_then(|server| server.client.clone()),
            }
        });
        WholeListener {
            address: listener.address.clone(),
            port: listener.port,
            rejected,
            chains: chains.collect(),
        }
    }

    fn bad_settings(&self, server: usize) -> String {
        format!("Envoy rejects the settings of {}", self.server(server).sentence())
    }

    fn host(&self, paths: &HostPaths, is_known: &dyn Fn(usize) -> bool) -> Host {
        let known = || paths.paths.iter().filter(|path| is_known(path.server));
        let path = |path: &Path| HostPath {
            address: path.listener.0.clone(),
            port: path.listener.1,
            server_name: path.server_name.clone(),
            is_tls: path.is_tls,
            server: self.server(path.server),
            accepted_clients: self
                .member_server(path.server)
                .map(|server| server.accepted_clients.clone())
                .unwrap_or_default(),
            others: path.others,
            client: self.member_server(path.server).and_then(|server| server.client.clone()),
            id: self.id(path.server).unwrap_or_default(),
        };
        Host {
            host: paths.host.clone(),
            virtual_service: self.virtual_service(paths.virtual_service),
            is_bypassed: known().count() > 1 && known().any(|path| path.accepts_more),
            paths: known().map(path).collect(),
        }
    }

    fn bypass(&self, bypass: &Bypass) -> Option<FoundBypass> {
        Some(FoundBypass {
            bypassed: self.server(bypass.bypassed),
            through: self.server(bypass.through),
            host: bypass.host.clone(),
            port: bypass.listener.1,
            backend: match self.workload.merged.backends.get(bypass.backend)? {
                Backend::Assumed(_) => None,
                backend => Some(backend.to_string()),
            },
            request: bypass.to_string(),
            command: bypass.command(),
            virtual_service: self.virtual_service(bypass.virtual_service),
            accepted: bypass.accepted.iter().map(|change| change.id).collect(),
            ids: (self.id(bypass.bypassed)?, self.id(bypass.through)?),
        })
    }

    fn bypass_sentence(&self, bypass: &FoundBypass) -> String {
        let FoundBypass { through, request, command, backend, virtual_service, ids, .. } = bypass;
        let through = if ids.0.0 == ids.1.0 {
            format!("spec.servers[{}]", through.server)
        } else {
            through.sentence()
        };
        let reached = match (backend, virtual_service) {
            (Some(backend), Some(service)) => {
                format!("the same backend, {backend}, by the VirtualService {service},")
            }
            _ => "the same backend".to_owned(),
        };
        harmless(&format!(
            "This check can be bypassed: {request} reaches {reached} through {through}. Try it: {command}"
        ))
    }

    fn assumptions(&self) -> Vec<String> {
        const MOST: usize = 6;
        let mut assumptions = Vec::new();
        let without: Vec<String> = self
            .workload
            .without_virtual_services()
            .into_iter()
            .filter_map(|index| self.workload.gateways.get(index))
            .map(|gateway| gateway_name(gateway.namespace, gateway.name))
            .collect();
        if !without.is_empty() {
            assumptions.push(format!(
                "No VirtualService of the input is bound to {}: one with all hosts of the Gateway is assumed.",
                listed(&without, MOST, "")
            ));
        }
        let undated = self.workload.gateways.iter().filter(|gateway| gateway.created.is_none());
        if self.workload.gateways.len() > 1 && undated.count() > 0 {
            assumptions.push(
                "Gateways without creationTimestamp count as the oldest, in the order of their names."
                    .to_owned(),
            );
        }
        assumptions
    }
}
