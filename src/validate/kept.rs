//! What is kept of a document to judge it together with others: a Gateway as istiod sees it, or a
//! VirtualService.

use prost::Message as _;

use super::{
    findings::{Location, Node},
    grant::KeptGrant,
    outline::{CompactLocation, LocationField},
    secret::KeptSecret,
    workload::{KeptPod, KeptService},
};
use crate::{GROUP, Gateway, Object, Timestamp, merged_gateway::VirtualService, tree::Ref};

/// What is kept of a document.
#[derive(Clone, Debug, Default)]
pub(super) enum Kept {
    #[default]
    Nothing,
    Gateway(KeptGateway),
    VirtualService(Box<KeptVirtualService>),
    Secret(Box<KeptSecret>),
    Pod(Box<KeptPod>),
    Service(Box<KeptService>),
    Grant(Box<KeptGrant>),
}

/// The spec of a Gateway, in few bytes, and the locations in its servers.
#[derive(Clone, Debug)]
pub(super) struct KeptGateway {
    pub(super) created: Option<i64>,
    /// On the wire.
    pub(super) spec: Vec<u8>,
    pub(super) selector: CompactLocation,
    /// Of each server: itself, or `tls` where there is one; the protocol and number of its port; its hosts.
    pub(super) places: Vec<CompactLocation>,
    /// The servers of which a value is not known: these values are blank.
    pub(super) unknown_servers: Vec<usize>,
}

/// A VirtualService, and the locations of its `hosts` and `gateways`.
#[derive(Clone, Debug)]
pub(super) struct KeptVirtualService {
    pub(super) service: VirtualService,
    pub(super) hosts: Vec<CompactLocation>,
    pub(super) gateways: Vec<CompactLocation>,
}

impl Kept {
    pub(super) fn gateway(
        gateway: &Gateway,
        unknown_servers: Vec<usize>,
        root: &Location<'_, '_>,
    ) -> Self {
        let spec = root.field("spec");
        let servers = spec.field("servers");
        let mut nodes = servers.items();
        let mut places = Vec::new();
        for (index, server) in gateway.servers.iter().enumerate() {
            let place = nodes.next().unwrap_or_else(|| servers.item(index, None));
            let (tls, port, hosts) =
                (place.field("tls"), place.field("port"), place.field("hosts"));
            let of = |field, item, place: &Location<'_, '_>| {
                CompactLocation::of(field, index, item, place)
            };
            places.push(match tls.is_set() {
                true => of(LocationField::Tls, 0, &tls),
                false => of(LocationField::Server, 0, &place),
            });
            places.push(of(LocationField::Protocol, 0, &port.field("protocol")));
            places.push(of(LocationField::PortNumber, 0, &port.field("number")));
            let mut nodes = hosts.items();
            places.extend((0..server.hosts.len()).map(|item| {
                let place = nodes.next().unwrap_or_else(|| hosts.item(item, None));
                of(LocationField::Host, item, &place)
            }));
        }
        let selector = CompactLocation::of(LocationField::Selector, 0, 0, &spec.field("selector"));
        let metadata = root.field("metadata");
        let (created, spec) = (created(&metadata), gateway.encode_to_vec());
        Self::Gateway(KeptGateway { created, spec, places, selector, unknown_servers })
    }

    /// Of a document that is not a Gateway.
    pub(super) fn other(object: &Object, node: Node<'_>) -> Self {
        let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
        let root = Location::root(node);
        if object.kind() != "VirtualService" || group != GROUP {
            let secret = KeptSecret::of(object, &root).map(|kept| Self::Secret(Box::new(kept)));
            let pod = || KeptPod::of(object, &root).map(|kept| Self::Pod(Box::new(kept)));
            let service =
                || KeptService::of(object, &root).map(|kept| Self::Service(Box::new(kept)));
            let grant = || KeptGrant::of(object, &root).map(|kept| Self::Grant(Box::new(kept)));
            return secret.or_else(pod).or_else(service).or_else(grant).unwrap_or_default();
        }
        let spec = root.field("spec");
        let Ok(service) = VirtualService::from_object(object) else { return Self::Nothing };
        let items = |name, field| -> Vec<CompactLocation> {
            let list = spec.field(name);
            let items = list.items().enumerate();
            items.map(|(index, item)| CompactLocation::of(field, 0, index, &item)).collect()
        };
        let hosts = items("hosts", LocationField::Hosts);
        let gateways = items("gateways", LocationField::Gateways);
        Self::VirtualService(Box::new(KeptVirtualService { service, hosts, gateways }))
    }

    pub(super) fn locations(&mut self) -> impl Iterator<Item = &mut CompactLocation> {
        let one = std::slice::from_mut::<CompactLocation>;
        let (first, second, third): (&mut [_], &mut [_], &mut [_]) = match self {
            Self::Gateway(kept) => (&mut kept.places, one(&mut kept.selector), &mut []),
            Self::VirtualService(kept) => (&mut kept.hosts, &mut kept.gateways, &mut []),
            Self::Secret(kept) => (one(&mut kept.name), &mut [], &mut []),
            Self::Pod(_) | Self::Service(_) | Self::Grant(_) | Self::Nothing => {
                (&mut [], &mut [], &mut [])
            }
        };
        first.iter_mut().chain(second).chain(third)
    }
}

/// `creationTimestamp`, in seconds since 1970.
fn created(metadata: &Location<'_, '_>) -> Option<i64> {
    let text = metadata.field("creationTimestamp").node.map(Ref::text)?;
    Some(text.parse::<Timestamp>().ok()?.seconds)
}
