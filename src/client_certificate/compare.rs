//! Which clients gain or lose access by a change of policy.

use std::{borrow::Cow, collections::HashSet, fmt};

use super::{
    Admission, ClientCertificate, ClientCertificatePolicy, Decision, ValidationContext,
    policy::CLIENTS,
};

/// A client that two policies treat differently.
///
/// ```
/// use istio_gateway::{
///     ServerTlsSettings,
///     client_certificate::{ClientCertificatePolicy, Effect},
/// };
///
/// let old = ClientCertificatePolicy::from_settings(&ServerTlsSettings::mutual("edge-cert"));
/// let tls = ServerTlsSettings {
///     ca_cert_credential_name: "partner-ca".to_owned(),
///     ..ServerTlsSettings::mutual("edge-cert")
/// };
/// let changes = old.compare(&ClientCertificatePolicy::from_settings(&tls));
/// let effects: Vec<_> = changes.iter().map(|change| (change.id, change.effect())).collect();
/// // Another CA is both: its clients are accepted, and those of the previous CA no longer are.
/// assert_eq!(effects, [("new-ca", Effect::Weaker), ("old-ca", Effect::Stronger)]);
/// assert_eq!(changes[0].values, ["the secret kubernetes://partner-ca"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Change {
    /// A name of the client for programs: that of a [`ClientOutcome`](super::ClientOutcome), or one of those whom only
    /// one of two CAs, lists of names, pins or revocation lists is about: `new-ca`, `old-ca`,
    /// `new-name`, `old-name`, `new-pin`, `old-pin`, `newly-revoked` and `no-longer-revoked`.
    pub id: &'static str,
    /// The client in plain words.
    pub client: &'static str,
    /// The CA, the names, the pins or the revocation list by which it is recognised, where the two
    /// policies differ in them.
    pub values: Vec<String>,
    /// What the one policy does.
    pub old: Decision,
    /// What the other does.
    pub new: Decision,
}

/// Whether a change accepts more, or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// More is accepted or trusted than before.
    Weaker,
    /// Less is.
    Stronger,
    /// Neither is certain.
    Different,
}

impl Effect {
    /// A name for programs: `weaker`, `stronger` or `different`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Weaker => "weaker",
            Self::Stronger => "stronger",
            Self::Different => "different",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl Change {
    /// Whether the client was rejected and is accepted now.
    #[must_use]
    pub fn newly_accepted(&self) -> bool {
        matches!((&self.old, &self.new), (Decision::Reject(_), Decision::Accept(_)))
    }

    /// Whether the client was accepted and is rejected now.
    #[must_use]
    pub fn newly_rejected(&self) -> bool {
        matches!((&self.old, &self.new), (Decision::Accept(_), Decision::Reject(_)))
    }

    /// Whether the policy is weaker for this client, or stronger.
    ///
    /// | from | to | |
    /// |---|---|---|
    /// | rejected | accepted | weaker |
    /// | accepted | rejected | stronger |
    /// | accepted without a certificate or with a verified one | accepted unverified: the backend sees a certificate that nothing verified | weaker |
    /// | accepted unverified | accepted without a certificate, or verified | stronger |
    /// | rejected | passthrough: the gateway no longer rejects anybody | weaker |
    /// | passthrough | rejected | stronger |
    /// | passthrough | accepted: the backend no longer sees the client's TLS | weaker |
    /// | accepted | passthrough | different |
    /// | without a certificate | verified, or the reverse | different |
    #[must_use]
    pub fn effect(&self) -> Effect {
        let is_unverified =
            |decision: &Decision| matches!(decision, Decision::Accept(Admission::Unverified(_)));
        match (&self.old, &self.new) {
            (Decision::Reject(_), Decision::Accept(_) | Decision::Passthrough)
            | (Decision::Passthrough, Decision::Accept(_)) => Effect::Weaker,
            (Decision::Accept(_) | Decision::Passthrough, Decision::Reject(_)) => Effect::Stronger,
            (Decision::Accept(_), Decision::Accept(_)) => {
                match (is_unverified(&self.old), is_unverified(&self.new)) {
                    (false, true) => Effect::Weaker,
                    (true, false) => Effect::Stronger,
                    _ => Effect::Different,
                }
            }
            _ => Effect::Different,
        }
    }
}

impl ClientCertificatePolicy {
    /// Which clients gain or lose access when another policy replaces this one, and of which the
    /// backend learns something else. Nothing, if both treat every client alike.
    ///
    /// Together with the clients of [`all_outcomes`](Self::all_outcomes), it compares those that only one
    /// of the two CAs issued, that have only one policy's SANs or pins, or that are on only one of the
    /// two CRLs. For each certificate that this policy rejects and the new one accepts, there is a
    /// change that is [newly accepted](Change::newly_accepted).
    ///
    /// A CA or a CRL is treated as the same if it comes from the same source: what a secret or a file
    /// holds is not known here. There is no change for a client that both policies reject, or that both
    /// accept in the same way, whatever the reasons.
    ///
    /// ```
    /// use istio_gateway::{ServerTlsSettings, client_certificate::ClientCertificatePolicy};
    ///
    /// let old = ClientCertificatePolicy::from_settings(&ServerTlsSettings::optional_mutual("edge-cert"));
    /// let new = ClientCertificatePolicy::from_settings(&ServerTlsSettings::allow_insecure_fallback("edge-cert"));
    /// let changes = old.compare(&new);
    /// assert!(changes.iter().any(|change| change.id == "self-signed" && change.newly_accepted()));
    /// assert!(new.compare(&old).iter().all(|change| change.newly_rejected()));
    /// assert_eq!(new.compare(&new), []);
    /// ```
    #[must_use]
    pub fn compare(&self, new: &Self) -> Vec<Change> {
        self.compare_values(new, usize::MAX)
    }

    /// Whether this policy accepts or passes through a client that another one rejects: whether
    /// [`compare`](Self::compare) has such a change from the other one. It looks only at as much of long lists as it
    /// needs.
    ///
    /// ```
    /// use istio_gateway::{ServerTlsSettings, client_certificate::ClientCertificatePolicy};
    ///
    /// let required = ClientCertificatePolicy::from_settings(&ServerTlsSettings::mutual("edge-cert"));
    /// let optional = ClientCertificatePolicy::from_settings(&ServerTlsSettings::optional_mutual("edge-cert"));
    /// assert!(optional.accepts_more_than(&required));
    /// assert!(!required.accepts_more_than(&optional));
    /// ```
    #[must_use]
    pub fn accepts_more_than(&self, other: &Self) -> bool {
        other.compare_values(self, 1).iter().any(|change| {
            matches!(change.old, Decision::Reject(_)) && !matches!(change.new, Decision::Reject(_))
        })
    }

    /// The changes, each with no more than so many values.
    fn compare_values(&self, new: &Self, most: usize) -> Vec<Change> {
        let tells = |client: &Client| {
            let id = client.id;
            (id != "revoked" && id != "no-revocation-list" || self.has_crl() || new.has_crl())
                && (id != "other-name" || self.has_names() || new.has_names())
                && (id != "not-pinned" || self.has_pins() || new.has_pins())
        };
        let all = CLIENTS.iter().map(|&(id, client, certificate)| Client {
            id,
            client,
            values: Vec::new(),
            old: certificate,
            new: certificate,
        });
        let of_one = match (self.context(), new.context()) {
            (Some(old), Some(new)) => of_one_context(old, new, most),
            _ => Vec::new(),
        };
        let compared = all.filter(tells).chain(of_one).map(|client| Change {
            id: client.id,
            client: client.client,
            values: client.values,
            old: self.decide(client.old.as_ref()),
            new: new.decide(client.new.as_ref()),
        });
        compared.filter(|change| change.old.id() != change.new.id()).collect()
    }
}

/// A client, and its certificate as each of the two policies sees it.
struct Client {
    id: &'static str,
    client: &'static str,
    values: Vec<String>,
    old: Option<ClientCertificate>,
    new: Option<ClientCertificate>,
}

/// The clients that only one of two contexts is about. Where one of them has no CA, no name, no pin
/// or no CRL, the clients of every policy show the difference.
fn of_one_context(old: &ValidationContext, new: &ValidationContext, most: usize) -> Vec<Client> {
    const VALID: ClientCertificate = ClientCertificate::VALID;
    const STRANGER: ClientCertificate = ClientCertificate::UNKNOWN_ISSUER;
    const OTHER: ClientCertificate = ClientCertificate::OTHER_NAME;
    const UNPINNED: ClientCertificate = ClientCertificate::NOT_PINNED;
    const REVOKED: ClientCertificate = ClientCertificate::REVOKED;

    let mut clients = Vec::new();
    let mut add = |id, client, values: Vec<String>, old, new| {
        if !values.is_empty() {
            clients.push(Client { id, client, values, old: Some(old), new: Some(new) });
        }
    };
    if let (Some(a), Some(b)) = (old.trusted_ca.source(), new.trusted_ca.source())
        && a != b
    {
        add("new-ca", "issued by the new CA", vec![b.to_string()], STRANGER, VALID);
        add("old-ca", "issued by the old CA", vec![a.to_string()], VALID, STRANGER);
    }
    let (a, b) = (&old.subject_alt_names, &new.subject_alt_names);
    if !a.is_empty() && !b.is_empty() {
        add("new-name", "with a newly listed SAN", beyond(a, b, most), OTHER, VALID);
        add("old-name", "with a SAN that is no longer listed", beyond(b, a, most), VALID, OTHER);
    }
    if old.has_pins() && new.has_pins() {
        let (a, b) = (pins(old), pins(new));
        add("new-pin", "with a newly listed pin", beyond(&a, &b, most), UNPINNED, VALID);
        add(
            "old-pin",
            "with a pin that is no longer listed",
            beyond(&b, &a, most),
            VALID,
            UNPINNED,
        );
    }
    if let (Some(a), Some(b)) = (&old.crl, &new.crl)
        && a.source != b.source
    {
        let (a, b) = (vec![a.source.to_string()], vec![b.source.to_string()]);
        add("newly-revoked", "revoked by the new CRL only", b, VALID, REVOKED);
        add("no-longer-revoked", "revoked by the old CRL only", a, REVOKED, VALID);
    }
    clients
}

fn pins(context: &ValidationContext) -> Vec<Cow<'_, str>> {
    let ValidationContext { verify_certificate_spki, verify_certificate_hash, .. } = context;
    // A colon more or less, or a capital, is the same certificate.
    fn hash(pin: &str) -> Cow<'_, str> {
        match pin.contains(|c: char| c == ':' || c.is_ascii_uppercase()) {
            true => Cow::Owned(pin.replace(':', "").to_ascii_lowercase()),
            false => Cow::Borrowed(pin),
        }
    }
    let keys = verify_certificate_spki.iter().map(|pin| Cow::Borrowed(pin.as_str()));
    keys.chain(verify_certificate_hash.iter().map(|pin| hash(pin))).collect()
}

/// The first of what `more` has and `less` has not, each once. An empty name matches nobody.
fn beyond<T: AsRef<str>>(less: &[T], more: &[T], most: usize) -> Vec<String> {
    /// For so few, `less` is searched; for more, a set of it is cheaper.
    const FEW: usize = 4;
    let mut seen = HashSet::from([""]);
    if more.len() > FEW {
        seen.extend(less.iter().map(AsRef::as_ref));
    }
    let is_listed =
        |text: &str| more.len() <= FEW && less.iter().any(|known| known.as_ref() == text);
    let new = more.iter().map(AsRef::as_ref).filter(|text| !is_listed(text) && seen.insert(*text));
    new.take(most).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ServerTlsSettings,
        client_certificate::{Crl, CrlState, Source, TrustedCa},
    };

    fn policy(change: impl FnOnce(&mut ValidationContext)) -> ClientCertificatePolicy {
        let mut context = ValidationContext {
            trusted_ca: TrustedCa::Given(Source::Secret("ca".to_owned())),
            ..Default::default()
        };
        change(&mut context);
        ClientCertificatePolicy::from_context(true, Some(context))
    }

    #[track_caller]
    fn changes(
        old: &ClientCertificatePolicy,
        new: &ClientCertificatePolicy,
        want: &[(&str, Effect)],
    ) {
        let got = old.compare(new);
        for (old, new) in [(old, new), (new, old)] {
            let is_more = old.compare(new).iter().any(Change::newly_accepted);
            assert_eq!(new.accepts_more_than(old), is_more);
        }
        let got: Vec<_> = got.iter().map(|change| (change.id, change.effect())).collect();
        assert_eq!(got, want);
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn skip_opens_for_every_flaw_that_the_handshake_lets_pass() {
        let old = ClientCertificatePolicy::from_settings(&ServerTlsSettings::mutual("c"));
        let new = ClientCertificatePolicy::from_settings(&ServerTlsSettings {
            insecure_skip_verify: Some(true),
            ..ServerTlsSettings::mutual("c")
        });
        let opened = [
            "unknown-issuer",
            "self-signed",
            "incomplete-chain",
            "expired",
            "not-yet-valid",
            "not-for-clients",
        ];
        changes(&old, &new, &opened.map(|id| (id, Effect::Weaker)));
        changes(&new, &old, &opened.map(|id| (id, Effect::Stronger)));
    }

    #[test]
    fn names_and_pins_count_by_what_is_added_and_removed() {
        use Effect::{Stronger, Weaker};

        let names = |list: &[&str]| policy(|context| context.subject_alt_names = owned(list));
        changes(&names(&["a", "b"]), &names(&["b", "a", "a"]), &[]);
        changes(&names(&["a"]), &names(&["a", "b", ""]), &[("new-name", Weaker)]);
        let both = [("new-name", Weaker), ("old-name", Stronger)];
        changes(&names(&["a"]), &names(&["b"]), &both);
        assert_eq!(names(&["a"]).compare(&names(&["b", "c"]))[0].values, ["b", "c"]);
        // The last name gone is a door for everybody, the first one closes it.
        changes(&names(&["a"]), &names(&[]), &[("other-name", Weaker)]);
        changes(&names(&[]), &names(&["a"]), &[("other-name", Stronger)]);

        let hash = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        let pins = |list: &[&str]| policy(|context| context.verify_certificate_hash = owned(list));
        changes(&pins(&[&hash]), &pins(&[&colons]), &[]);
        changes(&pins(&[&hash]), &pins(&[&hash, &"cd".repeat(32)]), &[("new-pin", Weaker)]);
        changes(&pins(&[&hash]), &pins(&[]), &[("not-pinned", Weaker)]);
    }

    #[test]
    fn a_list_from_elsewhere_is_both_weaker_and_stronger() {
        let crl =
            |source: Source, state| policy(|context| context.crl = Some(Crl::new(source, state)));
        let file = |name: &str| Source::File(name.to_owned());
        let (a, b) = (crl(file("a"), CrlState::Usable), crl(file("b"), CrlState::Usable));
        let want = [("newly-revoked", Effect::Stronger), ("no-longer-revoked", Effect::Weaker)];
        changes(&a, &b, &want);
        let none = policy(|_| {});
        let gone = [("revoked", Effect::Weaker), ("no-revocation-list", Effect::Weaker)];
        changes(&a, &none, &gone);
        // A stale one keeps everybody out.
        let stale = crl(file("a"), CrlState::Unusable);
        changes(&a, &stale, &[("valid", Effect::Stronger)]);
    }

    #[test]
    fn a_certificate_that_nobody_vouches_for_is_weaker_though_nobody_was_refused() {
        let simple = ClientCertificatePolicy::from_settings(&ServerTlsSettings::simple("c"));
        let fallback = ClientCertificatePolicy::from_settings(
            &ServerTlsSettings::allow_insecure_fallback("c"),
        );
        let found = simple.compare(&fallback);
        assert!(!found.iter().any(Change::newly_accepted));
        let effect = |id| found.iter().find(|change| change.id == id).map(Change::effect);
        assert_eq!(effect("self-signed"), Some(Effect::Weaker));
        assert_eq!(effect("valid"), Some(Effect::Different));
        assert_eq!(effect("no-key"), Some(Effect::Stronger));
        assert_eq!(effect("none"), None);
    }

    #[test]
    fn whoever_ends_tls_decides() {
        let passed_on = ClientCertificatePolicy::passthrough();
        let mutual = ClientCertificatePolicy::from_settings(&ServerTlsSettings::mutual("c"));
        let effect = |old: &ClientCertificatePolicy, new: &ClientCertificatePolicy, id| {
            let changes = old.compare(new);
            changes.iter().find(|change| change.id == id).map(Change::effect)
        };
        assert_eq!(effect(&passed_on, &mutual, "none"), Some(Effect::Stronger));
        assert_eq!(effect(&mutual, &passed_on, "none"), Some(Effect::Weaker));
        assert_eq!(effect(&passed_on, &mutual, "valid"), Some(Effect::Weaker));
        assert_eq!(effect(&mutual, &passed_on, "valid"), Some(Effect::Different));
    }
}
