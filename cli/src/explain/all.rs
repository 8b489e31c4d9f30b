//! All Gateways of the input: each by itself, and what they are together.

use std::collections::HashMap;

use istio_gateway::{
    FieldPath, Manifest, Timestamp, client_certificate::Forwarding, envoy::Options,
    merged_gateway::VirtualService,
};

use super::{
    client::Asked,
    server::{Explained, ExplainedGateway, Pruned, explained},
    whole::{Member, Whole},
};
use crate::gateways::Found;

/// What there is to say about all Gateways.
pub(super) struct All {
    pub(super) whole: Whole,
    pub(super) pruned: Vec<Pruned>,
    pub(super) servers: Vec<Explained>,
}

impl All {
    pub(super) fn new(
        found: &[Found],
        services: &[VirtualService],
        options: &Options,
        forwarding: Forwarding,
        asked: Option<&Asked>,
    ) -> Self {
        let alone = |Found { manifest, file, document }: &Found| {
            explained(manifest, file, *document, options, forwarding, asked, &|_| None)
        };
        let mut gateways: Vec<ExplainedGateway> = found.iter().map(alone).collect();
        let mut members = Vec::new();
        // The index of each Gateway in the members.
        let mut numbers: Vec<Option<usize>> = vec![None; found.len()];
        for index in last_of_each(found) {
            let (Some(of), Some(gateway), Some(number)) =
                (found.get(index), gateways.get_mut(index), numbers.get_mut(index))
            else {
                continue;
            };
            let Some(spec) = gateway.spec.take() else { continue };
            *number = Some(members.len());
            members.push(Member {
                file: &of.file,
                namespace: of.manifest.namespace(),
                name: of.manifest.name(),
                created: created(&of.manifest),
                spec,
                lines: gateway.servers.iter().map(|server| server.line).collect(),
                servers: std::mem::take(&mut gateway.members),
            });
        }
        let mut whole = Whole::new(&members, services);
        let (mut pruned, mut servers) = (Vec::new(), Vec::new());
        for ((gateway, of), number) in gateways.into_iter().zip(found).zip(numbers) {
            let number = number.filter(|number| whole.is_merged(*number));
            let absences = &whole.absences;
            let absence = |server| absences.get(&(number?, server)).copied();
            let count = gateway.servers.len();
            let own_bypasses = gateway.own_bypasses;
            let mut gateway_servers = gateway.servers;
            if (0..count).any(|server| absence(server).is_some()) {
                let Found { manifest, file, document } = of;
                let again =
                    explained(manifest, file, *document, options, forwarding, asked, &absence);
                gateway_servers = again.servers;
            }
            for (index, server) in gateway_servers.iter_mut().enumerate() {
                let bypasses = match number {
                    Some(number) => whole.bypasses.remove(&(number, index)),
                    None => own_bypasses.get(&index).cloned(),
                };
                server.bypassed_by(bypasses.unwrap_or_default());
            }
            servers.extend(gateway_servers);
            pruned.extend(gateway.pruned);
        }
        Self { whole, pruned, servers }
    }
}

/// The last Gateway of each name, which is the one that is applied, in their order. Those without a name get
/// one each (generateName).
fn last_of_each(found: &[Found]) -> Vec<usize> {
    let mut last: HashMap<(&str, &str), usize> = HashMap::new();
    for (index, Found { manifest, .. }) in found.iter().enumerate() {
        last.insert((manifest.namespace(), manifest.name()), index);
    }
    let is_last = |index: &usize| {
        found.get(*index).is_some_and(|Found { manifest, .. }| {
            let key = (manifest.namespace(), manifest.name());
            key.1.is_empty() || last.get(&key) == Some(index)
        })
    };
    (0..found.len()).filter(is_last).collect()
}

/// `metadata.creationTimestamp`, in seconds since 1970.
pub(super) fn created(manifest: &Manifest) -> Option<i64> {
    let path = FieldPath::root().key("metadata").key("creationTimestamp");
    let value = manifest.object().get(&path)?;
    Some(value.as_str()?.parse::<Timestamp>().ok()?.seconds)
}
