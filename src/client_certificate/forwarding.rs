//! `x-forwarded-client-cert`, in each of Envoy's modes.

use std::{fmt, str::FromStr};

use crate::{UnknownEnumName, proto::mesh::v1alpha1::ForwardClientCertDetails};

/// What Envoy does with the header `x-forwarded-client-cert` of a request
/// (`forward_client_cert_details`). A mesh sets it in `gatewayTopology.forwardClientCertDetails`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Forwarding {
    /// Removes the header.
    Sanitize,
    /// Replaces the header by the certificate that was presented, if there was one. A gateway's
    /// default.
    #[default]
    SanitizeSet,
    /// Forwards the client's header if the client presented a certificate, **any that was
    /// accepted**; removes it otherwise.
    ForwardOnly,
    /// Appends the presented certificate to the client's header; removes it when there is none.
    AppendForward,
    /// Forwards the client's header, **always**.
    AlwaysForwardOnly,
}

/// What a backend finds in `x-forwarded-client-cert`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum XfccHeader {
    /// No such header.
    Absent,
    /// The certificate that the client presented, as the gateway wrote it.
    GatewaySet,
    /// What the client wrote, and nothing of the gateway's.
    ClientSupplied,
    /// What the client wrote, followed by what the gateway wrote.
    ClientSuppliedAndGatewaySet,
}

impl Forwarding {
    /// Every mode, the gateway's default first.
    pub const ALL: [Self; 5] = [
        Self::SanitizeSet,
        Self::Sanitize,
        Self::ForwardOnly,
        Self::AppendForward,
        Self::AlwaysForwardOnly,
    ];

    /// The mode of a mesh; UNDEFINED and unknown ones are a gateway's default, `SANITIZE_SET`.
    ///
    /// Source: pilot's `buildGatewayConnectionManager`.
    #[must_use]
    pub fn of_mesh(details: ForwardClientCertDetails) -> Self {
        match details {
            ForwardClientCertDetails::Sanitize => Self::Sanitize,
            ForwardClientCertDetails::ForwardOnly => Self::ForwardOnly,
            ForwardClientCertDetails::AppendForward => Self::AppendForward,
            ForwardClientCertDetails::AlwaysForwardOnly => Self::AlwaysForwardOnly,
            ForwardClientCertDetails::SanitizeSet | ForwardClientCertDetails::Undefined => {
                Self::SanitizeSet
            }
        }
    }

    /// The name in Envoy's and the mesh's configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sanitize => "SANITIZE",
            Self::SanitizeSet => "SANITIZE_SET",
            Self::ForwardOnly => "FORWARD_ONLY",
            Self::AppendForward => "APPEND_FORWARD",
            Self::AlwaysForwardOnly => "ALWAYS_FORWARD_ONLY",
        }
    }

    /// What a backend sees, by whether the client presented a certificate, verified or not, and
    /// whether it sent a header of its own.
    #[must_use]
    pub fn header(self, has_certificate: bool, sends_header: bool) -> XfccHeader {
        let client_s = if sends_header { XfccHeader::ClientSupplied } else { XfccHeader::Absent };
        match (self, has_certificate) {
            (Self::AlwaysForwardOnly, _) | (Self::ForwardOnly, true) => client_s,
            (Self::SanitizeSet, true) => XfccHeader::GatewaySet,
            (Self::AppendForward, true) if sends_header => XfccHeader::ClientSuppliedAndGatewaySet,
            (Self::AppendForward, true) => XfccHeader::GatewaySet,
            (Self::Sanitize, _)
            | (Self::SanitizeSet | Self::ForwardOnly | Self::AppendForward, false) => {
                XfccHeader::Absent
            }
        }
    }
}

impl fmt::Display for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Forwarding {
    type Err = UnknownEnumName;

    fn from_str(text: &str) -> Result<Self, UnknownEnumName> {
        let found = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        found.ok_or_else(|| UnknownEnumName { text: text.to_owned() })
    }
}

impl XfccHeader {
    /// Whether the client can write something in the header.
    #[must_use]
    pub fn is_spoofable(self) -> bool {
        matches!(self, Self::ClientSupplied | Self::ClientSuppliedAndGatewaySet)
    }

    /// A name for programs: `none`, `gateway-set`, `client-supplied` or `client-supplied+gateway-set`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Absent => "none",
            Self::GatewaySet => "gateway-set",
            Self::ClientSupplied => "client-supplied",
            Self::ClientSuppliedAndGatewaySet => "client-supplied+gateway-set",
        }
    }
}

impl fmt::Display for XfccHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Absent => "no header",
            Self::GatewaySet => "the certificate that was presented",
            Self::ClientSupplied => "what the client wrote",
            Self::ClientSuppliedAndGatewaySet => "what the client wrote, then the certificate",
        })
    }
}
