//! What a change of manifests opens or closes.

mod catch;
mod changes;
mod difference;
mod fields;
mod pair;
mod text;
mod tls;

use std::path::PathBuf;

use istio_gateway::{client_certificate::Forwarding, envoy::Options};
use serde::Serialize;

use self::pair::{Pair, Stored};
pub(super) use self::{
    catch::what_differs,
    difference::{Difference, State},
    fields::ChangedField,
    text::{changed_fields, sentence, text, title},
};
use super::{
    answer::{self, Answer},
    server::PortOf,
    text::gateway_name,
};
use crate::{
    Failure,
    files::name_of,
    gateways::{Finding, read},
    input::Reading,
};

/// Two files, compared.
#[derive(Serialize)]
pub(super) struct Diff {
    pub(super) istio: String,
    pub(super) forwarding: &'static str,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) weaker: usize,
    pub(super) stronger: usize,
    pub(super) different: usize,
    /// How many servers are as they were.
    pub(super) unchanged: usize,
    /// Gateways that a cluster refuses.
    pub(super) refused: Vec<Refused>,
    /// Gateways of which a file has more than one.
    pub(super) repeated: Vec<Repeated>,
    /// Fields that the API server drops.
    pub(super) pruned: Vec<Pruned>,
    /// Servers that istiod leaves out, and that are compared with none.
    pub(super) skipped: Vec<Skipped>,
    pub(super) servers: Vec<ServerDiff>,
}

/// A Gateway of which a file has more than one: the last one counts.
#[derive(Serialize)]
pub(super) struct Repeated {
    /// `old` or `new`.
    pub(super) which: &'static str,
    pub(super) namespace: String,
    pub(super) gateway: String,
    pub(super) count: usize,
}

impl Repeated {
    /// A sentence for people.
    pub(super) fn sentence(&self) -> String {
        let Self { which, namespace, gateway, count } = self;
        let name = gateway_name(namespace, gateway);
        format!(
            "The {which} file has {count} Gateways {name}. The one that is applied last counts, so \
             that only the last one is compared."
        )
    }
}

/// A server that istiod leaves out.
#[derive(Serialize)]
pub(super) struct Skipped {
    /// `old` or `new`.
    pub(super) which: &'static str,
    pub(super) namespace: String,
    pub(super) gateway: String,
    pub(super) server: usize,
    pub(super) reason: String,
}

impl Skipped {
    /// A sentence for people.
    pub(super) fn sentence(&self) -> String {
        let Self { which, namespace, gateway, server, reason } = self;
        let name = gateway_name(namespace, gateway);
        format!("istiod leaves out spec.servers[{server}] of the {which} {name}: {reason}.")
    }
}

/// What the API server drops of a Gateway.
#[derive(Serialize)]
pub(super) struct Pruned {
    /// `old` or `new`.
    pub(super) which: &'static str,
    pub(super) namespace: String,
    pub(super) gateway: String,
    pub(super) fields: Vec<Finding>,
}

#[derive(Serialize)]
pub(super) struct Refused {
    /// `old` or `new`.
    pub(super) which: &'static str,
    pub(super) namespace: String,
    pub(super) gateway: String,
    pub(super) reasons: Vec<Finding>,
}

/// A server that is not as it was.
#[derive(Serialize)]
pub(super) struct ServerDiff {
    /// `added`, `removed` or `changed`.
    pub(super) status: &'static str,
    pub(super) namespace: String,
    pub(super) gateway: String,
    pub(super) old: Option<Place>,
    pub(super) new: Option<Place>,
    /// The fields that are not as they were.
    pub(super) fields: Vec<ChangedField>,
    pub(super) differences: Vec<Difference>,
}

/// Where a server is, and what it is called.
#[derive(Clone, Serialize)]
pub(super) struct Place {
    pub(super) line: Option<usize>,
    pub(super) server: usize,
    pub(super) name: String,
    pub(super) port: PortOf,
    pub(super) hosts: Vec<String>,
    pub(super) answer: Answer,
}

impl Diff {
    pub(super) fn of(
        [old, new]: [&PathBuf; 2],
        options: &Options,
        forwarding: Forwarding,
        reading: &mut Reading,
    ) -> Result<Self, Failure> {
        let mut read = |path: &PathBuf| -> Result<_, Failure> {
            let found = read(std::slice::from_ref(path), reading)?;
            let gateways: Vec<_> = found.into_iter().map(|found| found.manifest).collect();
            Ok((name_of(path), gateways))
        };
        let ((old, before), (new, after)) = (read(old)?, read(new)?);
        let ((before, of_old), (after, of_new)) =
            (pair::last_of_each(before), pair::last_of_each(after));
        let repeated = [("old", of_old), ("new", of_new)].into_iter().flat_map(|(which, all)| {
            all.into_iter().map(move |(manifest, count)| Repeated {
                which,
                namespace: manifest.namespace().to_owned(),
                gateway: manifest.name().to_owned(),
                count,
            })
        });
        let repeated = repeated.collect();
        let stored = |manifests: Vec<_>| -> Vec<Stored> {
            manifests.into_iter().map(|manifest| Stored::of(manifest, options)).collect()
        };
        let (before, after) = (stored(before), stored(after));
        let (mut refused, mut pruned, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for (which, gateways) in [("old", &before), ("new", &after)] {
            for of_file in gateways {
                let Stored { manifest, judgement, .. } = of_file;
                let namespace = || manifest.namespace().to_owned();
                let gateway = || manifest.name().to_owned();
                if !judgement.refusals.is_empty() {
                    let reasons = Finding::of(&judgement.refusals, manifest);
                    refused.push(Refused {
                        which,
                        namespace: namespace(),
                        gateway: gateway(),
                        reasons,
                    });
                }
                if !judgement.pruned.is_empty() {
                    let fields = Finding::of(&judgement.pruned, manifest);
                    pruned.push(Pruned {
                        which,
                        namespace: namespace(),
                        gateway: gateway(),
                        fields,
                    });
                }
                skipped.extend(of_file.skipped().map(|(server, reason)| Skipped {
                    which,
                    namespace: namespace(),
                    gateway: gateway(),
                    server,
                    reason: reason.to_string(),
                }));
            }
        }
        let mut unchanged = 0;
        let mut servers = Vec::new();
        let mut changed = Vec::new();
        let pairs = pair::of(&before, &after);
        let caught = catch::of(&pairs, options);
        for (pair, caught) in pairs.iter().zip(caught) {
            let differences = changes::of(pair, caught, options);
            if differences.is_empty() {
                unchanged += 1;
            } else {
                servers.push(server_diff(pair, differences, options, forwarding));
                changed.push(pair);
            }
        }
        for (server, fields) in servers.iter_mut().zip(fields::of(&changed)) {
            server.fields = fields;
        }
        let count = |id| {
            let differences = servers.iter().flat_map(|server| &server.differences);
            differences.filter(|difference| difference.effect == id).count()
        };
        Ok(Self {
            istio: options.istio.to_string(),
            forwarding: forwarding.as_str(),
            old,
            new,
            weaker: count("weaker"),
            stronger: count("stronger"),
            different: count("different"),
            unchanged,
            refused,
            repeated,
            pruned,
            skipped,
            servers,
        })
    }
}

fn server_diff(
    pair: &Pair<'_>,
    differences: Vec<Difference>,
    options: &Options,
    forwarding: Forwarding,
) -> ServerDiff {
    let place = |side: &pair::Side<'_>| Place {
        line: side.line,
        server: side.index,
        name: side.server.name.clone(),
        port: PortOf::of(side.server),
        hosts: side.server.hosts.clone(),
        answer: answer::of(&side.seen(options), forwarding, false),
    };
    ServerDiff {
        status: match (&pair.old, &pair.new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        },
        namespace: pair.namespace.to_owned(),
        gateway: pair.gateway.to_owned(),
        old: pair.old.as_ref().map(place),
        new: pair.new.as_ref().map(place),
        fields: Vec::new(),
        differences,
    }
}
