//! The table of clients, and two policies compared.

use istio_gateway::{
    ServerTlsSettings, TlsMode,
    client_certificate::{
        Change, ClientCertificate, ClientCertificatePolicy, Crl, CrlState, Decision, Effect,
        Revocation, Source, Trust, TrustedCa, ValidationContext, Validity,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};

/// What a real Envoy did with SIMPLE, MUTUAL, `OPTIONAL_MUTUAL` and the last two with skip:
/// accepted verified (V), unverified (U) or without a certificate (-), or rejected (x).
const SEEN: [(&str, &str); 11] = [
    ("none", "-x-x-"),
    ("valid", "-VVVV"),
    ("unknown-issuer", "-xxUU"),
    ("self-signed", "-xxUU"),
    ("incomplete-chain", "-xxUU"),
    ("expired", "-xxUU"),
    ("not-yet-valid", "-xxUU"),
    ("not-for-clients", "-xxUU"),
    ("not-for-signing", "-xxxx"),
    ("no-key", "-xxxx"),
    ("malformed", "-xxxx"),
];

/// Those that only names, pins or a CRL distinguish from a valid one.
const TOLD_BY_MORE: [&str; 4] = ["revoked", "no-revocation-list", "other-name", "not-pinned"];

fn columns() -> [ClientCertificatePolicy; 5] {
    let of = |mode: TlsMode, skip: bool| {
        ClientCertificatePolicy::from_settings(&ServerTlsSettings {
            mode: mode.into(),
            credential_name: "c".to_owned(),
            insecure_skip_verify: Some(skip),
            ..Default::default()
        })
    };
    [
        of(TlsMode::Simple, false),
        of(TlsMode::Mutual, false),
        of(TlsMode::OptionalMutual, false),
        of(TlsMode::Mutual, true),
        of(TlsMode::OptionalMutual, true),
    ]
}

fn letter(decision: &Decision) -> char {
    match decision.id() {
        "anonymous" => '-',
        "verified" => 'V',
        "unverified" => 'U',
        "rejected" => 'x',
        other => panic!("{other}"),
    }
}

#[test]
fn a_table_has_a_row_for_each_distinguishable_client() {
    for (column, policy) in columns().iter().enumerate() {
        let outcomes = policy.outcomes();
        let got: Vec<_> = outcomes.iter().map(|row| (row.id, letter(&row.decision))).collect();
        let want: Vec<_> =
            SEEN.iter().map(|(id, seen)| (*id, seen.chars().nth(column).unwrap())).collect();
        assert_eq!(got, want, "column {column}");
    }
}

#[test]
fn a_full_table_has_the_same_rows_for_each_policy() {
    let ids = |policy: &ClientCertificatePolicy| {
        policy.all_outcomes().iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let all = ids(&ClientCertificatePolicy::passthrough());
    assert_eq!(all.len(), SEEN.len() + TOLD_BY_MORE.len());
    for (column, policy) in columns().iter().enumerate() {
        assert_eq!(ids(policy), all);
        for row in policy.all_outcomes() {
            let seen = SEEN.iter().find(|(id, _)| *id == row.id);
            // The others are valid if nothing distinguishes them.
            let (_, seen) = seen.unwrap_or(&SEEN[1]);
            let want = seen.chars().nth(column).unwrap();
            assert_eq!(letter(&row.decision), want, "{} in column {column}", row.id);
        }
    }
}

#[test]
fn a_failed_handshake_is_rejected_with_its_reason() {
    for policy in &columns()[1..] {
        for (id, reason) in [
            ("not-for-signing", "rejected: keyUsage lacks digitalSignature"),
            ("no-key", "rejected: the client does not have its key"),
            ("malformed", "rejected: it cannot be read"),
        ] {
            let outcomes = policy.outcomes();
            let row = outcomes.iter().find(|row| row.id == id).unwrap();
            assert_eq!(row.decision.to_string(), reason);
        }
    }
}

/// Pins that Envoy accepts.
const PINS: [&str; 3] = [
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=",
    "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA=",
];

/// The facts of a client's certificate, independent of a policy.
#[derive(Clone, Debug)]
struct Client {
    issuer: &'static str,
    name: &'static str,
    pin: &'static str,
    revoked_by: Vec<&'static str>,
    validity: Validity,
    has_key: bool,
}

impl Client {
    fn seen_from(&self, policy: &ClientCertificatePolicy) -> ClientCertificate {
        let context = policy.context().cloned().unwrap_or_default();
        let is_there = |list: &[String], text| list.iter().any(|other| other == text);
        let is_trusted =
            matches!(context.trusted_ca.source(), Some(Source::File(ca)) if ca == self.issuer);
        let is_revoked = context.crl.is_some_and(|crl| {
            matches!(crl.source, Source::File(list) if self.revoked_by.contains(&list.as_str()))
        });
        ClientCertificate {
            trust: if is_trusted { Trust::Trusted } else { Trust::UnknownIssuer },
            has_matching_name: is_there(&context.subject_alt_names, self.name),
            is_pinned: is_there(&context.verify_certificate_spki, self.pin),
            revocation: if is_revoked { Revocation::Revoked } else { Revocation::NotRevoked },
            validity: self.validity,
            has_key: self.has_key,
            ..ClientCertificate::VALID
        }
    }
}

fn client() -> impl Strategy<Value = Client> {
    let revoked_by = vec(select(vec!["crl-a", "crl-b"]), 0..3);
    let validity = select(vec![Validity::Current, Validity::Expired]);
    let issuer = select(vec!["ca-a", "ca-b", "nobody"]);
    let (name, pin) = (select(vec!["a", "b", "c"]), select(PINS.to_vec()));
    (issuer, name, pin, revoked_by, validity, any::<bool>()).prop_map(
        |(issuer, name, pin, revoked_by, validity, has_key)| Client {
            issuer,
            name,
            pin,
            revoked_by,
            validity,
            has_key,
        },
    )
}

fn policy() -> impl Strategy<Value = ClientCertificatePolicy> {
    let texts = |texts: &'static [&'static str]| {
        vec(select(texts), 0..3)
            .prop_map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let file = |name: &str| Source::File(name.to_owned());
    let ca = select(vec![
        TrustedCa::Absent,
        TrustedCa::Given(file("ca-a")),
        TrustedCa::Given(file("ca-b")),
        TrustedCa::Pending(file("ca-a")),
    ]);
    let crl = option::of(select(vec![
        Crl::usable(file("crl-a")),
        Crl::usable(file("crl-b")),
        Crl::new(file("crl-a"), CrlState::Unusable),
    ]));
    let context = (ca, texts(&["a", "b", ""]), texts(&PINS[..2]), crl, any::<bool>()).prop_map(
        |(trusted_ca, subject_alt_names, verify_certificate_spki, crl, accepts_untrusted)| {
            ValidationContext {
                trusted_ca,
                subject_alt_names,
                verify_certificate_spki,
                verify_certificate_hash: Vec::new(),
                crl,
                accepts_untrusted,
            }
        },
    );
    (any::<bool>(), option::weighted(0.9, context), 0..12_u8).prop_map(
        |(requires, context, rare)| match rare {
            0 => ClientCertificatePolicy::passthrough(),
            1 => ClientCertificatePolicy::from_context(requires, context)
                .with_server_certificate_pending(),
            _ => ClientCertificatePolicy::from_context(requires, context),
        },
    )
}

fn sorted(changes: &[Change], is_wanted: impl Fn(&Change) -> bool) -> Vec<String> {
    // In the reverse comparison, clients of the old CA are those of the new one.
    let turned = |id: &str| match id {
        "old-ca" | "new-ca" => "ca".to_owned(),
        "old-name" | "new-name" => "name".to_owned(),
        "old-pin" | "new-pin" => "pin".to_owned(),
        "newly-revoked" | "no-longer-revoked" => "crl".to_owned(),
        id => id.to_owned(),
    };
    let mut ids: Vec<_> =
        changes.iter().filter(|change| is_wanted(change)).map(|change| turned(change.id)).collect();
    ids.sort_unstable();
    ids
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_policy_does_not_differ_from_itself(policy in policy()) {
        prop_assert_eq!(policy.compare(&policy), vec![]);
    }

    #[test]
    fn what_opens_one_way_closes_the_other(old in policy(), new in policy()) {
        let (there, back) = (old.compare(&new), new.compare(&old));
        prop_assert_eq!(sorted(&there, Change::newly_accepted), sorted(&back, Change::newly_rejected));
        prop_assert_eq!(sorted(&there, Change::newly_rejected), sorted(&back, Change::newly_accepted));
        for change in &there {
            let (was, is) = (&change.old, &change.new);
            prop_assert_ne!(was.id(), is.id());
            prop_assert_eq!(change.newly_accepted(), was.id() == "rejected" && is.is_accepted());
            prop_assert!(!change.newly_accepted() || change.effect() == Effect::Weaker);
            prop_assert!(!change.newly_rejected() || change.effect() == Effect::Stronger);
        }
    }

    /// A change is reported for every client that gains or loses access.
    #[test]
    fn every_gained_access_is_reported(old in policy(), new in policy(), client in option::weighted(0.9, client())) {
        let decide = |policy: &ClientCertificatePolicy| {
            policy.decide(client.as_ref().map(|client| client.seen_from(policy)).as_ref())
        };
        let (was, is) = (decide(&old), decide(&new));
        let changes = old.compare(&new);
        let has = |effect| changes.iter().any(|change| change.effect() == effect);
        if was.id() == "rejected" && is.is_accepted() {
            prop_assert!(changes.iter().any(Change::newly_accepted), "{:?} -> {:?}", was, is);
        }
        if was.is_accepted() && is.id() == "rejected" {
            prop_assert!(changes.iter().any(Change::newly_rejected), "{:?} -> {:?}", was, is);
        }
        if was.id() != "unverified" && is.id() == "unverified" {
            prop_assert!(has(Effect::Weaker), "{:?} -> {:?}", was, is);
        }
    }
}
