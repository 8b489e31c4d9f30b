//! Manifests with Gateways of Gateway API: translation, reverse conversion, and translation again.

#![no_main]

use istio_gateway::{
    FieldPath,
    gateway_api::{ListenerOutcome, Manifests, Options, convert, from_istio},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut manifests = Manifests::default();
    for error in manifests.add(text.as_bytes()) {
        let _ = error.to_string();
    }
    let options = Options::default();
    let conversions: Vec<_> = manifests.convert(&options).collect();
    let routes = manifests.routes(&conversions);
    for service in &routes.virtual_services {
        assert!(service.to_yaml().contains("kind: VirtualService"), "{service:?}");
    }
    for found in routes.objects.iter().chain(&manifests.object_findings()) {
        assert!(found.diagnostics.iter().all(|found| found.to_string().len() < 100_000));
    }
    let identity = |at: usize| conversions.get(at).map(|(manifest, _)| &manifest.gateway.metadata);
    let mut later = 0;
    for (manifest, conversion) in &conversions {
        later += 1;
        let own = (&manifest.gateway.metadata.namespace, &manifest.gateway.metadata.name);
        // Only the last Gateway of a name has its ListenerSets.
        let mut others = (later..conversions.len()).filter_map(identity);
        if others.any(|other| (&other.namespace, &other.name) == own) {
            continue;
        }
        for set in &conversion.listener_sets {
            let _ = serde_json::to_string(&set.listeners).expect("it can be written");
            for (listener, spec) in set.gateways() {
                let _ = manifest.listener_set_manifest(set, listener, spec, &options);
            }
        }
        let of_library = convert(&manifest.gateway, manifests.resources(), &options);
        // A Gateway that an API server rejects, or of another controller, is not translated.
        if conversion.listeners.is_empty() && conversion.conditions.is_empty() {
            continue;
        }
        // `convert` takes values as they are written: it knows no placeholders.
        assert_eq!(of_library.listeners.len(), conversion.listeners.len());
        let mut depends = false;
        for (one, other) in of_library.listeners.iter().zip(&conversion.listeners) {
            match other.outcome {
                ListenerOutcome::DependsOnPlaceholders => depends = true,
                _ => assert_eq!(one, other),
            }
        }
        assert!(depends || of_library.conditions == conversion.conditions);
        assert!(conversion.diagnostics.len() <= 1000);
        let _ = serde_json::to_string(&conversion.listeners).expect("it can be written");
        for found in &conversion.diagnostics {
            assert!(found.to_string().len() < 100_000, "{found}");
        }

        let mut istio = istio_gateway::Gateway::default();
        istio.servers = conversion.servers().map(|(_, server)| server.clone()).collect();
        let back = from_istio(&istio, manifest.gateway.metadata.clone());
        let mut resources = manifests.resources().clone();
        for grant in back.reference_grants.clone() {
            resources.add_reference_grant(grant);
        }
        let forth = convert(&back.gateway, &resources, &options);
        for (index, server) in istio.servers.iter().enumerate() {
            let path = FieldPath::root().key("servers").index(index);
            let is_told = back.diagnostics.iter().any(|found| found.path.starts_with(&path));
            let name = back.listeners[index].as_deref();
            assert!(is_told || name.is_some(), "{server:?} is lost");
            if !is_told && forth.listeners.iter().any(|listener| Some(&*listener.name) == name) {
                let again = forth.servers().find(|(listener, _)| Some(*listener) == name);
                assert_eq!(again.map(|(_, server)| server), Some(server));
            }
        }
    }
});
