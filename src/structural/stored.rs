//! From a document to the Gateway that a cluster stores.

#[cfg(feature = "validate")]
use super::shape::SPEC;
use super::{
    prune::{PrunedField, Pruner},
    shape::{ROOT, Shape},
};
use crate::{
    Error, FieldPath, Gateway, IstioVersion, Manifest, Object, Position,
    json::{self, Decoded},
    manifest::OBJECT_META,
    tree::{self, Ref, Tree},
};

/// The Gateway that the API server stores for a document, which is what istiod sees.
///
/// The API server knows the fields of Istio's custom resource by their camelCase names and drops all
/// others before it stores an object: misspelt names, names in `snake_case` (which istiod's decoder
/// accepts), and fields that the installed release of Istio does not have. So a manifest can contain
/// settings that never take effect. Use this spec, not the manifest's, wherever settings are evaluated:
/// for a [`ClientCertificatePolicy`](crate::client_certificate::ClientCertificatePolicy), or the
/// translation to Envoy's configuration.
///
/// An object that was read from a cluster has lost those fields already. [`json`](crate::json) and the
/// wire format prune nothing: they read what istiod reads.
///
/// ```
/// use istio_gateway::{
///     IstioVersion, Manifest, PruneReason,
///     client_certificate::{ClientCertificate, ClientCertificatePolicy},
/// };
///
/// let manifest = Manifest::from_yaml(
///     "\
/// apiVersion: networking.istio.io/v1
/// kind: Gateway
/// metadata: {name: edge}
/// spec:
///   servers:
///   - port: {number: 443, name: https, protocol: HTTPS}
///     hosts: [shop.example.com]
///     tls:
///       mode: MUTUAL
///       credentialName: edge-cert
///       subject_alt_names: [only.me]
/// ",
/// )?;
/// // istiod would accept the name, but the API server drops it.
/// let written = manifest.spec().servers[0].tls.as_ref().unwrap();
/// let stored = manifest.stored(IstioVersion::default())?;
/// let kept = stored.spec.servers[0].tls.as_ref().unwrap();
/// let stranger = ClientCertificate::OTHER_NAME;
/// assert!(!ClientCertificatePolicy::from_settings(written).decide(Some(&stranger)).is_accepted());
/// assert!(ClientCertificatePolicy::from_settings(kept).decide(Some(&stranger)).is_accepted());
///
/// let pruned = &stored.pruned[0];
/// assert_eq!(pruned.path.to_string(), "spec.servers[0].tls.subject_alt_names");
/// assert_eq!(pruned.position.unwrap().to_string(), "11:7");
/// assert_eq!(pruned.reason, PruneReason::SnakeCase { name: "subjectAltNames" });
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct StoredGateway {
    /// The spec, as istiod reads it from the cluster.
    pub spec: Gateway,
    /// The fields that the API server drops, first those of `metadata`, then in the order of the schema, at most
    /// 10,000.
    pub pruned: Vec<PrunedField>,
    /// The number of dropped fields that were left out of `pruned`.
    pub omitted: usize,
}

impl Object {
    /// The Gateway that the API server of a release of Istio stores for this document, which is treated
    /// as a Gateway, whatever its `kind`.
    ///
    /// This does not validate the document: see the feature `validate`.
    ///
    /// Source: `pruneWithOptions` of apiextensions-apiserver's structural pruning, and
    /// `PruneNonNullableNullsWithoutDefaults` of its defaulting.
    ///
    /// # Errors
    /// [`is_decode`](Error::is_decode) if Istio's decoder rejects a value that is kept.
    pub fn stored(&self, istio: IstioVersion) -> Result<StoredGateway, Error> {
        let stored = self.with_tree(|tree| stored(tree.root(), istio, self.start(), false));
        Ok(stored?.with_positions_if(self.has_positions()))
    }
}

impl Manifest {
    /// The Gateway that the API server of a release of Istio stores for this manifest with its changes,
    /// as [`Object::stored`]. Positions are in the original text if nothing was changed, otherwise in
    /// the text that [`to_yaml`](Self::to_yaml) writes.
    ///
    /// # Errors
    /// As [`Object::stored`], without those about values that hold placeholders
    /// ([`Document::of_template`](crate::Document::of_template)): they are unset.
    pub fn stored(&self, istio: IstioVersion) -> Result<StoredGateway, Error> {
        let object = self.object();
        match self.unchanged(|tree| stored(tree.root(), istio, object.start(), true)) {
            Ok(stored) => Ok(stored?.with_positions_if(object.has_positions())),
            Err(changed) => changed.stored(istio),
        }
    }
}

impl StoredGateway {
    fn with_positions_if(mut self, has_positions: bool) -> Self {
        if !has_positions {
            self.pruned.iter_mut().for_each(|field| field.position = None);
        }
        self
    }
}

/// The maximum number of dropped fields that are reported.
const MAX_PRUNED: usize = 10_000;

fn stored(
    root: Ref<'_, '_>,
    istio: IstioVersion,
    start: Position,
    is_template: bool,
) -> Result<StoredGateway, Error> {
    let mut pruner = Pruner::new(istio, MAX_PRUNED, start);
    let Shape::Object { fields, .. } = ROOT else { return Ok(StoredGateway::default()) };
    if let Some(metadata) = root.get("metadata") {
        pruner.enter("metadata", |pruner| pruner.metadata(&OBJECT_META, metadata));
    }
    let mut spec = Gateway::default();
    for (field, value) in pruner.fields(fields, root) {
        // A client that applies a document does not set its status, which has its own endpoint.
        if field.name == "spec" {
            pruner.field(field, value);
            let tree = tree::from_checked_json(&pruner.json)?;
            spec = decode(&tree, is_template).into_lenient()?;
        }
    }
    Ok(StoredGateway { spec, pruned: pruner.pruned, omitted: pruner.omitted })
}

/// Decodes a spec that the API server has pruned, as istiod does, with the diagnostics.
#[cfg(feature = "validate")]
pub(crate) fn stored_spec(
    spec: Ref<'_, '_>,
    istio: IstioVersion,
    is_template: bool,
) -> Result<Decoded<Gateway>, Error> {
    let mut pruner = Pruner::new(istio, 0, Position::START);
    pruner.value(&SPEC, spec);
    Ok(decode(&tree::from_checked_json(&pruner.json)?, is_template))
}

fn decode(spec: &Tree<'_>, is_template: bool) -> Decoded<Gateway> {
    let path = FieldPath::root().key("spec");
    json::decode_node_onto(Gateway::default(), spec, spec.root(), &path, is_template)
}
