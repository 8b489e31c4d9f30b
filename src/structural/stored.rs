//! A document to the Gateway that a cluster keeps of it.

#[cfg(feature = "validate")]
use super::shape::SPEC;
use super::{
    prune::{PrunedField, Pruner},
    shape::{ROOT, Shape},
};
use crate::{
    Error, FieldPath, Gateway, IstioVersion, Manifest, Object, Position,
    json::{self, Decoded},
    tree::{self, Ref},
};

/// The Gateway that the API server keeps of a document, which is what istiod sees.
///
/// The API server knows the fields of Istio's custom resource by their names in camelCase and drops
/// all others before it stores an object: misspelt ones, names in `snake_case`, which istiod's own
/// decoder accepts, and fields that the installed release of Istio does not have. So a setting can stand in
/// a manifest and never take effect. What judges settings (a
/// [`ClientCertificatePolicy`](crate::client_certificate::ClientCertificatePolicy), the translation to
/// Envoy's configuration) is to be given this spec, not the manifest's.
///
/// An object that was read from a cluster has lost those fields already. [`json`](crate::json) and
/// the wire format prune nothing: they are istiod's dialect.
///
/// ```
/// use istio_gateway::{
///     IstioVersion, Manifest, PruneReason,
///     client_certificate::{ClientCertificate, ClientCertificatePolicy},
/// };
///
/// let manifest = Manifest::parse(
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
/// // istiod would accept the name, and is never shown it.
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
    /// The fields that the API server drops, in the order of the schema; of a hostile document, the
    /// first 10,000.
    pub pruned: Vec<PrunedField>,
    /// How many dropped fields there are beyond those in `pruned`.
    pub omitted: usize,
}

impl Object {
    /// The Gateway that the API server of a release of Istio keeps of this document, which is treated as a
    /// Gateway, whatever its `kind` says.
    ///
    /// Whether the API server accepts the document is another question: see the feature `validate`.
    ///
    /// Source: `pruneWithOptions` of apiextensions-apiserver's structural pruning, and
    /// `PruneNonNullableNullsWithoutDefaults` of its defaulting.
    ///
    /// # Errors
    /// [`is_decode`](Error::is_decode) when what is kept has values that Istio's decoder rejects.
    pub fn stored(&self, istio: IstioVersion) -> Result<StoredGateway, Error> {
        let stored = self.with_tree(|tree| stored(tree.root(), istio, self.start()));
        Ok(stored.and_then(|stored| stored)?.with_positions_if(self.has_positions()))
    }
}

impl Manifest {
    /// The Gateway that the API server of a release of Istio keeps of this manifest with its changes,
    /// as [`Object::stored`]. Positions are in the text that it was read from if nothing is changed,
    /// else in the text that [`to_yaml`](Self::to_yaml) writes.
    ///
    /// # Errors
    /// As [`Object::stored`].
    pub fn stored(&self, istio: IstioVersion) -> Result<StoredGateway, Error> {
        let object = self.object();
        match self.unchanged(|tree| stored(tree.root(), istio, object.start())) {
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

/// So many dropped fields are reported.
const MAX_PRUNED: usize = 10_000;

fn stored(root: Ref<'_, '_>, istio: IstioVersion, start: Position) -> Result<StoredGateway, Error> {
    let mut pruner = Pruner::new(istio, MAX_PRUNED, start);
    let Shape::Object { fields, .. } = ROOT else { return Ok(StoredGateway::default()) };
    let mut spec = Gateway::default();
    for (field, value) in pruner.fields(fields, root) {
        // Who applies a document does not set its status: that has an endpoint of its own.
        if field.name == "spec" {
            pruner.field(field, value);
            spec = decode(&pruner.json)?.tolerant()?;
        }
    }
    Ok(StoredGateway { spec, pruned: pruner.pruned, omitted: pruner.omitted })
}

/// What istiod reads of a spec that the API server has pruned, and what it finds in it.
#[cfg(feature = "validate")]
pub(crate) fn stored_spec(
    spec: Ref<'_, '_>,
    istio: IstioVersion,
) -> Result<Decoded<Gateway>, Error> {
    let mut pruner = Pruner::new(istio, 0, Position::START);
    pruner.value(&SPEC, spec);
    decode(&pruner.json)
}

fn decode(spec: &str) -> Result<Decoded<Gateway>, Error> {
    let tree = tree::from_checked_json(spec)?;
    Ok(json::decode_node(&tree, tree.root(), &FieldPath::root().key("spec")))
}
