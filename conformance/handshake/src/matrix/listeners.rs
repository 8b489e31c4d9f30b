//! What the clients meet: every way in which a server can ask for a certificate.

mod by_hand;

use anyhow::{Context as _, Result, ensure};
use istio_gateway::{
    Port, Server, ServerTlsSettings, TlsMode,
    client_certificate::{
        ClientCertificate, ClientCertificatePolicy, Decision, Flaw, Forwarding, Refusal, Rejection,
        Request, ValidationContext,
    },
    envoy::{self, MeshSettings, Options, SourceStates, client_certificate_policy},
    proto::mesh::v1alpha1::{ForwardClientCertDetails, Topology},
};

use crate::{
    Endpoint, Envoy, Gateway, Identity, Pki, RevocationList, Secrets,
    pki::{GOOD_DNS, GOOD_URI, Issuer},
};

use super::{Extent, Report, golden::Golden};

/// A listener, and what the library says of it.
#[derive(Clone)]
pub(super) struct Listener {
    pub(super) name: String,
    pub(super) endpoint: Endpoint,
    pub(super) forwarding: Forwarding,
    /// The listeners of `handshake.json` that say the same.
    pub(super) golden: Vec<String>,
    policy: ClientCertificatePolicy,
    /// Whose certificate the CA is, and whose revocation lists there are.
    ca: Option<Issuer>,
    lists: Vec<Issuer>,
}

impl Listener {
    pub(super) fn decide(&self, identity: Option<&Identity>) -> Decision {
        self.policy.decide(identity.map(|identity| self.see(identity)).as_ref())
    }

    /// What the gateway finds to be wrong with a client's certificate, also where it is waived.
    pub(super) fn flaws(&self, identity: Option<&Identity>) -> Vec<Flaw> {
        let Some(identity) = identity.filter(|_| self.asks()) else { return Vec::new() };
        let context = self.policy.context().cloned();
        let context = context.map(|c| ValidationContext { accepts_untrusted: false, ..c });
        let policy = ClientCertificatePolicy::from_context(false, context);
        match policy.decide(Some(&self.see(identity))) {
            Decision::Refused(Refusal::Flawed(flaws)) => flaws,
            _ => Vec::new(),
        }
    }

    fn asks(&self) -> bool {
        let asks = matches!(self.policy.request(), Request::Optional | Request::Required);
        let is_missing = Decision::Refused(Refusal::SecretMissing);
        asks && self.policy.decide(None) != is_missing
    }

    fn see(&self, identity: &Identity) -> ClientCertificate {
        let nothing = ValidationContext::default();
        let context = self.policy.context().unwrap_or(&nothing);
        identity.seen_from(context, self.ca, &self.lists)
    }
}

type Sabotage = fn(&Listener) -> Listener;

/// Predictions that are wrong on purpose: each has to be found out.
pub(super) const SABOTAGES: [(&str, Sabotage); 4] = [
    ("verification were waived everywhere", |listener| {
        with_context(listener, |context| context.accepts_untrusted = true)
    }),
    ("it were waived nowhere", |listener| {
        with_context(listener, |context| context.accepts_untrusted = false)
    }),
    ("no certificate were required", |listener| {
        let context = listener.policy.context().cloned();
        let policy = ClientCertificatePolicy::from_context(false, context);
        Listener { policy, ..listener.clone() }
    }),
    ("no header were forwarded", |listener| Listener {
        forwarding: Forwarding::Sanitize,
        ..listener.clone()
    }),
];

fn with_context(listener: &Listener, change: fn(&mut ValidationContext)) -> Listener {
    let mut context = listener.policy.context().cloned();
    if let Some(context) = &mut context {
        change(context);
    }
    let requires = listener.policy.request() == Request::Required;
    let policy = ClientCertificatePolicy::from_context(requires, context);
    Listener { policy, ..listener.clone() }
}

/// Revocation lists in files.
struct Lists {
    root: String,
    all: String,
    stale: String,
    foreign: String,
    garbage: String,
}

impl Lists {
    fn write(gateway: &Gateway, pki: &Pki) -> Result<Self> {
        let root = pki.root_list(false)?;
        let garbage = RevocationList("not PEM".to_owned());
        let all = [root.clone(), pki.intermediate_list()?];
        Ok(Self {
            root: gateway.revocation_lists("root.crl", &[root])?,
            all: gateway.revocation_lists("all.crl", &all)?,
            stale: gateway.revocation_lists("stale.crl", &[pki.root_list(true)?])?,
            foreign: gateway.revocation_lists("foreign.crl", &[pki.foreign_list()?])?,
            garbage: gateway.revocation_lists("garbage.crl", &[garbage])?,
        })
    }
}

/// What the secret of the CA holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ca {
    Root,
    Intermediate,
    Empty,
    Missing,
}

impl Ca {
    fn secrets(self, pki: &Pki) -> Secrets {
        match self {
            Self::Root => Secrets::ca(pki.root()),
            Self::Intermediate => Secrets::ca(pki.intermediate()),
            Self::Empty => Secrets::empty_ca(),
            Self::Missing => Secrets::missing_ca(),
        }
    }

    fn issuer(self) -> Option<Issuer> {
        match self {
            Self::Root => Some(Issuer::Root),
            Self::Intermediate => Some(Issuer::Intermediate),
            Self::Empty | Self::Missing => None,
        }
    }
}

/// A way to fill `ServerTLSSettings`, whatever the mode.
struct Setup {
    name: &'static str,
    tls: ServerTlsSettings,
    ca: Ca,
    lists: &'static [Issuer],
    is_crl_unusable: bool,
    is_certificate_missing: bool,
    /// The configurations of `handshake.json` that are the same.
    golden: &'static [&'static str],
}

impl Setup {
    fn new(name: &'static str, golden: &'static [&'static str], tls: ServerTlsSettings) -> Self {
        Self {
            name,
            tls,
            ca: Ca::Root,
            lists: &[],
            is_crl_unusable: false,
            is_certificate_missing: false,
            golden,
        }
    }

    fn ca(self, ca: Ca) -> Self {
        Self { ca, ..self }
    }

    fn lists(self, lists: &'static [Issuer]) -> Self {
        Self { lists, ..self }
    }

    fn unusable_list(self) -> Self {
        Self { is_crl_unusable: true, ..self }
    }
}

/// `insecureSkipVerify`, and how `handshake.json` names it.
type Skip = (Option<bool>, &'static str);

const SKIP: [Skip; 3] = [(None, "unset"), (Some(false), "false"), (Some(true), "true")];

const MODES: [TlsMode; 2] = [TlsMode::Mutual, TlsMode::OptionalMutual];

fn credential(name: &str) -> ServerTlsSettings {
    ServerTlsSettings { credential_name: name.to_owned(), ..Default::default() }
}

fn files() -> ServerTlsSettings {
    ServerTlsSettings {
        server_certificate: "/etc/certs/tls.crt".to_owned(),
        private_key: "/etc/certs/tls.key".to_owned(),
        ca_certificates: "/etc/certs/root.pem".to_owned(),
        ..Default::default()
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Pins that `handshake.json` has: two of them on certificates that are no good otherwise.
const PINNED: [&str; 3] = ["pinned", "untrusted_pinned", "expired_pinned"];

fn spki(pki: &Pki, names: &[&str]) -> Result<Vec<String>> {
    names.iter().map(|name| Ok(pki.identity(name)?.spki().to_owned())).collect()
}

fn hash(pki: &Pki, names: &[&str]) -> Result<Vec<String>> {
    names.iter().map(|name| Ok(pki.identity(name)?.hash().to_owned())).collect()
}

fn credentials(pki: &Pki) -> Result<Vec<Setup>> {
    let base = || credential("edge-cert");
    let names = |names: &[&str]| ServerTlsSettings { subject_alt_names: texts(names), ..base() };
    Ok(vec![
        Setup::new("credential", &["plain", "sds"], base()),
        Setup::new("credential-san", &["san_deprecated", "sds_san"], names(&[GOOD_URI])),
        Setup::new("credential-san-dns", &[], names(&[GOOD_DNS])),
        Setup::new("credential-sans", &[], names(&["another.test", GOOD_URI])),
        Setup::new("credential-san-empty", &[], names(&[""])),
        Setup::new(
            "credential-spki",
            &["spki"],
            ServerTlsSettings { verify_certificate_spki: spki(pki, &PINNED)?, ..base() },
        ),
        Setup::new(
            "credential-hash",
            &["hash"],
            ServerTlsSettings { verify_certificate_hash: hash(pki, &PINNED)?, ..base() },
        ),
        Setup::new(
            "credential-spki-or-hash",
            &["spki_or_hash"],
            ServerTlsSettings {
                verify_certificate_spki: spki(pki, &["pinned"])?,
                verify_certificate_hash: hash(pki, &["valid"])?,
                ..base()
            },
        ),
        Setup::new(
            "credential-san-and-spki",
            &[],
            ServerTlsSettings {
                verify_certificate_spki: spki(pki, &["pinned", "wrong_san", "untrusted_pinned"])?,
                ..names(&[GOOD_URI])
            },
        ),
        Setup::new(
            "credential-names",
            &["plain"],
            ServerTlsSettings {
                credential_names: texts(&["edge-ecdsa", "edge-spare"]),
                ..Default::default()
            },
        ),
        Setup::new(
            "credential-with-ca-of-its-own",
            &["plain"],
            ServerTlsSettings { ca_cert_credential_name: "clients-ca".to_owned(), ..base() },
        ),
        // Dropped on the way to Envoy.
        Setup::new(
            "credential-crl",
            &["plain"],
            ServerTlsSettings { ca_crl: "/etc/certs/ca.crl".to_owned(), ..base() },
        ),
        Setup::new(
            "credential-intermediate",
            &["ca_intermediate_only"],
            credential("edge-intermediate"),
        )
        .ca(Ca::Intermediate),
        Setup::new("credential-empty", &["noca", "sds_emptyca"], credential("edge-empty"))
            .ca(Ca::Empty),
        Setup::new(
            "credential-empty-spki",
            &["noca_spki"],
            ServerTlsSettings {
                verify_certificate_spki: spki(pki, &PINNED)?,
                ..credential("edge-empty")
            },
        )
        .ca(Ca::Empty),
        Setup::new(
            "credential-empty-hash",
            &["noca_hash"],
            ServerTlsSettings {
                verify_certificate_hash: hash(pki, &PINNED)?,
                ..credential("edge-empty")
            },
        )
        .ca(Ca::Empty),
        Setup::new("credential-missing-ca", &["sds_missing"], credential("edge-missing-ca"))
            .ca(Ca::Missing),
        Setup {
            is_certificate_missing: true,
            ..Setup::new("credential-missing", &[], credential("edge-missing"))
        },
    ])
}

fn of_files(pki: &Pki, lists: &Lists) -> Result<Vec<Setup>> {
    let crl = |path: &str| ServerTlsSettings { ca_crl: path.to_owned(), ..files() };
    const BOTH: &[Issuer] = &[Issuer::Root, Issuer::Intermediate];
    let names = texts(&[GOOD_URI]);
    Ok(vec![
        Setup::new("files", &["plain"], files()),
        Setup::new(
            "files-san",
            &["san_deprecated"],
            ServerTlsSettings { subject_alt_names: names.clone(), ..files() },
        ),
        Setup::new("files-crl", &["crl"], crl(&lists.root)).lists(&[Issuer::Root]),
        Setup::new("files-crl-all", &["crl_all_issuers"], crl(&lists.all)).lists(BOTH),
        Setup::new("files-crl-stale", &["crl_stale"], crl(&lists.stale)).unusable_list(),
        Setup::new("files-crl-foreign", &[], crl(&lists.foreign)).unusable_list(),
        Setup::new("files-crl-garbage", &[], crl(&lists.garbage)).unusable_list(),
        Setup::new(
            "files-san-crl",
            &[],
            ServerTlsSettings { subject_alt_names: names, ..crl(&lists.all) },
        )
        .lists(BOTH),
        Setup::new(
            "files-mesh-root",
            &["plain"],
            ServerTlsSettings { ca_certificates: String::new(), ..files() },
        ),
        // Dropped on the way to Envoy.
        Setup::new(
            "files-spki",
            &["plain"],
            ServerTlsSettings { verify_certificate_spki: spki(pki, &["valid"])?, ..files() },
        ),
    ])
}

fn of_the_mesh(lists: &Lists) -> Vec<Setup> {
    let base = ServerTlsSettings::default;
    vec![
        Setup::new("mesh", &[], base()),
        Setup::new(
            "mesh-san",
            &[],
            ServerTlsSettings { subject_alt_names: texts(&[GOOD_URI]), ..base() },
        ),
        Setup::new("mesh-crl", &[], ServerTlsSettings { ca_crl: lists.all.clone(), ..base() })
            .lists(&[Issuer::Root, Issuer::Intermediate]),
    ]
}

/// Puts every listener into the gateway.
pub(super) fn all(gateway: &mut Gateway, pki: &Pki, extent: Extent) -> Result<Vec<Listener>> {
    let lists = Lists::write(gateway, pki)?;
    let mut setups = credentials(pki)?;
    setups.extend(of_files(pki, &lists)?);
    let of_the_mesh = of_the_mesh(&lists);
    let mut servers: Vec<_> =
        setups.iter().flat_map(|setup| MODES.map(|mode| (setup, mode))).collect();
    servers.extend(of_the_mesh.iter().map(|setup| (setup, TlsMode::IstioMutual)));
    let plain = setups.iter().filter(|setup| ["credential", "files"].contains(&setup.name));
    servers.extend(plain.map(|setup| (setup, TlsMode::Simple)));

    let mut listeners = Vec::new();
    for (setup, mode) in servers {
        for skip in SKIP {
            listeners.push(serve(gateway, pki, setup, mode, skip, None)?);
            for forwarding in Forwarding::ALL {
                if extent == Extent::Full || ["credential", "mesh"].contains(&setup.name) {
                    listeners.push(serve(gateway, pki, setup, mode, skip, Some(forwarding))?);
                }
            }
        }
    }
    listeners.extend(by_hand::all(gateway, pki, &lists)?);
    Ok(listeners)
}

/// A listener as the library translates a server.
fn serve(
    gateway: &mut Gateway,
    pki: &Pki,
    setup: &Setup,
    mode: TlsMode,
    (insecure_skip_verify, skip): Skip,
    forwarding: Option<Forwarding>,
) -> Result<Listener> {
    let tls = ServerTlsSettings { mode: mode.into(), insecure_skip_verify, ..setup.tls.clone() };
    let mut secrets = setup.ca.secrets(pki);
    if setup.is_certificate_missing {
        secrets = secrets.without_certificate();
    }
    let states = SourceStates { is_crl_unusable: setup.is_crl_unusable, ..secrets.states() };
    let mode = mode.as_str_name();
    let name = match forwarding {
        None => format!("{mode}.{skip}.{}", setup.name),
        Some(forwarding) => format!("{forwarding}.{mode}.{skip}.{}", setup.name),
    };
    let of_settings = ClientCertificatePolicy::of(&tls);
    let server = server(tls);
    let options = options(forwarding.unwrap_or_default());
    let translation = envoy::downstream_tls_context(&server, &options);
    let context = translation.used_tls_context().with_context(|| format!("{name}: no context"))?;
    let policy = client_certificate_policy(context, states);
    ensure!(
        states != SourceStates::default() || policy == of_settings,
        "{name}: two policies of the same settings, {policy:?} and {of_settings:?}"
    );
    let golden = match (forwarding, mode) {
        (Some(_), _) if !setup.golden.contains(&"plain") => Vec::new(),
        (Some(forwarding), _) => vec![format!("XFCC.{forwarding}.{mode}.{skip}")],
        (None, "SIMPLE") => vec!["SIMPLE".to_owned()],
        (None, _) => setup.golden.iter().map(|config| format!("{mode}.{skip}.{config}")).collect(),
    };
    Ok(Listener {
        endpoint: gateway.serve(&name, &server, &options, &secrets)?,
        name,
        forwarding: forwarding.unwrap_or_default(),
        golden,
        policy,
        ca: setup.ca.issuer(),
        lists: setup.lists.to_vec(),
    })
}

fn server(tls: ServerTlsSettings) -> Server {
    Server {
        port: Some(Port {
            number: 443,
            protocol: "HTTPS".to_owned(),
            name: "https".to_owned(),
            ..Default::default()
        }),
        hosts: vec!["*.gateway.test".to_owned()],
        tls: Some(tls),
        ..Default::default()
    }
}

fn options(forwarding: Forwarding) -> Options {
    let details = ForwardClientCertDetails::from_str_name(forwarding.as_str());
    let gateway_topology = Topology {
        forward_client_cert_details: details.unwrap_or_default().into(),
        ..Default::default()
    };
    Options { mesh: MeshSettings { gateway_topology, ..Default::default() }, ..Default::default() }
}

/// Shows those to Envoy that it is to refuse, one by one.
pub(super) fn refused(
    pki: &Pki,
    envoy: &Envoy,
    golden: &Golden,
    report: &mut Report,
) -> Result<()> {
    let mut met = Vec::new();
    let mut judge = |name: &str, gateway: &Gateway, rejection: Option<Rejection>| -> Result<()> {
        let words = rejection.map(Rejection::envoy_message);
        let refusal = gateway.refusal(envoy)?;
        if let Some((_, words_then)) = golden.refused().find(|(known, _)| *known == name) {
            met.push(name.to_owned());
            if words != Some(words_then) {
                report.wrong.push(format!("{name}: {words:?}, handshake.json has {words_then}"));
            }
        }
        match (words, refusal) {
            (Some(words), Some(said)) if said.contains(words) => report.refusals += 1,
            (words, said) => {
                report.wrong.push(format!("{name}: Envoy says {said:?}, predicted: {words:?}"));
            }
        }
        Ok(())
    };
    let with_name =
        |name| ServerTlsSettings { subject_alt_names: texts(&[GOOD_URI]), ..credential(name) };
    let simple = Setup::new("SIMPLE_san_istio_cred", &[], with_name("edge-cert"));
    let empty = Setup::new("credential-empty-san", &[], with_name("edge-empty")).ca(Ca::Empty);
    let mut servers = vec![(&simple, TlsMode::Simple, SKIP[0])];
    servers.extend(MODES.iter().flat_map(|&mode| SKIP.map(|skip| (&empty, mode, skip))));
    for (setup, mode, skip) in servers {
        let mut gateway = Gateway::new(pki)?;
        let listener = serve(&mut gateway, pki, setup, mode, skip, None)?;
        let name = if mode == TlsMode::Simple { setup.name } else { &listener.name };
        judge(name, &gateway, listener.policy.rejection())?;
    }
    for (mode, skip, setup) in by_hand::refused(pki)? {
        let mut gateway = Gateway::new(pki)?;
        let listener = by_hand::serve(&mut gateway, &setup, mode, skip)?;
        judge(&listener.name, &gateway, listener.policy.rejection())?;
    }
    for (name, _) in golden.refused() {
        ensure!(met.iter().any(|known| known == name), "{name} of handshake.json is not shown");
    }
    Ok(())
}
