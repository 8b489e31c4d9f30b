//! Random sets of Gateways and VirtualServices.

use anyhow::{Context as _, Result};
use fastrand::Rng;
use handshake_conformance::Pki;
use istio_gateway::{
    Gateway, IstioVersion, Object, Server,
    merged_gateway::{HostPaths, MergedGateway, NamedGateway, VirtualService, Workload},
    validate::{Options, validate},
};
use serde_json::{Value, json};

/// The Gateways and VirtualServices of a workload, and what istiod makes of them.
pub struct Revision {
    gateways: Vec<Named>,
    pub services: Vec<VirtualService>,
    pub merged: MergedGateway,
    /// The paths to hosts that the library reports.
    pub paths: Vec<HostPaths>,
}

struct Named {
    namespace: &'static str,
    name: String,
    created: i64,
    spec: Gateway,
}

impl Revision {
    pub fn gateways(&self) -> Vec<NamedGateway<'_>> {
        named(&self.gateways)
    }

    /// The resources, for people.
    pub fn show(&self) -> String {
        let mut text = String::new();
        for (index, merged) in self.merged.servers.iter().enumerate() {
            let Some(server) = self.server(merged.gateway, merged.server) else { continue };
            let gateway = &self.gateways[merged.gateway];
            let server = istio_gateway::json::to_string(server);
            let (namespace, name) = (gateway.namespace, &gateway.name);
            text +=
                &format!("server {index} of {namespace}/{name}: {server} {:?}\n", merged.skipped);
        }
        for (index, service) in self.services.iter().enumerate() {
            text += &format!("service {index}: {service:?}\n");
        }
        for (name, listener) in &self.merged.listeners {
            text += &format!("listener {name}\n");
            for chain in &listener.chains {
                text += &format!("  {chain:?}\n");
            }
        }
        for (name, hosts) in &self.merged.routes {
            text += &format!("route {name}\n");
            for (domain, host) in hosts {
                text += &format!("  {domain} {host:?}\n");
            }
        }
        for bypass in self.merged.bypasses(&self.gateways()) {
            text += &format!("bypass {bypass:?}\n");
        }
        text
    }

    /// A server by the indexes of its Gateway and in it.
    pub fn server(&self, gateway: usize, server: usize) -> Option<&Server> {
        self.gateways.get(gateway)?.spec.servers.get(server)
    }

    /// All names in it: hosts of servers without their namespaces, hosts of VirtualServices, and domains.
    pub fn names(&self) -> Vec<&str> {
        let servers = self.gateways.iter().flat_map(|gateway| &gateway.spec.servers);
        let hosts = servers.flat_map(|server| &server.hosts);
        let hosts = hosts.map(|host| host.split_once('/').map_or(host.as_str(), |(_, name)| name));
        let services = self.services.iter().flat_map(|service| &service.hosts);
        let domains = self.merged.routes.values().flat_map(|hosts| hosts.keys());
        let domains = domains.filter(|domain| !domain.contains('/'));
        let mut names: Vec<&str> =
            hosts.chain(services.chain(domains).map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn named(gateways: &[Named]) -> Vec<NamedGateway<'_>> {
    let named = gateways.iter().map(|gateway| NamedGateway {
        namespace: gateway.namespace,
        name: &gateway.name,
        created: Some(gateway.created),
        gateway: &gateway.spec,
    });
    named.collect()
}

/// Draws revisions.
pub struct Random<'a> {
    rng: Rng,
    pki: &'a Pki,
    workload: Workload,
    /// How many Gateways were drawn that a cluster rejects.
    pub rejected: usize,
}

/// How many VirtualServices a workload has at most, and how many backends.
const MOST_SERVICES: usize = 5;
pub const MOST_BACKENDS: usize = 48;

const NAMESPACES: [&str; 4] = ["infra", "infra", "n1", "n2"];

const HOSTS: [&str; 24] = [
    "*",
    "a.test",
    "b.test",
    "*.test",
    "*.a.test",
    "x.a.test",
    "y.a.test",
    "*.x.a.test",
    "y.x.a.test",
    "A.test",
    "X.a.test",
    "n1/a.test",
    "n2/a.test",
    "n1/*",
    "n2/*.a.test",
    "./a.test",
    "./*.test",
    "infra/a.test",
    "*/a.test",
    "*/*.test",
    "*/*",
    "n1/x.a.test",
    "x-b.a.test",
    "n2/x.a.test",
];

const SERVICE_HOSTS: [&str; 14] = [
    "*",
    "a.test",
    "a.test",
    "b.test",
    "*.test",
    "*.a.test",
    "x.a.test",
    "x.a.test",
    "y.a.test",
    "y.x.a.test",
    "A.test",
    "*-b.a.test",
    "x-b.a.test",
    "*.x.a.test",
];

impl<'a> Random<'a> {
    pub fn new(seed: u64, pki: &'a Pki) -> Self {
        let mut workload = Workload::default();
        "infra".clone_into(&mut workload.namespace);
        workload.labels.insert("app".to_owned(), "edge".to_owned());
        Self { rng: Rng::with_seed(seed), pki, workload, rejected: 0 }
    }

    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// One to six Gateways, with up to five VirtualServices.
    pub fn revision(&mut self) -> Result<Revision> {
        let mut gateways = Vec::new();
        for number in 0..self.rng.usize(1..=6) {
            gateways.push(self.gateway(number)?);
        }
        let count = self.rng.usize(1..=MOST_SERVICES);
        let services: Vec<_> =
            (0..count).map(|number| self.service(number, &gateways)).collect::<Result<_>>()?;
        let merged = MergedGateway::build(&named(&gateways), &services, &self.workload);
        let paths = merged.host_paths(&named(&gateways));
        Ok(Revision { gateways, services, merged, paths })
    }

    /// A Gateway that a cluster accepts.
    fn gateway(&mut self, number: usize) -> Result<Named> {
        let (namespace, name) = (self.pick(&NAMESPACES), format!("g{number}"));
        loop {
            let count = self.rng.usize(1..=3);
            let servers: Vec<_> = (0..count).map(|_| self.server()).collect();
            let mut spec = json!({"selector": {"app": "edge"}, "servers": servers});
            if self.chance(5) {
                spec["selector"]["app"] = "other".into();
            }
            let object = json!({
                "apiVersion": "networking.istio.io/v1",
                "kind": "Gateway",
                "metadata": {"name": name, "namespace": namespace},
                "spec": spec,
            });
            let object = Object::from_json(object.to_string())?;
            if validate(&object, &Options::default()).is_accepted() {
                let spec = object.stored(IstioVersion::NEWEST)?.spec;
                return Ok(Named { namespace, name, created: self.rng.i64(0..3), spec });
            }
            self.rejected += 1;
        }
    }

    fn server(&mut self) -> Value {
        let (protocol, mut tls) = match self.rng.u8(0..23) {
            20 | 21 => ("TLS", self.tls()),
            22 => ("TCP", Value::Null),
            0..=11 => ("HTTPS", self.tls()),
            12..=15 => (self.pick(&["HTTP", "HTTP", "HTTP2", "GRPC"]), Value::Null),
            16 => ("TLS", self.tls()),
            17 => (self.pick(&["TLS", "HTTPS"]), json!({"mode": "PASSTHROUGH"})),
            18 => ("TCP", Value::Null),
            _ => ("HTTP", json!({"httpsRedirect": true})),
        };
        if protocol == "HTTPS" && self.chance(8) {
            tls["httpsRedirect"] = true.into();
        }
        let port = if tls["mode"].is_string() {
            self.pick(&[443, 443, 443, 443, 8443, 80])
        } else {
            self.pick(&[80, 80, 8080, 443])
        };
        let port_name = format!("{}-{}", protocol.to_lowercase(), self.rng.alphabetic());
        let hosts: Vec<&str> =
            (0..self.rng.usize(1..=3)).map(|_| HOSTS[self.rng.usize(..HOSTS.len())]).collect();
        let mut server = json!({
            "port": {"number": port, "name": port_name.to_lowercase(), "protocol": protocol},
            "hosts": hosts,
            "bind": self.pick(&["", "", "", "", "", "", "", "", "0.0.0.0", "0.0.0.0", "10.0.0.1", "127.0.0.1"]),
        });
        if !tls.is_null() {
            server["tls"] = tls;
        }
        server
    }

    fn tls(&mut self) -> Value {
        let mode = self.pick(&[
            "SIMPLE",
            "SIMPLE",
            "MUTUAL",
            "MUTUAL",
            "MUTUAL",
            "OPTIONAL_MUTUAL",
            "ISTIO_MUTUAL",
        ]);
        let mut tls = json!({"mode": mode});
        if mode != "ISTIO_MUTUAL" {
            tls["credentialName"] = self.pick(&["ca-a", "ca-a", "ca-b"]).into();
        }
        if mode != "SIMPLE" && self.chance(15) {
            tls["insecureSkipVerify"] = true.into();
        }
        if self.chance(if mode == "SIMPLE" { 3 } else { 15 }) {
            let name =
                self.pick(&["spiffe://lab/ns/a/sa/good", "spiffe://lab/ns/b/sa/bad", "x.test"]);
            tls["subjectAltNames"] = json!([name]);
        }
        if mode.ends_with("MUTUAL") && mode != "ISTIO_MUTUAL" && self.chance(8) {
            tls["caCertCredentialName"] = self.pick(&["only-ca-a", "only-ca-b"]).into();
        }
        if mode != "SIMPLE" && self.chance(6) {
            let pin = match self.chance(20) {
                true => "too short".to_owned(),
                false => {
                    let name = self.pick(&["valid", "untrusted"]);
                    self.pki
                        .identity(name)
                        .map_or_else(|_| String::new(), |one| one.spki().to_owned())
                }
            };
            tls["verifyCertificateSpki"] = json!([pin]);
        }
        if self.chance(8) {
            tls["alpnProtocols"] = match self.rng.u8(0..3) {
                0 => json!(["http/1.1"]),
                1 => json!(["h2"]),
                _ => json!(["http/1.1", "h2"]),
            };
        }
        if self.chance(5) {
            tls["minProtocolVersion"] = "TLSV1_2".into();
        }
        tls
    }

    fn service(&mut self, number: usize, gateways: &[Named]) -> Result<VirtualService> {
        let namespace = self.pick(&NAMESPACES);
        let hosts: Vec<&str> = (0..self.rng.usize(1..=3))
            .map(|_| SERVICE_HOSTS[self.rng.usize(..SERVICE_HOSTS.len())])
            .collect();
        let mut bound: Vec<String> = Vec::new();
        for _ in 0..self.rng.usize(1..=4) {
            let one = &gateways[self.rng.usize(..gateways.len())];
            bound.push(match one.namespace == namespace {
                true if self.rng.bool() => one.name.clone(),
                _ => format!("{}/{}", one.namespace, one.name),
            });
        }
        let mut spec = json!({"hosts": hosts, "gateways": bound});
        if self.chance(90) {
            let count = self.rng.usize(1..=3);
            spec["http"] = (0..count).map(|_| self.http_route(&bound)).collect();
        }
        if self.chance(50) {
            spec["tcp"] = json!([{"route": [self.destination()]}]);
        }
        if self.chance(60) {
            let mut routes = Vec::new();
            for host in &hosts {
                let to = self.destination();
                routes.push(json!({"match": [{"sniHosts": [host]}], "route": [to]}));
            }
            spec["tls"] = routes.into();
        }
        if self.chance(10) {
            spec["exportTo"] = json!([self.pick(&[".", "*", "infra", "n1"])]);
        }
        let created = Some(self.rng.i64(0..3));
        let service = VirtualService::from_spec(&format!("v{number}"), namespace, created, &spec);
        service.context("a VirtualService")
    }

    fn http_route(&mut self, gateways: &[String]) -> Value {
        let mut route = match self.rng.u8(0..10) {
            0 => json!({"redirect": {"uri": "/elsewhere"}}),
            1 => json!({"directResponse": {"status": 403}}),
            2 => json!({"route": [self.weighted(), self.weighted()]}),
            _ => json!({"route": [self.destination()]}),
        };
        let mut matches = Vec::new();
        for _ in 0..if self.chance(40) { self.rng.usize(1..=2) } else { 0 } {
            let mut one = json!({});
            if self.chance(50) {
                one["port"] = self.pick(&[80, 443, 8443]).into();
            }
            if self.chance(30) {
                let number = self.rng.usize(..gateways.len());
                one["gateways"] = json!([gateways[number]]);
            }
            if self.chance(30) {
                one["uri"] = json!({"prefix": self.pick(&["/", "/backend"])});
            }
            matches.push(one);
        }
        if !matches.is_empty() {
            route["match"] = matches.into();
        }
        route
    }

    /// Few backends, so that VirtualServices have some in common.
    fn destination(&mut self) -> Value {
        let host = self.pick(&["x.test", "x.test", "y.test", "z", "z.infra.svc.cluster.local"]);
        let mut destination = json!({"host": host});
        if self.chance(15) {
            destination["port"] = json!({"number": self.pick(&[80, 90])});
        }
        json!({"destination": destination})
    }

    fn weighted(&mut self) -> Value {
        let mut to = self.destination();
        to["weight"] = self.pick(&[0, 1, 50]).into();
        to
    }

    fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(0..100) < percent
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }
}
