//! What of a Gateway is unknown until its placeholders are filled in. No other module asks whether a value
//! is a placeholder.

use std::collections::HashMap;

use istio_gateway::{
    Diagnostic, Gateway, Manifest, PlaceholderValue, Server,
    diagnostic::Step,
    envoy::{Options, ServerOutcome, TranslatedServer, translate_gateway, translate_server},
    is_placeholder,
};

use crate::text::shown;

/// The placeholders of a Gateway.
#[derive(Default)]
pub(crate) struct Unknown {
    servers: HashMap<usize, ServerUnknown>,
    /// In the selector.
    pub(crate) selector: Vec<PlaceholderValue>,
    /// Servers with placeholders that others depend on, by their port.
    of_ports: HashMap<u32, Vec<usize>>,
    /// Those whose port or address is unknown.
    of_any_port: Vec<usize>,
}

/// The placeholders of a server, and what depends on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerUnknown {
    pub(crate) values: Vec<PlaceholderValue>,
    pub(crate) scope: Scope,
    /// What has to be so for other servers to have an effect.
    for_others: String,
}

/// What depends on placeholders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// What the gateway does with connections: whether it terminates TLS, and how.
    pub(crate) traffic: bool,
    /// Where it listens.
    pub(crate) listener: bool,
    /// Whether istiod leaves it out, or another server for it.
    pub(crate) merge: bool,
    /// Pins, cipher suites and curves, some of which Envoy rejects.
    pub(crate) lists: bool,
    /// The versions of TLS.
    pub(crate) versions: bool,
    pub(crate) suites: bool,
    /// How a client's certificate is verified.
    pub(crate) verification: bool,
    /// A name that is shown as it is written, and that decides nothing.
    pub(crate) names: bool,
    /// The labels of the pods: of a comparison only.
    pub(crate) selector: bool,
}

impl Scope {
    /// What depends on the value at a path below a server.
    fn of(path: &[Step]) -> Self {
        let key = |at: usize| match path.get(at) {
            Some(Step::Key(key)) => key.as_str(),
            _ => "",
        };
        let none = Self::default();
        match (key(0), key(1)) {
            ("name" | "defaultEndpoint", _) | ("port", "targetPort") => none,
            ("hosts", _) | ("port", "name") => Self { merge: true, ..none },
            ("bind", _) | ("port", "number") => Self { merge: true, listener: true, ..none },
            ("tls", "minProtocolVersion" | "maxProtocolVersion") => Self { versions: true, ..none },
            ("tls", "cipherSuites") => Self { suites: true, lists: true, ..none },
            ("tls", "ecdhCurves") => Self { lists: true, ..none },
            ("tls", "verifyCertificateHash" | "verifyCertificateSpki") => {
                Self { verification: true, lists: true, ..none }
            }
            (
                "tls",
                "credentialName"
                | "credentialNames"
                | "caCertCredentialName"
                | "subjectAltNames"
                | "caCertificates"
                | "caCrl"
                | "serverCertificate"
                | "privateKey"
                | "tlsCertificates",
            ) => Self { verification: true, names: true, ..none },
            ("port", "protocol") | ("tls", _) => Self { merge: true, traffic: true, ..none },
            _ => Self { merge: true, traffic: true, listener: true, ..none },
        }
    }

    /// What depends on either.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            traffic: self.traffic || other.traffic,
            listener: self.listener || other.listener,
            merge: self.merge || other.merge,
            lists: self.lists || other.lists,
            versions: self.versions || other.versions,
            suites: self.suites || other.suites,
            verification: self.verification || other.verification,
            names: self.names || other.names,
            selector: self.selector || other.selector,
        }
    }

    /// Whether anything depends on a placeholder.
    pub(crate) fn is_any(self) -> bool {
        self != Self::default()
    }

    /// Whether it is unknown which clients are accepted. Names are shown as they are written.
    pub(crate) fn hides_answer(self) -> bool {
        self.traffic || self.lists || self.versions
    }

    fn may_be_rejected(self) -> bool {
        self.traffic || self.lists || self.versions
    }

    /// Whether other servers of the port depend on it.
    fn decides_for_others(self) -> bool {
        self.merge || self.may_be_rejected()
    }
}

impl Unknown {
    /// `is_kept` is whether a cluster keeps the field at a path.
    pub(crate) fn of(
        manifest: &Manifest,
        servers: &[Server],
        is_kept: impl Fn(&[Step]) -> bool,
    ) -> Self {
        let mut unknown = Self::default();
        let kept = manifest.placeholders().into_iter().filter(|value| is_kept(value.path.steps()));
        for value in kept {
            match value.path.steps() {
                [_, Step::Key(servers), Step::Index(server), below @ ..]
                    if servers == "servers" =>
                {
                    let scope = Scope::of(below);
                    let of_server = unknown.servers.entry(*server).or_default();
                    of_server.scope = of_server.scope.or(scope);
                    of_server.values.push(value);
                }
                [_, Step::Key(selector), ..] if selector == "selector" => {
                    unknown.selector.push(value);
                }
                _ => {}
            }
        }
        let mut indexes: Vec<usize> = unknown.servers.keys().copied().collect();
        indexes.sort_unstable();
        for index in indexes {
            let Some(server) = unknown.servers.get_mut(&index) else { continue };
            let scope = server.scope;
            server.for_others = server.condition_for_others(index);
            if scope.listener {
                unknown.of_any_port.push(index);
            } else if scope.decides_for_others() {
                let port = servers.get(index).map_or(0, port_of);
                unknown.of_ports.entry(port).or_default().push(index);
            }
        }
        unknown
    }

    pub(crate) fn server(&self, index: usize) -> Option<&ServerUnknown> {
        self.servers.get(&index)
    }

    pub(crate) fn scope(&self, index: usize) -> Scope {
        self.server(index).map(|server| server.scope).unwrap_or_default()
    }

    /// Of which values of the spec nothing is known but that there are some: all servers.
    pub(crate) fn of_all_servers(manifest: &Manifest) -> Option<PlaceholderValue> {
        let mut values = manifest.placeholders();
        // There may be more than were found.
        let is_cut = values.len() >= Manifest::MAX_PLACEHOLDERS;
        let last = values.pop_if(|_| is_cut);
        last.or_else(|| {
            values.into_iter().find(|value| {
                let steps = value.path.steps();
                steps.len() == 1 || matches!(steps, [_, Step::Key(key)] if key != "selector")
            })
        })
    }

    /// The Gateway with a valid value for each of the unknown ones that Envoy checks, and what becomes of
    /// each server as far as it is known: a server whose port or traffic is unknown replaces none.
    pub(crate) fn translate(
        &self,
        spec: &Gateway,
        namespace: &str,
        options: &Options,
    ) -> (Gateway, Vec<TranslatedServer>) {
        let mut filled = spec.clone();
        for (index, unknown) in &self.servers {
            if let Some(server) = filled.servers.get_mut(*index)
                && unknown.scope.lists
            {
                fill(server);
            }
        }
        let is_placed = |index: &usize| {
            let scope = self.scope(*index);
            !(scope.listener || scope.traffic)
        };
        let unplaced: Vec<usize> =
            self.servers.keys().copied().filter(|index| !is_placed(index)).collect();
        let mut placed = filled.clone();
        for index in &unplaced {
            placed.servers.get_mut(*index).into_iter().for_each(|server| server.port = None);
        }
        let mut translated = translate_gateway(&placed, namespace, options);
        for index in unplaced {
            if let (Some(server), Some(translated)) =
                (filled.servers.get(index), translated.get_mut(index))
            {
                translated.translation = translate_server(server, options);
                translated.outcome = ServerOutcome::Sent;
            }
        }
        (filled, translated)
    }

    /// Whether a finding about a server holds whatever its placeholders stand for. The path begins at
    /// the document's root.
    pub(crate) fn is_known(&self, found: &Diagnostic, server: usize) -> bool {
        let Some(ServerUnknown { values, scope, .. }) = self.server(server) else { return true };
        let is_name = |value: &PlaceholderValue| {
            Scope::of(value.path.steps().get(3..).unwrap_or_default()).names
        };
        !scope.traffic
            && !values.iter().any(|value| !is_name(value) && found.path.starts_with(&value.path))
    }

    /// What has to be so for the server to have an effect, a sentence each.
    pub(crate) fn conditions(&self, index: usize, server: &Server) -> Vec<String> {
        const MOST: usize = 3;
        let own = self.scope(index);
        let mut found = Vec::new();
        if let Some(unknown) = self.server(index)
            && own.merge
            && !own.traffic
        {
            let on = unknown.dependency(|scope| scope.merge);
            found.push(format!(
                "This holds unless istiod skips the server because of another one; that depends on {on}."
            ));
        }
        let of_port = self.of_ports.get(&port_of(server)).filter(|_| !own.listener);
        let of_port = of_port.map(Vec::as_slice).unwrap_or_default();
        let others = of_port.iter().chain(&self.of_any_port).filter(|other| **other != index);
        let others = others.filter_map(|other| self.server(*other));
        found.extend(others.take(MOST).map(|unknown| unknown.for_others.clone()));
        let is_listed = own.listener || own.decides_for_others();
        let count = (of_port.len() + self.of_any_port.len()).saturating_sub(usize::from(is_listed));
        if count > MOST {
            found.push(format!("The same for {} more servers with placeholders.", count - MOST));
        }
        found
    }
}

impl ServerUnknown {
    fn condition_for_others(&self, index: usize) -> String {
        let mut reasons = Vec::new();
        if self.scope.merge {
            reasons.push("istiod does not leave the server out");
        }
        if self.scope.may_be_rejected() {
            reasons.push("Envoy does not reject the listener");
        }
        let (on, reasons) = (self.dependency(Scope::decides_for_others), reasons.join(", and "));
        format!("Only if {reasons} because of spec.servers[{index}], which depends on {on}.")
    }

    /// `$C at spec.servers[0].tls.ecdhCurves[0], line 12`
    pub(crate) fn dependency(&self, of: impl Fn(Scope) -> bool) -> String {
        const MOST: usize = 3;
        let below =
            |value: &PlaceholderValue| Scope::of(value.path.steps().get(3..).unwrap_or_default());
        let mut values = self.values.iter().filter(|value| of(below(value)));
        let mut named: Vec<String> = values.by_ref().take(MOST).map(sentence).collect();
        let more = values.count();
        if more > 0 {
            named.push(format!("{more} more"));
        }
        named.join(" and ")
    }

    /// What is reported instead of an answer, unless names alone are unknown.
    pub(crate) fn answer(&self) -> String {
        format!("Unknown: it depends on {}.", self.dependency(Scope::hides_answer))
    }

    /// A finding for each placeholder.
    pub(crate) fn findings(&self) -> Vec<Diagnostic> {
        self.values.iter().map(PlaceholderValue::to_diagnostic).collect()
    }

    /// Placeholders with their paths from the server on.
    pub(crate) fn relative(&self, of: impl Fn(Scope) -> bool) -> Vec<(&[Step], &str)> {
        let values = self.values.iter();
        values
            .map(|value| (value.path.steps().get(3..).unwrap_or_default(), value.text.as_str()))
            .filter(|(path, _)| of(Scope::of(path)))
            .collect()
    }
}

/// `$C at spec.servers[0].tls.ecdhCurves[0], line 12`
pub(crate) fn sentence(value: &PlaceholderValue) -> String {
    let line = value.position.map(|at| format!(", line {}", at.line)).unwrap_or_default();
    format!("{} at {}{line}", shown(&value.text), shown(&value.path.to_string()))
}

/// Whether a text holds a placeholder, so that a cluster sees another one.
pub(crate) fn is_unknown_text(text: &str) -> bool {
    is_placeholder(text)
}

fn port_of(server: &Server) -> u32 {
    server.port.as_ref().map_or(0, |port| port.number)
}

/// Sets the items of lists to valid ones, where they hold placeholders.
fn fill(server: &mut Server) {
    let Some(tls) = &mut server.tls else { return };
    let hash = "0".repeat(64);
    let spki = "A".repeat(43) + "=";
    for (list, valid) in [
        (&mut tls.ecdh_curves, "X25519"),
        (&mut tls.cipher_suites, "ECDHE-RSA-AES128-GCM-SHA256"),
        (&mut tls.verify_certificate_hash, hash.as_str()),
        (&mut tls.verify_certificate_spki, spki.as_str()),
    ] {
        let unknown = list.iter_mut().filter(|item| is_placeholder(item));
        unknown.for_each(|item| valid.clone_into(item));
    }
}
