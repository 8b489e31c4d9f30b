//! What may be odd about a certificate.

use super::{
    certificate::{
        Authority, DAY, Extension, Template, common_name, id, key_identifier, name, now,
    },
    der::{boolean, flags, integer, octets, oid, seq, set, time, tlv},
    keys::{Hash, How, Key, Keys},
    rng::Rng,
};

/// A change of a certificate. It gets the issuer, and whether the certificate is a CA's.
type Change = fn(&mut Template, &mut Rng, &Surroundings<'_>);

pub(super) struct Surroundings<'a> {
    pub(super) issuer: &'a Template,
    pub(super) keys: &'a Keys,
    pub(super) others: &'a [Authority],
    pub(super) is_ca: bool,
}

pub(super) const MUTATIONS: &[(&str, Change)] = &[
    ("expired", |t, _, _| t.validity = [time(now() - 9 * DAY), time(now() - DAY)]),
    ("expired", |t, _, _| t.validity = [time(now() - 9 * DAY), time(now() - DAY)]),
    ("not yet valid", |t, _, _| t.validity = [time(now() + DAY), time(now() + 9 * DAY)]),
    ("not yet valid", |t, _, _| t.validity = [time(now() + DAY), time(now() + 9 * DAY)]),
    ("odd times", |t, rng, _| {
        let odd: &[(u8, &[u8])] = &[
            (23, b"260101000000+0100"),
            (23, b"2601010000Z"),
            (24, b"20200101000000Z"),
            (24, b"20200101000000.5Z"),
            (24, b"20200230000000Z"),
            (24, b"99991231235959Z"),
            (23, b"500101000000Z"),
            (24, b"20200101000000+0100"),
        ];
        let (tag, text) = rng.pick(odd);
        let at = rng.below(2);
        t.validity[at] = tlv(tag, text);
    }),
    ("extended key usage", |t, rng, _| {
        let purposes =
            ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0", "1.3.6.1.5.5.7.3.4"];
        let count = rng.below(3);
        let picked: Vec<_> = (0..count).map(|_| oid(rng.pick(&purposes))).collect();
        t.set(id::EXTENDED_KEY_USAGE, rng.one_in(2), seq(&picked));
    }),
    ("for servers only", |t, _, _| {
        t.set(id::EXTENDED_KEY_USAGE, false, seq(&[oid("1.3.6.1.5.5.7.3.1")]));
    }),
    ("no extended key usage", |t, _, _| t.remove(id::EXTENDED_KEY_USAGE)),
    ("key usage", |t, rng, _| {
        let sets: &[&[usize]] =
            &[&[], &[2], &[4], &[5], &[6], &[0, 2], &[5, 6], &[1], &[8], &[0, 8], &[2, 4]];
        t.set(id::KEY_USAGE, rng.one_in(2), flags(rng.pick(sets)));
    }),
    ("no key usage", |t, _, _| t.remove(id::KEY_USAGE)),
    ("basic constraints", |t, rng, _| {
        let values = [
            seq(&[]),
            seq(&[boolean(false)]),
            seq(&[boolean(true)]),
            seq(&[integer(&[0])]),
            seq(&[boolean(true), integer(&[0])]),
            seq(&[boolean(true), integer(&[1])]),
            seq(&[boolean(true), integer(&[0xff])]),
            seq(&[boolean(true), integer(&[1, 0, 0, 0, 0, 0, 0, 0, 0])]),
            seq(&[tlv(1, &[1])]),
        ];
        t.set(id::BASIC_CONSTRAINTS, rng.one_in(2), rng.pick(&values));
    }),
    ("no basic constraints", |t, _, _| t.remove(id::BASIC_CONSTRAINTS)),
    ("no basic constraints", |t, _, _| t.remove(id::BASIC_CONSTRAINTS)),
    ("other alternative names", |t, _, _| {
        t.set(id::ALTERNATIVE_NAMES, false, seq(&[tlv(0x82, b"bad.test")]));
    }),
    ("path length", |t, rng, _| {
        let length = rng.below(2) as u8;
        t.set(id::BASIC_CONSTRAINTS, true, seq(&[boolean(true), integer(&[length])]));
    }),
    ("old version", |t, rng, _| {
        t.version = rng.below(2) as u8;
        if !rng.one_in(5) {
            t.extensions.clear();
        }
    }),
    ("unique identifiers", |t, rng, _| {
        t.unique = [tlv(0x81, &[0, 7]), tlv(0x82, &[rng.below(9) as u8, 8])].concat();
    }),
    ("unknown critical extension", |t, rng, _| {
        let ids = ["1.2.3.4.5", id::CRL_POINTS, id::SUBJECT_KEY, "1.3.6.1.5.5.7.1.1"];
        let value = match rng.below(2) {
            0 => seq(&[]),
            _ => octets(&[1, 2, 3, 4]),
        };
        t.set(rng.pick(&ids), true, value);
    }),
    ("unknown critical extension", |t, _, _| t.set("1.2.3.4.5", true, vec![5, 0])),
    ("unknown extension", |t, rng, _| t.set("1.2.3.4.6", false, rng.bytes(4))),
    ("duplicate extension", |t, rng, _| {
        if !t.extensions.is_empty() {
            let again = rng.pick(&t.extensions);
            t.extensions.push(again);
        }
    }),
    ("garbage in an extension", |t, rng, _| {
        let length = rng.below(8);
        let garbage = rng.bytes(length);
        let count = t.extensions.len();
        if count > 0 {
            let extension = &mut t.extensions[rng.below(count)];
            match rng.below(3) {
                0 => extension.value = garbage,
                1 => extension.value.extend(garbage),
                _ => extension.value.truncate(length),
            }
        }
    }),
    ("alternative names", |t, rng, _| {
        let count = rng.below(4);
        let names: Vec<_> = (0..count).map(|_| general_name(rng)).collect();
        t.set(id::ALTERNATIVE_NAMES, rng.one_in(3), seq(&names));
    }),
    ("alternative names", |t, rng, _| {
        let names: Vec<_> = (0..2).map(|_| general_name(rng)).collect();
        t.set(id::ALTERNATIVE_NAMES, false, seq(&names));
    }),
    ("no alternative names", |t, _, _| t.remove(id::ALTERNATIVE_NAMES)),
    ("name constraints", constrain),
    ("name constraints", constrain),
    ("name constraints", constrain),
    ("name constraints", constrain),
    ("policies", |t, rng, _| {
        let policy = |rng: &mut Rng| oid(rng.pick(&["2.5.29.32.0", "1.2.3.1", "1.2.3.2"]));
        let count = rng.below(3);
        let policies: Vec<_> = (0..count).map(|_| seq(&[policy(rng)])).collect();
        if !rng.one_in(3) {
            t.set(id::POLICIES, rng.one_in(2), seq(&policies));
        }
        if rng.one_in(2) {
            let constraints = seq(&[tlv(0x80, &[rng.below(2) as u8])]);
            t.set(id::POLICY_CONSTRAINTS, true, constraints);
        }
        if rng.one_in(4) {
            let mapping = seq(&[policy(rng), policy(rng)]);
            t.set(id::POLICY_MAPPINGS, false, seq(&[mapping]));
        }
        if rng.one_in(4) {
            t.set(id::INHIBIT_ANY_POLICY, true, integer(&[rng.below(2) as u8]));
        }
    }),
    ("explicit policy required", |t, rng, _| {
        t.set(id::POLICY_CONSTRAINTS, true, seq(&[tlv(0x80, &[rng.below(2) as u8])]));
    }),
    ("another authority key", |t, rng, around| {
        let other = rng.pick(around.others);
        let key = match rng.below(3) {
            0 => tlv(0x80, &key_identifier(&other.template.key).to_be_bytes()),
            1 => {
                let issuer = tlv(0xa1, &tlv(0xa4, &around.issuer.issuer));
                let serial = around.issuer.serial.get(2..).unwrap_or_default();
                [issuer, tlv(0x82, serial)].concat()
            }
            _ => {
                let issuer = tlv(0xa1, &tlv(0xa4, &other.template.subject));
                [issuer, tlv(0x82, &[7])].concat()
            }
        };
        t.set(id::AUTHORITY_KEY, false, seq(&[key]));
    }),
    ("no authority key", |t, _, _| t.remove(id::AUTHORITY_KEY)),
    ("no subject key", |t, _, _| t.remove(id::SUBJECT_KEY)),
    ("wrong signature", |t, _, _| t.breaks_signature = true),
    ("wrong signature", |t, _, _| t.breaks_signature = true),
    ("another signer", |t, rng, around| t.signer = rng.pick(&around.keys.usual)),
    ("signature algorithm", |t, rng, _| {
        t.how = How {
            hash: rng.pick(&Hash::ALL),
            is_pss: rng.one_in(2),
            has_odd_parameter: rng.one_in(3),
        };
    }),
    ("signature algorithm", |t, rng, _| t.how.hash = rng.pick(&Hash::ALL)),
    ("two signature algorithms", |t, rng, _| {
        let other = How { hash: rng.pick(&Hash::ALL), ..How::USUAL };
        t.inner = Some(t.signer.algorithm(other));
    }),
    ("odd serial number", |t, rng, _| {
        let odd: &[&[u8]] = &[&[0], &[0xff], &[0x80], &[0, 1], &[], &[7; 40], &[0, 0x80]];
        t.serial = integer(rng.pick(odd));
    }),
    ("odd issuer", |t, rng, around| {
        t.issuer = match rng.below(3) {
            // The same name to BoringSSL.
            0 => respell(&around.issuer.subject),
            1 => common_name("another issuer"),
            _ => seq(&[]),
        };
    }),
    ("self-signed", sign_itself),
    ("self-signed", sign_itself),
    ("self-issued", |t, _, around| t.subject = around.issuer.subject.clone()),
    ("odd subject", |t, rng, _| t.subject = odd_name(rng)),
    ("key", |t, rng, around| {
        if let Ok(key) = around.keys.any(rng) {
            t.key = key;
        }
    }),
    ("key", |t, rng, around| {
        if let Ok(key) = around.keys.any(rng) {
            t.key = key;
        }
    }),
    ("compressed point", |t, rng, around| {
        t.key = rng.pick(&around.keys.usual);
        t.public = t.key.compressed();
    }),
    ("unknown key", |t, rng, around| {
        if !around.is_ca {
            t.key = Key::foreign(rng);
        }
    }),
    ("distribution point", |t, rng, _| {
        t.set(id::CRL_POINTS, false, seq(&[point(rng, true)]));
    }),
];

fn sign_itself(t: &mut Template, _: &mut Rng, _: &Surroundings<'_>) {
    t.signer = t.key.clone();
    t.issuer = t.subject.clone();
    t.remove(id::AUTHORITY_KEY);
    // Otherwise it is not one that signs certificates.
    t.remove(id::KEY_USAGE);
}

fn constrain(t: &mut Template, rng: &mut Rng, _: &Surroundings<'_>) {
    let mut trees = Vec::new();
    for tag in [0xa0, 0xa1] {
        let count = rng.below(3);
        let list: Vec<_> = (0..count).map(|_| subtree(rng)).collect();
        if !list.is_empty() {
            trees.push(tlv(tag, &list.concat()));
        }
    }
    t.set(id::NAME_CONSTRAINTS, rng.one_in(2), seq(&trees));
}

fn subtree(rng: &mut Rng) -> Vec<u8> {
    let base = match rng.below(12) {
        0..=3 => {
            let hosts =
                ["good.test", ".good.test", "bad.test", "", "client.good.test", "TEST.", "."];
            tlv(0x82, rng.pick(&hosts).as_bytes())
        }
        4 | 5 => {
            let hosts = ["lab", ".lab", "other", "", "good.test", ".test"];
            tlv(0x86, rng.pick(&hosts).as_bytes())
        }
        6 | 7 => {
            let mails =
                ["good.test", ".test", "me@good.test", "ME@good.test", "@good.test", "a@b@c", ""];
            tlv(0x81, rng.pick(&mails).as_bytes())
        }
        8 | 9 => {
            let names = [
                name(&[("2.5.4.10", 12, b"Lab")]),
                name(&[("2.5.4.10", 19, b"  LAB ")]),
                name(&[("2.5.4.10", 12, b"Other")]),
                seq(&[]),
            ];
            tlv(0xa4, &rng.pick(&names))
        }
        10 => tlv(0x87, &[10, 0, 0, 0, 255, 0, 0, 0]),
        _ => tlv(0x88, &[0x2a, 3]),
    };
    let distance = match rng.below(12) {
        0 => tlv(0x80, &[0]),
        1 => tlv(0x81, &[1]),
        _ => Vec::new(),
    };
    seq(&[base, distance])
}

/// A distribution point, or the name of one.
pub(super) fn point(rng: &mut Rng, is_whole: bool) -> Vec<u8> {
    let full = |uri: &str| tlv(0xa0, &tlv(0x86, uri.as_bytes()));
    let name = match rng.below(4) {
        0 => full("http://crl.test/one"),
        1 => full("http://crl.test/two"),
        2 => tlv(0xa1, &seq(&[oid("2.5.4.3"), tlv(12, b"part")])),
        _ => tlv(0xa0, &tlv(0xa4, &common_name("part"))),
    };
    if !is_whole {
        return tlv(0xa0, &name);
    }
    let reasons = if rng.one_in(4) { tlv(0x81, &[1, 0x80]) } else { Vec::new() };
    let issuer =
        if rng.one_in(4) { tlv(0xa2, &tlv(0xa4, &common_name("other"))) } else { Vec::new() };
    let name = if rng.one_in(5) { Vec::new() } else { tlv(0xa0, &name) };
    seq(&[name, reasons, issuer])
}

/// Names of which some are among those of listeners.
pub(super) const NAMES: [&str; 6] = [
    "spiffe://lab/ns/a/sa/good",
    "client.good.test",
    "me@good.test",
    "10.0.0.7",
    "2001:db8::7",
    "::1.2.3.4",
];

pub(super) fn general_name(rng: &mut Rng) -> Vec<u8> {
    let dns = |text: &str| tlv(0x82, text.as_bytes());
    match rng.below(22) {
        0 => dns("client.good.test"),
        1 => dns("*.good.test"),
        2 => dns("CLIENT.Good.test"),
        3 => dns(rng.pick(&[
            "c*t.good.test",
            "*.*.test",
            "*",
            "client.good.test.",
            "xn--*.good.test",
        ])),
        4 => dns("bad.test"),
        5 | 6 => tlv(0x86, b"spiffe://lab/ns/a/sa/good"),
        7 => tlv(0x86, b"spiffe://other/ns/a/sa/good"),
        8 => tlv(
            0x86,
            rng.pick(&["urn:good", "https://good.test:80/x", "https://.test/", "x"]).as_bytes(),
        ),
        9 => tlv(0x81, b"me@good.test"),
        10 => tlv(
            0x81,
            rng.pick(&["Me@good.test", "me@bad.test", "me", "a@b@good.test", "\"me\"@good.test"])
                .as_bytes(),
        ),
        11 => tlv(0x87, &[10, 0, 0, 7]),
        12 => {
            let mut address = [0; 16];
            match rng.below(4) {
                0 => {
                    (address[0], address[1], address[2], address[3], address[15]) =
                        (0x20, 1, 0xd, 0xb8, 7)
                }
                1 => address[12..].copy_from_slice(&[1, 2, 3, 4]),
                2 => address[10..].copy_from_slice(&[0xff, 0xff, 10, 0, 0, 7]),
                _ => address[15] = 1,
            }
            tlv(0x87, &address)
        }
        13 => tlv(0x87, &rng.bytes(5)),
        14 => {
            let value = tlv(0xa0, &tlv(12, b"client.good.test"));
            tlv(0xa0, &[oid("1.3.6.1.4.1.311.20.2.3"), value].concat())
        }
        15 => tlv(0xa4, &common_name("client.good.test")),
        16 => tlv(0x88, &[0x2a, 3]),
        17 => tlv(0xa5, &tlv(0xa1, &tlv(12, b"party"))),
        18 => tlv(0xa3, &[]),
        19 => tlv(rng.pick(&[0x82, 0x86]), &rng.bytes(6)),
        _ => {
            // Some of these cannot be in a header.
            let odd = rng.pick(&[0, 1, 8, 9, 10, 13, 31, 127, 128, 255]);
            tlv(rng.pick(&[0x81, 0x82, 0x86]), &[b'a', odd, b'b'])
        }
    }
}

fn odd_name(rng: &mut Rng) -> Vec<u8> {
    match rng.below(9) {
        0 => seq(&[]),
        1 => name(&[("2.5.4.3", 12, b"client.good.test")]),
        2 => name(&[("2.5.4.3", 30, b"\0c\0l")]),
        3 => name(&[("2.5.4.3", 30, b"\xd8\0\0l")]),
        4 => name(&[("2.5.4.3", 12, b"\xff\xfe")]),
        5 => name(&[("2.5.4.10", 12, b"Lab"), ("1.2.840.113549.1.9.1", 22, b"ME@good.test")]),
        6 => name(&[("1.2.840.113549.1.9.1", 12, b"me@good.test")]),
        7 => seq(&[set(&[
            seq(&[oid("2.5.4.3"), tlv(12, b"two")]),
            seq(&[oid("2.5.4.10"), tlv(12, b"Lab")]),
        ])]),
        _ => seq(&[set(&[])]),
    }
}

/// Another spelling of the same name: a string of another type, in capitals.
fn respell(name: &[u8]) -> Vec<u8> {
    let mut spelt = name.to_vec();
    for at in 0..spelt.len().saturating_sub(4) {
        // The value behind a common name's identifier.
        if spelt[at..].starts_with(&[0x55, 4, 3, 12]) {
            spelt[at + 3] = 22;
            spelt[at + 5..].make_ascii_uppercase();
            break;
        }
    }
    spelt
}

/// Extensions of CRLs.
pub(super) fn scope(rng: &mut Rng) -> Vec<Extension> {
    let part = match rng.below(6) {
        0 => tlv(0x81, &[0xff]),
        1 => tlv(0x82, &[0xff]),
        2 => [tlv(0x81, &[0xff]), tlv(0x82, &[0xff])].concat(),
        3 => tlv(0x84, &[0xff]),
        4 => tlv(0x83, &[1, 0x80]),
        _ => point(rng, false),
    };
    vec![Extension { is_critical: true, ..Extension::new(id::ISSUING_POINT, seq(&[part])) }]
}
