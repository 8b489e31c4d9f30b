//! Contexts that no server results in.

use anyhow::{Context as _, Result};
use istio_gateway::{
    TlsMode,
    client_certificate::Forwarding,
    envoy::{
        DownstreamTlsContext, MeshConfig, SecretAvailability, client_certificate_policy,
        http_connection_manager,
    },
};
use serde_json::{Value, json};

use crate::{
    Gateway, Pki, Secrets,
    pki::{GOOD_URI, Issuer},
};

use super::{super::listener::Listener, Lists, MODES, PINNED, SKIP, Skip, hash, spki};

/// Envoy's `validation_context`, or none, without its `trust_chain_verification`.
pub(super) struct Setup {
    name: &'static str,
    context: Option<Value>,
    ca: Option<Issuer>,
    lists: &'static [Issuer],
}

pub(super) fn all(gateway: &mut Gateway, pki: &Pki, lists: &Lists) -> Result<Vec<Listener>> {
    const BOTH: &[Issuer] = &[Issuer::Root, Issuer::Intermediate];
    let (root, typed) = (json!({"inline_string": pki.root().pem()}), typed_names());
    let pins = spki(pki, &[&PINNED[..], &["revoked", "int_complete"]].concat())?;
    let under_root = |name, lists, context| Setup {
        name,
        context: Some(context),
        ca: Some(Issuer::Root),
        lists,
    };
    let without_ca = |name, context| Setup { name, context, ca: None, lists: &[] };
    let setups = [
        under_root("plain", &[], json!({"trusted_ca": root})),
        under_root("san", &[], json!({"trusted_ca": root, "match_typed_subject_alt_names": typed})),
        under_root(
            "crl_leafonly",
            &[Issuer::Root],
            json!({
                "trusted_ca": root,
                "crl": {"filename": lists.root},
                "only_verify_leaf_cert_crl": true,
            }),
        ),
        under_root(
            "all",
            BOTH,
            json!({
                "trusted_ca": root,
                "crl": {"filename": lists.all},
                "match_typed_subject_alt_names": typed,
                "verify_certificate_spki": pins,
            }),
        ),
        without_ca("noca_ctx", None),
        without_ca("noca", Some(json!({}))),
        without_ca("noca_spki", Some(json!({"verify_certificate_spki": spki(pki, &PINNED)?}))),
        without_ca("noca_hash", Some(json!({"verify_certificate_hash": hash(pki, &PINNED)?}))),
    ];
    let mut listeners = Vec::new();
    for setup in &setups {
        for mode in MODES {
            for (insecure_skip_verify, skip) in SKIP {
                // There is no field for it.
                if setup.context.is_some() || insecure_skip_verify.is_none() {
                    let skip = (insecure_skip_verify, skip);
                    listeners.push(serve(gateway, setup, mode, skip)?);
                }
            }
        }
    }
    Ok(listeners)
}

/// Those that Envoy rejects.
pub(super) fn refused(pki: &Pki) -> Result<Vec<(TlsMode, Skip, Setup)>> {
    let list = pki.root_list(false)?.0;
    let contexts = [
        ("noca_crl", json!({"crl": {"inline_string": list}})),
        ("noca_san", json!({"match_typed_subject_alt_names": typed_names()})),
        ("noca_san_deprecated", json!({"match_subject_alt_names": [{"exact": GOOD_URI}]})),
    ];
    let mut refused = Vec::new();
    for (name, context) in contexts {
        for mode in MODES {
            for skip in SKIP {
                let context = Some(context.clone());
                refused.push((mode, skip, Setup { name, context, ca: None, lists: &[] }));
            }
        }
    }
    Ok(refused)
}

fn typed_names() -> Value {
    json!([{"san_type": "URI", "matcher": {"exact": GOOD_URI}}])
}

pub(super) fn serve(
    gateway: &mut Gateway,
    setup: &Setup,
    mode: TlsMode,
    (insecure_skip_verify, skip): Skip,
) -> Result<Listener> {
    let mut common = json!({"tls_certificate_sds_secret_configs": [{"name": "by-hand"}]});
    if let Some(context) = &setup.context {
        let mut context = context.clone();
        if let Some(skips) = insecure_skip_verify {
            let verification = if skips { "ACCEPT_UNTRUSTED" } else { "VERIFY_TRUST_CHAIN" };
            context["trust_chain_verification"] = verification.into();
        }
        common["validation_context"] = context;
    }
    let name = format!("{}.{skip}.{}", mode.as_str_name(), setup.name);
    let context: DownstreamTlsContext = serde_json::from_value(json!({
        "common_tls_context": common,
        "require_client_certificate": mode == TlsMode::Mutual,
    }))
    .with_context(|| name.clone())?;
    let manager = http_connection_manager(&MeshConfig::default());
    Ok(Listener {
        endpoint: gateway.serve_context(&name, &context, &manager, &Secrets::empty_ca())?,
        golden: vec![name.clone()],
        name,
        forwarding: Forwarding::default(),
        policy: client_certificate_policy(&context, SecretAvailability::default()),
        ca: setup.ca,
        lists: setup.lists.to_vec(),
    })
}
