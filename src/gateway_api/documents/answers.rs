//! The translations of a set, with positions.

use std::collections::HashMap;

use super::{
    ConvertedRoutes, Manifests, ObjectFindings, ReadGateway, ReadListenerSet, ReadRoute, Text,
    locate::Found,
};
use crate::gateway_api::{
    Conversion, GatewayManifest, Options,
    input::{Identity, ListenerSet, Metadata},
    routes::{self, Parents},
    unknown,
    verdict_cache::VerdictCache,
};

impl Manifests {
    /// Translates each Gateway with its `ListenerSet`s, once all manifests are added. Diagnostics have
    /// positions. Of two Gateways of the same name the last one has the `ListenerSet`s.
    ///
    /// A Gateway that violates the schema of Gateway API is rejected by an API server and not
    /// translated: it has no listeners and no conditions, and all findings.
    ///
    /// Values that hold a placeholder ([`is_placeholder`](crate::is_placeholder)) are not judged. The name of
    /// the Gateway and the names and host names of its listeners may hold one: they are in the result as they
    /// are written. A listener that depends on another one is
    /// [`DependsOnPlaceholders`](crate::gateway_api::ListenerOutcome::DependsOnPlaceholders).
    pub fn convert<'a>(
        &'a self,
        options: &Options,
    ) -> impl Iterator<Item = (&'a GatewayManifest, Conversion)> + use<'a> {
        let cache = VerdictCache::default();
        let identity = |read: &'a ReadGateway| read.manifest.gateway.metadata.identity();
        let last =
            last_of(&mut self.gateways().map(|manifest| manifest.gateway.metadata.identity()));
        let mut conversions: Vec<(usize, &ReadGateway, Conversion)> = Vec::new();
        for (text, Text { gateways, .. }) in self.texts.iter().enumerate() {
            for read in gateways {
                let number = conversions.len();
                let is_replaced = last.get(&identity(read)).is_some_and(|last| *last != number);
                let gateway = (&read.manifest.gateway, &read.variants, is_replaced);
                let (resources, unknown) = (&self.resources, &self.unknown);
                let conversion = unknown::convert(gateway, resources, unknown, options, &cache);
                conversions.push((text, read, conversion));
            }
        }
        self.locate(&mut conversions);
        conversions.into_iter().map(|(_, read, conversion)| (&read.manifest, conversion))
    }

    /// Translates the routes that attach to listeners of the translated Gateways: of the kinds `HTTPRoute`,
    /// `GRPCRoute`, `TLSRoute` and `TCPRoute`. They are not checked against their schemas. Whether a backend exists is not
    /// known, and not reported.
    #[must_use]
    pub fn routes(&self, conversions: &[(&GatewayManifest, Conversion)]) -> ConvertedRoutes {
        let sets: Vec<&ListenerSet> = self.listener_sets().map(|set| &set.listener_set).collect();
        let last = last_of(&mut sets.iter().map(|set| set.metadata.identity()));
        let listeners =
            |set: Identity<'_>| Some(sets.get(*last.get(&set)?)?.spec.listeners.as_slice());
        let mut parents = Parents::default();
        for (manifest, conversion) in conversions {
            parents.add(manifest, conversion, &listeners);
        }
        let mut grants = routes::Grants::new(&self.resources);
        let mut generated = routes::Generated::default();
        let mut objects = Vec::new();
        for text in &self.texts {
            let mut paths = Vec::new();
            let first = objects.len();
            for ReadRoute { route, source, document, path } in &text.routes {
                let found = routes::convert(route, &parents, &mut grants, &mut generated);
                let diagnostics = found.unwrap_or_else(|error| error.diagnostics().to_vec());
                if !diagnostics.is_empty() {
                    let Metadata { namespace, name, .. } = route.metadata.clone();
                    let (kind, source, document) = (route.kind.name(), *source, *document);
                    let found =
                        ObjectFindings { kind, namespace, name, source, document, diagnostics };
                    objects.push(found);
                    paths.push(path);
                }
            }
            let mut found: Vec<Found<'_>> = Vec::new();
            let own = objects.get_mut(first..).unwrap_or_default();
            for (object, path) in own.iter_mut().zip(paths) {
                found.extend(object.diagnostics.iter_mut().map(|found| (path, found)));
            }
            text.locate(found);
        }
        ConvertedRoutes { virtual_services: generated.finish(), objects }
    }

    /// Sets the position of every diagnostic. Each text is read once more for all of them.
    fn locate(&self, conversions: &mut [(usize, &ReadGateway, Conversion)]) {
        let mut sets: Vec<(usize, &ReadListenerSet)> = Vec::new();
        for (index, text) in self.texts.iter().enumerate() {
            sets.extend(text.sets.iter().map(|read| (index, read)));
        }
        let last = last_of(
            &mut sets.iter().map(|(_, read)| read.manifest.listener_set.metadata.identity()),
        );
        let mut found: Vec<Vec<Found<'_>>> = self.texts.iter().map(|_| Vec::new()).collect();
        for (text, read, conversion) in conversions {
            if let Some(found) = found.get_mut(*text) {
                found.extend(conversion.diagnostics.iter_mut().map(|found| (&read.path, found)));
            }
            for set in &mut conversion.listener_sets {
                let last = last.get(&(&*set.namespace, &*set.name));
                let Some((text, read)) = last.and_then(|last| sets.get(*last)) else { continue };
                if let Some(found) = found.get_mut(*text) {
                    found.extend(set.diagnostics.iter_mut().map(|found| (&read.path, found)));
                }
            }
        }
        self.texts.iter().zip(found).for_each(|(text, found)| text.locate(found));
    }
}

/// The index of the last object of each namespace and name: the one that is used.
fn last_of<'a>(identities: &mut dyn Iterator<Item = Identity<'a>>) -> HashMap<Identity<'a>, usize> {
    let mut last = HashMap::new();
    for (index, identity) in identities.enumerate() {
        last.insert(identity, index);
    }
    last
}
