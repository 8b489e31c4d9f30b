//! What the targets share.

use serde_json::Value;

pub use istio_gateway::{
    Gateway, Port, Server, ServerTlsSettings, TlsCertificate,
    proto::{
        analysis::v1alpha1::AnalysisMessageBase,
        mesh::v1alpha1::Topology,
        meta::v1alpha1::{IstioCondition, IstioStatus},
        networking::v1alpha3::ClientTlsSettings,
    },
};

/// Calls a function for the message type that a byte chooses.
#[macro_export]
macro_rules! for_type {
    ($byte:expr, $f:ident($($arg:expr),*)) => {
        match $byte % 10 {
            0 => $f::<$crate::Gateway>($($arg),*),
            1 => $f::<$crate::Server>($($arg),*),
            2 => $f::<$crate::Port>($($arg),*),
            3 => $f::<$crate::ServerTlsSettings>($($arg),*),
            4 => $f::<$crate::TlsCertificate>($($arg),*),
            5 => $f::<$crate::ClientTlsSettings>($($arg),*),
            6 => $f::<$crate::Topology>($($arg),*),
            7 => $f::<$crate::IstioStatus>($($arg),*),
            8 => $f::<$crate::IstioCondition>($($arg),*),
            _ => $f::<$crate::AnalysisMessageBase>($($arg),*),
        }
    };
}

/// Whether two JSON texts say the same. Of a key written twice the last value counts; numbers are
/// the same where they are nearly the same as f64: a whole float may be written either way, and
/// serde_json reads the last digit of some otherwise than they are.
///
/// Neither text may be nested deeper than serde_json reads.
#[must_use]
pub fn same_data(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else { return a == b };
            a == b || x == y || (x - y).abs() <= x.abs() * 1e-15
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_data(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_data(a, b)))
        }
        _ => a == b,
    }
}
