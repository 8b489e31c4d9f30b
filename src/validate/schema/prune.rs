//! What the API server keeps of an object.

use super::{number::number, shape::Shape};
use crate::{
    IstioVersion,
    tree::{Edit, write_json, write_text},
    validate::findings::Node,
};

/// Writes a value as the API server hands it on: pruned, whole numbers without a point.
pub(in crate::validate) fn write_pruned(
    shape: &Shape,
    node: Node<'_>,
    version: IstioVersion,
    out: &mut String,
) {
    match shape {
        Shape::Object { fields, .. } if node.is_map() => {
            out.push('{');
            let mut comma = "";
            for field in *fields {
                let value = node.get(field.name).filter(|value| field.nullable || !value.is_null());
                let is_known = field.since <= version.minor();
                let Some(value) = value.filter(|_| is_known) else { continue };
                out.push_str(comma);
                comma = ",";
                write_text(field.name, out);
                out.push(':');
                write_pruned(&field.shape, value, version, out);
            }
            out.push('}');
        }
        Shape::List { of, .. } if node.is_list() => {
            out.push('[');
            for (i, item) in node.items().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_pruned(of, item, version, out);
            }
            out.push(']');
        }
        Shape::Integer if number(node.kind()).is_some_and(|number| number.is_integer) => {
            let value = number(node.kind()).map_or(0.0, |number| number.value);
            // Without a minus before a zero.
            out.push_str(&format!("{}", value + 0.0));
        }
        _ => write_json(&Edit::Kept(node), out),
    }
}
