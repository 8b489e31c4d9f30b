//! RSA keys that rcgen and rustls cannot create or reject.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use getrandom::SysRng;
use rcgen::PublicKeyData;
use rsa::{
    PrivateKey,
    pkcs1::EncodeRsaPublicKey as _,
    pss,
    sha2::Sha256,
    signature::{SignatureEncoding as _, Signer as _},
};
use rustls::{
    Error, SignatureAlgorithm, SignatureScheme,
    sign::{Signer, SigningKey},
};

/// A key that signs by RSA-PSS with SHA-256.
#[derive(Debug)]
pub(super) struct RsaKey {
    signer: Arc<PssSigner>,
    public: Vec<u8>,
}

#[derive(Debug)]
struct PssSigner(pss::SigningKey<Sha256>);

impl RsaKey {
    pub(super) fn generate(bits: usize) -> Result<Self> {
        let key = PrivateKey::new(&mut SysRng, bits).map_err(|error| anyhow!("RSA: {error}"))?;
        let public = key.to_public_key().to_pkcs1_der()?.as_bytes().to_vec();
        Ok(Self { signer: Arc::new(PssSigner(pss::SigningKey::new(key))), public })
    }
}

impl PublicKeyData for RsaKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for RsaKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let is_offered = offered.contains(&SignatureScheme::RSA_PSS_SHA256);
        is_offered.then(|| Box::new(SharedSigner(Arc::clone(&self.signer))) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

#[derive(Debug)]
struct SharedSigner(Arc<PssSigner>);

impl Signer for SharedSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signed = self.0.0.try_sign(message);
        signed
            .map(|signature| signature.to_vec())
            .map_err(|error| Error::General(error.to_string()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}
