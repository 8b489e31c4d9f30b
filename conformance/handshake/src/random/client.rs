//! Random clients.

use std::sync::Arc;

use anyhow::Result;
use istio_gateway::x509::ClientChain;
use rustls::{pki_types::CertificateDer, sign::CertifiedKey};

use super::{
    certificate::{Authority, Template, common_name, id},
    der::{flags, oid, seq, tlv},
    keys::{Key, Keys},
    mutations::{MUTATIONS, Surroundings, general_name},
    rng::Rng,
};
use crate::TlsVersion;

/// A client's certificates, and what is odd about them.
pub(super) struct RandomClient {
    pub(super) number: usize,
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) odd: Vec<String>,
    pub(super) key: Key,
    /// Whether the key is that of the certificate.
    pub(super) has_key: bool,
    /// The encoded serial number of each certificate with its issuer among the fixed ones.
    pub(super) serials: Vec<(usize, Vec<u8>)>,
}

/// Changes that matter at an issuer, so that they are drawn more often there.
const OF_ISSUERS: [&str; 4] =
    ["no basic constraints", "basic constraints", "name constraints", "path length"];

/// The authorities that exist before the clients.
pub(super) struct Fixed {
    pub(super) all: Vec<Authority>,
}

impl RandomClient {
    pub(super) fn breaks_forwarding(&self) -> bool {
        ClientChain::from_der(self.chain.clone()).breaks_forwarding()
    }

    pub(super) fn new(number: usize, rng: &mut Rng, keys: &Keys, fixed: &Fixed) -> Result<Self> {
        let base = match rng.below(10) {
            0..=5 => rng.below(6),
            _ => rng.below(fixed.all.len()),
        };
        let authority = &fixed.all[base];
        let intermediates = match rng.below(20) {
            0..=6 => 0,
            7..=14 => 1,
            15..=18 => 2,
            _ => 3,
        };
        let mutations = match rng.below(10) {
            0..=2 => 0,
            3..=7 => 1,
            _ => 2,
        };
        // Which certificates are changed: the leaf is the last.
        let targets: Vec<usize> = (0..mutations)
            .map(|_| if rng.one_in(2) { rng.below(intermediates + 1) } else { intermediates })
            .collect();
        let mut odd = Vec::new();
        let mut issuer = authority.template.clone();
        let mut sent: Vec<Vec<u8>> = Vec::new();
        let mut serials = Vec::new();
        for index in 0..=intermediates {
            let is_ca = index < intermediates;
            let serial = rng.next() >> 1;
            let subject = if is_ca {
                common_name(&format!("intermediate {number}.{index}"))
            } else {
                common_name(&format!("client {number}"))
            };
            let key = if is_ca { keys.issuing(rng)? } else { rng.pick(&keys.usual) };
            let mut template = Template::new(subject, key, Some(&issuer), serial);
            if is_ca {
                template = template.into_ca();
            } else {
                fill_leaf(&mut template, rng);
            }
            for _ in targets.iter().filter(|target| **target == index) {
                let of_issuers: Vec<_> = MUTATIONS
                    .iter()
                    .filter(|(what, _)| is_ca && OF_ISSUERS.contains(what))
                    .copied()
                    .collect();
                let (what, change) = if is_ca && rng.one_in(2) {
                    rng.pick(&of_issuers)
                } else {
                    rng.pick(MUTATIONS)
                };
                let around = Surroundings { issuer: &issuer, keys, others: &fixed.all, is_ca };
                change(&mut template, rng, &around);
                odd.push(format!("{what} of {}", if is_ca { "an issuer" } else { "the client" }));
            }
            if index == 0 {
                serials.push((base, template.serial.clone()));
            }
            sent.insert(0, template.encode()?);
            issuer = template;
        }
        let public = match &issuer.public {
            Some(public) => public.clone(),
            None => issuer.key.public()?,
        };
        sent.extend(authority.above.iter().cloned());
        change_chain(&mut sent, rng, fixed, &mut odd);
        let has_key = sent.first().is_some_and(|leaf| contains(leaf, &public));
        Ok(Self { number, chain: sent, odd, key: issuer.key, has_key, serials })
    }

    /// The encoded public key of the certificate, if it can be found.
    pub(super) fn certified_key(&self, version: TlsVersion) -> Arc<CertifiedKey> {
        let chain = self.chain.iter().cloned().map(CertificateDer::from).collect();
        Arc::new(CertifiedKey::new(chain, self.key.for_handshake(version)))
    }
}

fn fill_leaf(template: &mut Template, rng: &mut Rng) {
    template.set(id::KEY_USAGE, true, flags(&[0]));
    template.set(id::EXTENDED_KEY_USAGE, false, seq(&[oid("1.3.6.1.5.5.7.3.2")]));
    let mut names = vec![if rng.one_in(2) {
        tlv(0x86, b"spiffe://lab/ns/a/sa/good")
    } else {
        tlv(0x82, b"client.good.test")
    }];
    if rng.one_in(2) {
        names.insert(0, general_name(rng));
    }
    template.set(id::ALTERNATIVE_NAMES, false, seq(&names));
}

/// Changes what is sent: other certificates, another order, damage.
fn change_chain(chain: &mut Vec<Vec<u8>>, rng: &mut Rng, fixed: &Fixed, odd: &mut Vec<String>) {
    let mut note = |what: &str| odd.push(what.to_owned());
    match rng.below(32) {
        0 | 1 if chain.len() > 1 => {
            chain.remove(1 + rng.below(chain.len() - 1));
            note("an intermediate is missing");
        }
        2 if chain.len() > 2 => {
            let (first, second) = (1 + rng.below(chain.len() - 1), 1 + rng.below(chain.len() - 1));
            chain.swap(first, second);
            note("another order");
        }
        3 => {
            let other = rng.pick(&fixed.all).der.clone();
            chain.push(other);
            note("a CA is sent");
        }
        4 => {
            let again = rng.pick(chain);
            chain.push(again);
            note("a certificate is sent twice");
        }
        5 => {
            let at = rng.below(chain.len());
            let flips = 1 + rng.below(2);
            for _ in 0..flips {
                let byte = rng.below(chain[at].len());
                chain[at][byte] ^= 1 << rng.below(8);
            }
            note("bits are flipped");
        }
        6 => {
            let at = rng.below(chain.len());
            let byte = rng.below(chain[at].len());
            chain[at][byte] = rng.next() as u8;
            note("a byte is changed");
        }
        7 if rng.one_in(2) => {
            let at = rng.below(chain.len());
            let length = rng.below(chain[at].len());
            chain[at].truncate(length.max(1));
            note("a certificate is truncated");
        }
        8 if rng.one_in(2) => {
            let at = rng.below(chain.len());
            chain[at].extend(rng.bytes(2));
            note("bytes follow a certificate");
        }
        9 if rng.one_in(2) => {
            let size: usize = chain.iter().map(|der| der.len() + 5).sum();
            // Around the longest message that Envoy reads.
            let left = 102_400 - 4 - size;
            let filler = rng.pick(&fixed.all).der.clone();
            let each = filler.len() + 5;
            let count = left / each + rng.below(2);
            chain.extend(std::iter::repeat_n(filler, count));
            note("a very long chain");
        }
        _ => {}
    }
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}
