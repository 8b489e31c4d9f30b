//! The `CustomResourceDefinition` of Gateway, built from the table that pruning and validation use.

use serde_json::{Map, Value, json};

use super::{
    cel::Exclusive,
    shape::{Field, ROOT, Shape},
};
use crate::IstioVersion;

/// The first release whose custom resource has v1.
pub(crate) const CRD_V1: IstioVersion = IstioVersion::of(22);
/// The first release whose custom resource bounds its numbers.
pub(crate) const CRD_BOUNDS: IstioVersion = IstioVersion::of(22);
/// The first release whose custom resource has CEL rules.
pub(crate) const CRD_CEL: IstioVersion = IstioVersion::of(26);
/// The first release whose custom resource is stored as v1 (istio/api#3498); before, it is v1beta1.
const CRD_V1_STORED: IstioVersion = IstioVersion::of(27);

/// Returns the `CustomResourceDefinition` of Gateway in a release of Istio: the object of upstream's
/// `kubernetes/customresourcedefinitions.gen.yaml` without upstream's descriptions. An API server
/// behaves the same with either.
///
/// The releases 1.24, 1.30, 1.31 and 1.32 are compared with upstream's, since modules of istio.io/api
/// exist for them. For other releases it contains what is known.
///
/// ```
/// use istio_gateway::{IstioVersion, crd};
///
/// let crd = crd(IstioVersion::default());
/// assert_eq!(crd["metadata"]["name"], "gateways.networking.istio.io");
/// let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
/// let tls = &spec["properties"]["servers"]["items"]["properties"]["tls"];
/// assert_eq!(
///     tls["properties"]["insecureSkipVerify"],
///     serde_json::json!({"type": "boolean", "nullable": true}),
/// );
/// ```
#[must_use]
pub fn crd(istio: IstioVersion) -> Value {
    let root = Schema { istio }.of(&ROOT);
    let stored = if istio >= CRD_V1_STORED { "v1" } else { "v1beta1" };
    let served = served(istio);
    let version = |name: &str| {
        json!({
            "name": name,
            "schema": {"openAPIV3Schema": root.clone()},
            "served": true,
            "storage": name == stored,
            "subresources": {"status": {}},
        })
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "annotations": {"helm.sh/resource-policy": "keep"},
            "labels": {
                "app": "istio-pilot",
                "chart": "istio",
                "heritage": "Tiller",
                "release": "istio",
            },
            "name": format!("gateways.{}", crate::GROUP),
        },
        "spec": {
            "group": crate::GROUP,
            "names": {
                "categories": ["istio-io", "networking-istio-io"],
                "kind": "Gateway",
                "listKind": "GatewayList",
                "plural": "gateways",
                "shortNames": ["gw"],
                "singular": "gateway",
            },
            "scope": "Namespaced",
            "versions": served.map(version).collect::<Vec<_>>(),
        },
    })
}

/// The API versions of a release.
pub(crate) fn served(istio: IstioVersion) -> impl Iterator<Item = &'static str> {
    let names = ["v1", "v1alpha3", "v1beta1"];
    names.into_iter().filter(move |name| *name != "v1" || istio >= CRD_V1)
}

/// The schema of the spec in a release.
#[cfg(feature = "validate")]
pub(crate) fn spec_schema(istio: IstioVersion) -> Value {
    Schema { istio }.of(&super::SPEC)
}

/// The schema of a release.
struct Schema {
    istio: IstioVersion,
}

impl Schema {
    fn of(&self, shape: &Shape) -> Value {
        match shape {
            Shape::Object { fields, keeps_unknown, has_rules } => {
                self.object(fields, *keeps_unknown, *has_rules)
            }
            Shape::Texts => json!({"type": "object", "additionalProperties": {"type": "string"}}),
            Shape::List { of, bounds: None } => json!({"type": "array", "items": self.of(of)}),
            Shape::List { of, bounds: Some((min, max)) } => {
                json!({"type": "array", "items": self.of(of), "minItems": min, "maxItems": max})
            }
            Shape::Text => json!({"type": "string"}),
            Shape::Time => json!({"type": "string", "format": "date-time"}),
            Shape::Integer if self.istio < CRD_BOUNDS => json!({"type": "integer"}),
            // All of them are proto's uint32.
            Shape::Integer => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
            Shape::IntegerOrText => json!({
                "anyOf": [{"type": "integer"}, {"type": "string"}],
                "x-kubernetes-int-or-string": true,
            }),
            Shape::Boolean => json!({"type": "boolean"}),
            Shape::Enum(names) => json!({"type": "string", "enum": names}),
        }
    }

    fn object(&self, fields: &[Field], keeps_unknown: bool, has_rules: bool) -> Value {
        let mut object = Map::new();
        object.insert("type".to_owned(), "object".into());
        let known = || fields.iter().filter(|field| field.since <= self.istio.minor());
        let properties = known().map(|field| (field.name.to_owned(), self.field(field)));
        object.insert("properties".to_owned(), properties.collect::<Map<_, _>>().into());
        let required: Vec<_> = known().filter(|f| f.required).map(|f| f.name).collect();
        if !required.is_empty() {
            object.insert("required".to_owned(), required.into());
        }
        if keeps_unknown {
            object.insert("x-kubernetes-preserve-unknown-fields".to_owned(), true.into());
        }
        if has_rules && self.istio >= CRD_CEL {
            let rules = Exclusive::RULES
                .iter()
                .map(|rule| json!({"rule": rule.expression(), "message": rule.message}));
            object.insert("x-kubernetes-validations".to_owned(), rules.collect());
        }
        object.into()
    }

    fn field(&self, field: &Field) -> Value {
        let mut schema = self.of(&field.shape);
        if field.nullable
            && let Value::Object(schema) = &mut schema
        {
            schema.insert("nullable".to_owned(), true.into());
        }
        schema
    }
}
