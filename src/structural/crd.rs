//! The `CustomResourceDefinition` of Gateway, built from the table that pruning and validation use.

use serde_json::{Map, Value};

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
    let version = |name: &str| {
        object([
            ("name", name.into()),
            ("schema", object([("openAPIV3Schema", root.clone())])),
            ("served", true.into()),
            ("storage", (name == stored).into()),
            ("subresources", object([("status", object([]))])),
        ])
    };
    let labels = object([
        ("app", "istio-pilot".into()),
        ("chart", "istio".into()),
        ("heritage", "Tiller".into()),
        ("release", "istio".into()),
    ]);
    let metadata = object([
        ("annotations", object([("helm.sh/resource-policy", "keep".into())])),
        ("labels", labels),
        ("name", format!("gateways.{}", crate::GROUP).into()),
    ]);
    let names = object([
        ("categories", list(["istio-io".into(), "networking-istio-io".into()])),
        ("kind", "Gateway".into()),
        ("listKind", "GatewayList".into()),
        ("plural", "gateways".into()),
        ("shortNames", list(["gw".into()])),
        ("singular", "gateway".into()),
    ]);
    let spec = object([
        ("group", crate::GROUP.into()),
        ("names", names),
        ("scope", "Namespaced".into()),
        ("versions", list(served(istio).map(version))),
    ]);
    object([
        ("apiVersion", "apiextensions.k8s.io/v1".into()),
        ("kind", "CustomResourceDefinition".into()),
        ("metadata", metadata),
        ("spec", spec),
    ])
}

/// An object of JSON. The macro of `serde_json` is compiled to several times as much code.
fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let mut object = Map::new();
    for (name, value) in entries {
        object.insert(name.to_owned(), value);
    }
    object.into()
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(items.into_iter().collect())
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
        let of_type = |name: &str| object([("type", name.into())]);
        match shape {
            Shape::Object { fields, keeps_unknown, has_rules } => {
                self.object(fields, *keeps_unknown, *has_rules)
            }
            Shape::Texts => {
                object([("type", "object".into()), ("additionalProperties", of_type("string"))])
            }
            Shape::List { of, bounds: None } => {
                object([("type", "array".into()), ("items", self.of(of))])
            }
            Shape::List { of, bounds: Some((min, max)) } => object([
                ("type", "array".into()),
                ("items", self.of(of)),
                ("minItems", (*min).into()),
                ("maxItems", (*max).into()),
            ]),
            Shape::Text => of_type("string"),
            Shape::Time => object([("type", "string".into()), ("format", "date-time".into())]),
            Shape::Integer if self.istio < CRD_BOUNDS => of_type("integer"),
            // All of them are proto's uint32.
            Shape::Integer => object([
                ("type", "integer".into()),
                ("minimum", 0.into()),
                ("maximum", u32::MAX.into()),
            ]),
            Shape::IntegerOrText => object([
                ("anyOf", list([of_type("integer"), of_type("string")])),
                ("x-kubernetes-int-or-string", true.into()),
            ]),
            Shape::Boolean => of_type("boolean"),
            Shape::Enum(names) => {
                let names = list(names.iter().map(|name| Value::from(*name)));
                object([("type", "string".into()), ("enum", names)])
            }
        }
    }

    fn object(&self, fields: &[Field], keeps_unknown: bool, has_rules: bool) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields.iter().filter(|field| field.since <= self.istio.minor()) {
            let mut schema = self.of(&field.shape);
            if let (true, Value::Object(schema)) = (field.nullable, &mut schema) {
                schema.insert("nullable".to_owned(), true.into());
            }
            properties.insert(field.name.to_owned(), schema);
            if field.required {
                required.push(field.name.into());
            }
        }
        let mut object = Map::new();
        object.insert("type".to_owned(), "object".into());
        object.insert("properties".to_owned(), properties.into());
        if !required.is_empty() {
            object.insert("required".to_owned(), Value::Array(required));
        }
        if keeps_unknown {
            object.insert("x-kubernetes-preserve-unknown-fields".to_owned(), true.into());
        }
        if has_rules && self.istio >= CRD_CEL {
            let rules = Exclusive::RULES.iter().map(|rule| {
                self::object([("rule", rule.expression().into()), ("message", rule.message.into())])
            });
            object.insert("x-kubernetes-validations".to_owned(), list(rules));
        }
        object.into()
    }
}
