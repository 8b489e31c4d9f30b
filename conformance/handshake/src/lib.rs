//! A real Envoy over loopback, configured by istio-gateway, and clients with certificates of every
//! kind.
//!
//! [`Gateway`] takes servers, [`RunningGateway`] is the Envoy that serves them, and a [`Client`]
//! reports what it, Envoy and a backend saw of a connection:
//!
//! ```no_run
//! use handshake_conformance::{Client, Gateway, Outcome, Pki, Secrets, TlsVersion};
//! use istio_gateway::{Port, Server, ServerTlsSettings, envoy::Options};
//!
//! let pki = Pki::generate()?;
//! let server = Server {
//!     port: Some(Port { protocol: "HTTPS".into(), number: 443, ..Default::default() }),
//!     tls: Some(ServerTlsSettings::allow_insecure_fallback("edge-cert")),
//!     ..Default::default()
//! };
//! let mut gateway = Gateway::new(&pki)?;
//! let edge = gateway.serve("edge", &server, &Options::default(), &Secrets::ca(pki.root()))?;
//! let gateway = gateway.start()?;
//! let client = Client::new(&pki, Some(pki.identity("untrusted")?), TlsVersion::V1_3)?;
//! let seen = gateway.connect(edge, &client)?;
//! assert_eq!(seen.outcome, Outcome::Unverified);
//! println!("{:?} {:?}", seen.header, gateway.access_log()?);
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! Envoy's path is taken from `ISTIO_GATEWAY_ENVOY`; `conformance/envoy-live/path` prints one.

pub mod alpn;
mod backend;
mod client;
mod envoy;
mod gateway;
pub mod matrix;
mod pki;
pub mod random;

pub use client::{Client, Negotiated, Outcome, Seen, TlsVersion};
pub use envoy::{Counters, Envoy, Process};
pub use gateway::{Endpoint, Gateway, Logged, RunningGateway, Secrets};
pub use pki::{Authority, Identity, Issuer, Pki, RevocationList};
