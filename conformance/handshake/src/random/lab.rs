//! The authorities, and the listeners that trust them.

use anyhow::Result;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use istio_gateway::{
    client_certificate::ClientCertificatePolicy,
    envoy::{
        DownstreamTlsContext, MeshConfig, SecretAvailability, client_certificate_policy,
        http_connection_manager,
    },
    proto::mesh::v1alpha1::{ForwardClientCertDetails, Topology},
    x509::Authorities,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    certificate::{Authority, DAY, Template, common_name, id, now, pem},
    client::{Fixed, RandomClient},
    der::{boolean, flags, seq, time, tlv},
    keys::{Key, Keys},
    mutations::{NAMES, scope},
    rng::Rng,
};
use crate::{Endpoint, Gateway, Secrets};

/// A listener, and what its policy is made of.
pub(super) struct Listener {
    pub(super) name: &'static str,
    pub(super) endpoint: Endpoint,
    pub(super) policy: ClientCertificatePolicy,
    pub(super) authorities: Option<Authorities>,
    /// Whether it trusts most authorities, and does not check revocation.
    pub(super) is_wide: bool,
    /// Whether it writes the certificate to `x-forwarded-client-cert`.
    pub(super) forwards: bool,
}

/// The names of the fixed authorities, by their index.
const ROOT: usize = 0;
const RSA: usize = 1;
const P384: usize = 2;
const P521: usize = 3;
const ED25519: usize = 4;
const INTERMEDIATE: usize = 5;
const SHORT: usize = 6;
const SAME_NAME: usize = 7;
const RENEWED: usize = 8;
const CONSTRAINED: usize = 9;
const STRANGER: usize = 10;
const NO_CRL_SIGN: usize = 11;
const FIRST_VERSION: usize = 12;
const NOT_A_CA: usize = 13;

impl Fixed {
    pub(super) fn new(rng: &mut Rng, keys: &Keys) -> Result<Self> {
        let mut number = 0;
        let mut root = |name: &str, key: Key| {
            number += 1;
            Template::new(common_name(name), key, None, number).into_ca()
        };
        let main = root("root", Key::p256(rng)?);
        let mut all = vec![
            main.clone().into_authority(Vec::new())?,
            root("rsa root", Key::rsa(2048)?).into_authority(Vec::new())?,
            root("p384 root", Key::p384(rng)?).into_authority(Vec::new())?,
            root("p521 root", Key::p521(rng)?).into_authority(Vec::new())?,
            root("ed25519 root", Key::ed25519(rng)?).into_authority(Vec::new())?,
        ];
        let intermediate =
            Template::new(common_name("fixed intermediate"), Key::p256(rng)?, Some(&main), 100)
                .into_ca();
        let der = intermediate.encode()?;
        all.push(intermediate.into_authority(vec![der])?);
        let mut short =
            Template::new(common_name("short intermediate"), Key::p256(rng)?, Some(&main), 101);
        short = short.into_ca();
        short.set(id::BASIC_CONSTRAINTS, true, seq(&[boolean(true), tlv(2, &[0])]));
        let der = short.encode()?;
        all.push(short.into_authority(vec![der])?);
        // Without an identifier of its key, both roots of this name may have issued a certificate.
        let mut same = root("root", Key::p256(rng)?);
        same.remove(id::SUBJECT_KEY);
        all.push(same.into_authority(Vec::new())?);
        // The same key and name, and expired.
        let mut renewed = main;
        renewed.serial = tlv(2, &[77]);
        renewed.validity = [time(now() - 90 * DAY), time(now() - DAY)];
        all.push(renewed.into_authority(Vec::new())?);
        let mut constrained = root("constrained root", rng.pick(&keys.usual));
        let permitted = [tlv(0x82, b"good.test"), tlv(0x86, b"lab")].map(|base| seq(&[base]));
        constrained.set(id::NAME_CONSTRAINTS, true, seq(&[tlv(0xa0, &permitted.concat())]));
        all.push(constrained.into_authority(Vec::new())?);
        all.push(root("stranger", Key::p256(rng)?).into_authority(Vec::new())?);
        let mut no_crl_sign = root("no crl sign", Key::p256(rng)?);
        no_crl_sign.set(id::KEY_USAGE, true, flags(&[5]));
        all.push(no_crl_sign.into_authority(Vec::new())?);
        let mut first = root("first version", Key::p256(rng)?);
        first.version = 0;
        first.extensions.clear();
        all.push(first.into_authority(Vec::new())?);
        let mut not_a_ca = root("not a ca", Key::p256(rng)?);
        not_a_ca.set(id::BASIC_CONSTRAINTS, true, seq(&[]));
        all.push(not_a_ca.into_authority(Vec::new())?);
        Ok(Self { all })
    }

    fn bundle(&self, indexes: &[usize]) -> String {
        indexes.iter().filter_map(|index| self.all.get(*index)).map(Authority::pem).collect()
    }

    fn list(
        &self,
        index: usize,
        revoked: &[Vec<u8>],
        rng: &mut Rng,
        is_odd: bool,
    ) -> Result<String> {
        let fresh = [now() - DAY, now() + DAY];
        let (times, extensions, is_damaged) = match rng.below(4) {
            0 if is_odd => ([now() - 9 * DAY, now() - DAY], Vec::new(), false),
            1 if is_odd => ([now() + DAY, now() + 9 * DAY], Vec::new(), false),
            2 if is_odd => (fresh, Vec::new(), true),
            3 if is_odd => (fresh, scope(rng), false),
            _ => (fresh, Vec::new(), false),
        };
        self.all[index].list(revoked, times, &extensions, is_damaged)
    }
}

/// The listeners that trust most authorities, and do not check revocation.
const WIDE: [&str; 6] = [
    "many roots",
    "names",
    "names without a CA's check",
    "insecureSkipVerify",
    "expired ones",
    "short chains",
];

/// The listeners that write the certificate to `x-forwarded-client-cert`.
const FORWARDING: [&str; 5] =
    ["many roots", "insecureSkipVerify", "one root", "expired ones", "short chains"];

const TRUSTED: &[usize] =
    &[ROOT, RSA, P384, P521, ED25519, CONSTRAINED, NO_CRL_SIGN, FIRST_VERSION, NOT_A_CA];

pub(super) fn listeners(
    gateway: &mut Gateway,
    rng: &mut Rng,
    fixed: &Fixed,
    clients: &[RandomClient],
) -> Result<Vec<Listener>> {
    let trusted = fixed.bundle(TRUSTED);
    let ca = |pem: &str| json!({"trusted_ca": {"inline_string": pem}});
    let with = |mut context: Value, fields: Value| {
        if let (Some(context), Some(fields)) = (context.as_object_mut(), fields.as_object()) {
            context.extend(fields.clone());
        }
        context
    };
    let names: Vec<_> = NAMES.iter().map(|name| json!({"exact": name})).collect();
    let names = json!({"match_subject_alt_names": names});
    let skip = json!({"trust_chain_verification": "ACCEPT_UNTRUSTED"});
    let pins = pins(rng, clients)?;
    // One in four of the certificates below a fixed CA is revoked.
    let revoked: Vec<Vec<Vec<u8>>> = (0..fixed.all.len())
        .map(|index| {
            let below = clients.iter().flat_map(|client| &client.serials);
            let below = below.filter(|(base, _)| *base == index).map(|(_, serial)| serial.clone());
            below.filter(|serial| serial.len() > 6 && rng.one_in(4)).collect()
        })
        .collect();
    let mut lists = |indexes: &[usize], is_odd: bool| -> Result<String> {
        indexes.iter().map(|index| fixed.list(*index, &revoked[*index], rng, is_odd)).collect()
    };
    let good_lists =
        lists(&[ROOT, INTERMEDIATE, SHORT, RSA, P384, P521, ED25519, CONSTRAINED], false)?;
    let sign_list = lists(&[NO_CRL_SIGN], false)?;
    let mut odd_lists = String::new();
    for _ in 0..3 {
        odd_lists += &lists(&[ROOT, INTERMEDIATE, RSA, P384, P521, CONSTRAINED], true)?;
    }
    let leaves: String = clients
        .iter()
        .filter(|client| client.number % 5 == 0)
        .filter(|client| {
            Authorities::from_pem(pem("CERTIFICATE", &client.chain[0]).as_bytes()).is_ok()
        })
        .map(|client| pem("CERTIFICATE", &client.chain[0]))
        .collect();
    let crl = |list: &str| json!({"crl": {"inline_string": list}});
    let setups: Vec<(&'static str, Value)> = vec![
        ("one root", ca(&fixed.bundle(&[ROOT]))),
        ("many roots", ca(&trusted)),
        ("only an intermediate", ca(&fixed.bundle(&[INTERMEDIATE]))),
        ("root and intermediates", ca(&fixed.bundle(&[SHORT, ROOT, INTERMEDIATE]))),
        ("renewed root", ca(&fixed.bundle(&[RENEWED, ROOT, RSA]))),
        ("renewed root, reversed", ca(&fixed.bundle(&[STRANGER, ROOT, RENEWED, RSA, P384]))),
        ("two roots of a name", ca(&fixed.bundle(&[SAME_NAME, ROOT, RSA, P384, P521]))),
        ("two roots of a name, reversed", ca(&fixed.bundle(&[ROOT, SAME_NAME, STRANGER]))),
        ("names", with(ca(&trusted), names.clone())),
        ("names without a CA's check", with(with(ca(&trusted), names.clone()), skip.clone())),
        ("pins", with(ca(&trusted), pins.clone())),
        ("pins without a CA", pins),
        ("insecureSkipVerify", with(ca(&trusted), skip)),
        ("CRLs", with(ca(&trusted), crl(&(good_lists.clone() + &sign_list)))),
        ("CRLs among the CAs", ca(&(trusted.clone() + &good_lists))),
        ("CRL of the leaf only", {
            with(with(ca(&trusted), crl(&good_lists)), json!({"only_verify_leaf_cert_crl": true}))
        }),
        ("odd CRLs", with(ca(&trusted), crl(&odd_lists))),
        ("no usable CRL", with(ca(&trusted), crl("nothing"))),
        ("short chains", with(ca(&trusted), json!({"max_verify_depth": 1}))),
        ("no intermediates", with(ca(&trusted), json!({"max_verify_depth": 0}))),
        ("expired ones", with(ca(&trusted), json!({"allow_expired_certificate": true}))),
        ("clients as CAs", ca(&(fixed.bundle(&[RSA]) + &leaves))),
        ("an intermediate with its CRL", {
            with(ca(&fixed.bundle(&[INTERMEDIATE])), crl(&good_lists))
        }),
    ];
    setups.into_iter().map(|(name, context)| serve(gateway, name, context)).collect()
}

/// The pins of every seventh client, one kind or the other.
fn pins(rng: &mut Rng, clients: &[RandomClient]) -> Result<Value> {
    let (mut keys, mut hashes) = (Vec::new(), Vec::new());
    for client in clients.iter().filter(|client| client.number.is_multiple_of(7)) {
        if rng.one_in(2) {
            keys.push(STANDARD.encode(Sha256::digest(client.key.public()?)));
        } else {
            let digest = Sha256::digest(&client.chain[0]);
            let digits: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
            hashes.push(digits.join(if rng.one_in(2) { ":" } else { "" }));
        }
    }
    // Keys are shared: too many pins would pin everybody.
    keys.truncate(2);
    Ok(json!({"verify_certificate_spki": keys, "verify_certificate_hash": hashes}))
}

fn serve(gateway: &mut Gateway, name: &'static str, context: Value) -> Result<Listener> {
    let text = |path: &str| context.pointer(path).and_then(Value::as_str);
    let authorities = match text("/trusted_ca/inline_string") {
        Some(pem) => {
            let mut authorities = Authorities::from_pem(pem.as_bytes())?;
            if let Some(list) = text("/crl/inline_string") {
                authorities = authorities.with_crls(list.as_bytes())?;
            }
            if context["only_verify_leaf_cert_crl"] == true {
                authorities = authorities.verifying_only_leaf_crl();
            }
            if context["allow_expired_certificate"] == true {
                authorities = authorities.allowing_expired();
            }
            if let Some(depth) = context["max_verify_depth"].as_u64() {
                authorities = authorities.with_max_verify_depth(depth.try_into()?);
            }
            Some(authorities)
        }
        None => None,
    };
    // The depth is not among the fields of the library's message.
    let mut known = context.clone();
    if let Some(known) = known.as_object_mut() {
        known.remove("max_verify_depth");
    }
    let whole = |context: Value| {
        json!({
            "common_tls_context": {
                "tls_certificate_sds_secret_configs": [{"name": "random"}],
                "validation_context": context,
            },
            "require_client_certificate": true,
        })
    };
    let message: DownstreamTlsContext = serde_json::from_value(whole(known))?;
    let forwards = FORWARDING.contains(&name);
    let details = match forwards {
        true => ForwardClientCertDetails::SanitizeSet,
        false => ForwardClientCertDetails::Sanitize,
    };
    let gateway_topology =
        Topology { forward_client_cert_details: details.into(), ..Default::default() };
    let manager = http_connection_manager(&MeshConfig { gateway_topology, ..Default::default() });
    Ok(Listener {
        is_wide: WIDE.contains(&name),
        forwards,
        name,
        endpoint: gateway.serve_value(name, whole(context), &manager, &Secrets::empty_ca())?,
        policy: client_certificate_policy(&message, SecretAvailability::default()),
        authorities,
    })
}
