//! The clients of the matrix.

use std::collections::BTreeMap;

use anyhow::Result;
use istio_gateway::client_certificate::{ExtendedKeyUsage, KeyUsage, Validity};
use rcgen::{KeyUsagePurpose, SanType};
use rustls::pki_types::CertificateDer;

use super::{
    DAY, Pki, RsaKey, ca_params,
    identity::{Identity, Issuer},
    now,
    recipe::{Authorities, Key, Recipe, change_leaf, root_as_client},
};

type Change = fn(&mut Recipe) -> Result<()>;

/// Clients with a certificate, with the names of `tests/golden/handshake.json`, followed by those
/// whose handshake fails by itself.
const CLIENTS: [(&str, Change); 39] = [
    ("valid", |_| Ok(())),
    ("pinned", |_| Ok(())),
    ("wrong_san", Recipe::other_name),
    ("untrusted", |r| {
        r.issuer(Issuer::OtherRoot);
        Ok(())
    }),
    ("untrusted_wrong_san", |r| {
        r.issuer(Issuer::OtherRoot);
        r.other_name()
    }),
    ("same_dn_issuer", |r| {
        r.issuer(Issuer::RootOfTheSameName);
        Ok(())
    }),
    ("same_dn_issuer_named_key", |r| {
        r.issuer(Issuer::RootOfTheSameName);
        r.facts.names_key = true;
        r.params.use_authority_key_identifier_extension = true;
        Ok(())
    }),
    ("self_signed", |r| {
        r.issuer(Issuer::Itself);
        Ok(())
    }),
    ("untrusted_pinned", |r| {
        r.issuer(Issuer::OtherRoot);
        Ok(())
    }),
    ("expired", |r| {
        r.expired();
        Ok(())
    }),
    ("expired_pinned", |r| {
        r.expired();
        Ok(())
    }),
    ("not_yet", |r| {
        r.facts.validity = Validity::NotYetValid;
        r.params.not_before = now() + DAY;
        r.params.not_after = now() + DAY * 2;
        Ok(())
    }),
    ("revoked", |r| {
        r.revoked();
        Ok(())
    }),
    ("no_eku_client", |r| {
        r.for_servers();
        Ok(())
    }),
    ("no_eku_ext", |r| {
        r.params.extended_key_usages.clear();
        Ok(())
    }),
    ("untrusted_server_eku", |r| {
        r.issuer(Issuer::OtherRoot);
        r.for_servers();
        Ok(())
    }),
    ("no_digsig_ku", |r| {
        r.facts.key_usage = KeyUsage::NoSigning;
        r.params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
        // Chain verification does not accept a client whose key has no allowed use.
        r.facts.extended_key_usage = ExtendedKeyUsage::Other;
        Ok(())
    }),
    ("key_agreement_ku", |r| {
        r.facts.key_usage = KeyUsage::NoSigning;
        r.params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
        Ok(())
    }),
    ("weak_rsa1024", |r| {
        r.key = Key::Rsa(RsaKey::generate(1024)?);
        Ok(())
    }),
    ("rsa2048", |r| {
        r.key = Key::Rsa(RsaKey::generate(2048)?);
        Ok(())
    }),
    ("int_complete", |r| {
        r.issuer(Issuer::Intermediate);
        Ok(())
    }),
    ("int_incomplete", |r| {
        r.issuer(Issuer::Intermediate);
        r.facts.sends_chain = false;
        Ok(())
    }),
    ("untrusted_int", |r| {
        r.issuer(Issuer::OtherIntermediate);
        Ok(())
    }),
    ("no_san", |r| {
        r.params.subject_alt_names.clear();
        Ok(())
    }),
    ("bad_sig", |r| {
        r.bad_signature();
        Ok(())
    }),
    ("expired_server_eku", |r| {
        r.expired();
        r.for_servers();
        Ok(())
    }),
    ("expired_revoked", |r| {
        r.expired();
        r.revoked();
        Ok(())
    }),
    ("expired_bad_sig", |r| {
        r.expired();
        r.bad_signature();
        Ok(())
    }),
    ("revoked_bad_sig", |r| {
        r.revoked();
        r.bad_signature();
        Ok(())
    }),
    ("revoked_server_eku", |r| {
        r.revoked();
        r.for_servers();
        Ok(())
    }),
    ("untrusted_expired", |r| {
        r.issuer(Issuer::OtherRoot);
        r.expired();
        Ok(())
    }),
    ("untrusted_no_digsig_ku", |r| {
        r.issuer(Issuer::OtherRoot);
        r.facts.key_usage = KeyUsage::NoSigning;
        r.params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
        Ok(())
    }),
    // The root's own certificate needs the root's key, which `all` adds.
    ("ca_as_client", |r| {
        r.issuer(Issuer::Itself);
        r.facts.is_root = true;
        r.params = ca_params("lab root");
        Ok(())
    }),
    ("wrong_key", |r| {
        r.facts.has_key = false;
        Ok(())
    }),
    ("untrusted_wrong_key", |r| {
        r.issuer(Issuer::OtherRoot);
        r.facts.has_key = false;
        Ok(())
    }),
    ("garbage", |r| {
        r.malformed(|chain| *chain = vec![CertificateDer::from(b"no certificate".to_vec())]);
        Ok(())
    }),
    ("truncated", |r| {
        r.malformed(|chain| change_leaf(chain, |der| der.truncate(der.len() / 2)));
        Ok(())
    }),
    ("trailing", |r| {
        r.malformed(|chain| change_leaf(chain, |der| der.extend(*b"more")));
        Ok(())
    }),
    ("garbage_chain", |r| {
        r.malformed(|chain| chain.push(CertificateDer::from(b"no certificate".to_vec())));
        Ok(())
    }),
];

pub(super) fn all(pki: &Pki) -> Result<BTreeMap<&'static str, Identity>> {
    let authorities = Authorities::new(pki)?;
    let mut identities = BTreeMap::new();
    for (name, change) in CLIENTS {
        let recipe = Recipe::of(name, change)?;
        let identity = if recipe.facts.is_root {
            root_as_client(name, pki, recipe.facts)?
        } else {
            recipe.bake(name, &authorities)?
        };
        identities.insert(name, identity);
    }
    Ok(identities)
}

pub(super) fn untrusted_with_uri(pki: &Pki, uri: &str) -> Result<Identity> {
    let recipe = Recipe::of("another URI", |r| {
        r.issuer(Issuer::OtherRoot);
        r.params.subject_alt_names = vec![SanType::URI(uri.try_into()?)];
        Ok(())
    })?;
    recipe.bake("untrusted_with_uri", &Authorities::new(pki)?)
}
