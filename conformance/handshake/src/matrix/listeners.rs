//! The listeners: every way in which a server can request a certificate.

mod by_hand;
pub(super) mod refused;

use anyhow::{Context as _, Result, ensure};

use istio_gateway::{
    Port, Server, ServerTlsSettings, TlsMode,
    client_certificate::{ClientCertificatePolicy, Forwarding},
    envoy::{self, MeshConfig, Options, SecretAvailability, client_certificate_policy},
    proto::mesh::v1alpha1::{ForwardClientCertDetails, Topology},
};

use crate::{
    Gateway, Pki, RevocationList, Secrets,
    pki::{GOOD_DNS, GOOD_URI, Issuer},
};

use super::{Extent, listener::Listener};

/// CRLs in files.
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

/// The content of the CA's secret.
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

/// Pins that `handshake.json` has: two of them for certificates that are otherwise invalid.
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

/// Adds every listener to the gateway.
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
    let states = SecretAvailability { is_crl_unusable: setup.is_crl_unusable, ..secrets.states() };
    let mode = mode.as_str_name();
    let name = match forwarding {
        None => format!("{mode}.{skip}.{}", setup.name),
        Some(forwarding) => format!("{forwarding}.{mode}.{skip}.{}", setup.name),
    };
    let of_settings = ClientCertificatePolicy::from_settings(&tls);
    let server = server(tls);
    let options = options(forwarding.unwrap_or_default());
    let translation = envoy::translate_server(&server, &options);
    let context =
        translation.effective_tls_context().with_context(|| format!("{name}: no context"))?;
    let policy = client_certificate_policy(context, states);
    ensure!(
        states != SecretAvailability::default() || policy == of_settings,
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
    Options { mesh: MeshConfig { gateway_topology, ..Default::default() }, ..Default::default() }
}
