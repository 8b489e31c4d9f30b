//! Numbers as Kubernetes' JSON decoder and Go's validation treat them.

use crate::tree::Kind;

/// A number as Kubernetes' JSON decoder reads it: a signed 64-bit integer if it is written as one and
/// fits, otherwise a float.
pub(crate) struct Number {
    pub(crate) value: f64,
    /// The integer, if Go does not read it as a float.
    pub(crate) whole: Option<i64>,
    pub(crate) is_integer: bool,
    pub(crate) fits_64_bits: bool,
}

#[expect(clippy::cast_precision_loss, reason = "compared with bounds that a float holds exactly")]
pub(crate) fn number(kind: &Kind<'_>) -> Option<Number> {
    let value = match kind {
        Kind::Unsigned(v) => match i64::try_from(*v) {
            Ok(v) => return Some(integer(v)),
            Err(_) => *v as f64,
        },
        Kind::Signed(v) => return Some(integer(*v)),
        Kind::Float(v) => *v,
        Kind::BigNumber(_) => f64::INFINITY,
        _ => return None,
    };
    // swag.IsFloat64AJSONInteger
    let is_integer =
        value.is_finite() && value.abs() <= 9_007_199_254_740_991.0 && value.fract() == 0.0;
    let fits_64_bits = is_integer || fits(value);
    Some(Number { value, whole: None, is_integer, fits_64_bits })
}

#[expect(clippy::cast_precision_loss, reason = "compared with bounds that a float holds exactly")]
fn integer(v: i64) -> Number {
    Number { value: v as f64, whole: Some(v), is_integer: true, fits_64_bits: true }
}

fn fits(value: f64) -> bool {
    value.fract() == 0.0 && value.abs() < 9_223_372_036_854_775_807.0
}
