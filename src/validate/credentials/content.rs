//! What istiod and Envoy make of a Secret's content.

use std::mem::discriminant;

use super::{Found, Judge, NO_CLIENT, SetSecret, names};
use crate::{
    Timestamp,
    diagnostic::Quoted,
    rule::lint as rule,
    sort,
    validate::secret::{CaProblem, Known, ServerProblem},
    x509::{CaBundle, CrlProblem, LoadProblem, PairProblem, ServerCertificate},
};

impl<'a> Judge<'a> {
    pub(super) fn certificate(&self, secret: &'a SetSecret) -> Vec<Found<'a>> {
        let Some(Known { server, unread, .. }) = secret.known() else { return Vec::new() };
        let server = server.as_ref().map_err(ServerProblem::clone);
        let server = server.and_then(|certificate| {
            certificate.check_key().map(|()| certificate).map_err(ServerProblem::Pair)
        });
        let problem = match server {
            Ok(certificate) => {
                let mut found = self.usable(certificate, secret);
                found.extend(unread.as_ref().map(|text| {
                    let message = format!(
                        "the certificate is used by Envoy, and istiod reports it (IST0161): {text}"
                    );
                    let help = "issue a certificate without malformed extensions";
                    Found::new(rule::SECRET_CERTIFICATE, message, help, secret)
                }));
                return found;
            }
            Err(problem) => problem,
        };
        let (rule, message, help) = match problem {
            ServerProblem::Keys(text) => (
                rule::SECRET_KEYS,
                format!("istiod finds no certificate, {NO_CLIENT}: {text}"),
                "a Secret of type kubernetes.io/tls has tls.crt and tls.key",
            ),
            ServerProblem::Pair(PairProblem::Certificate(text)) => (
                rule::SECRET_CERTIFICATE,
                format!("the certificate is rejected by Envoy, {NO_CLIENT}: {text}"),
                "write the certificate as PEM, followed by its chain",
            ),
            ServerProblem::Pair(PairProblem::Key(text)) => (
                rule::SECRET_PRIVATE_KEY,
                format!("Envoy rejects the Secret, {NO_CLIENT}: {text}"),
                "write the private key of this certificate, as PEM",
            ),
            ServerProblem::Pair(PairProblem::Size(text)) => (
                rule::SECRET_PRIVATE_KEY,
                format!("Envoy rejects the Secret, {NO_CLIENT}: {text}"),
                "use an RSA key of 2048 bits or more, or one on P-256, P-384 or P-521",
            ),
        };
        let mut found = vec![Found::new(rule, message, help, secret)];
        if rule != rule::SECRET_CERTIFICATE
            && let Some(text) = unread
        {
            let message = format!("the certificate is reported by istiod (IST0161): {text}");
            let help = "write the certificate as PEM, followed by its chain";
            found.push(Found::new(rule::SECRET_CERTIFICATE, message, help, secret));
        }
        found
    }

    /// What is found of a certificate that Envoy uses.
    fn usable(&self, certificate: &ServerCertificate, secret: &'a SetSecret) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        let (first, last) = certificate.validity;
        let help = "renew it, and keep the name of the Secret";
        if let Some(now) = self.options.at.map(|at| at.seconds) {
            let soon = now.saturating_add(i64::from(self.options.expiring_days) * 86_400);
            let last = last.unwrap_or(i64::MAX);
            let first = first.unwrap_or(i64::MIN);
            if now > last {
                let message =
                    format!("the certificate expired at {}, and clients reject it", date(last));
                found.push(Found::new(rule::CERTIFICATE_EXPIRED, message, help, secret));
            } else if now < first {
                let message = format!(
                    "the certificate is valid from {} on, and clients reject it before",
                    date(first)
                );
                found.push(Found::new(rule::CERTIFICATE_EXPIRED, message, help, secret));
            } else if soon > last {
                let message = format!("the certificate expires at {}", date(last));
                found.push(Found::new(rule::CERTIFICATE_EXPIRING, message, help, secret));
            }
        }
        let hosts = self.used.gateway.and_then(|of| self.gateways.hosts(of, self.used.at.server()));
        let hosts = hosts.unwrap_or_default();
        let is_named = |host: &String| certificate.dns_names.iter().any(|name| names(name, host));
        if !hosts.is_empty() && !hosts.iter().any(|host| host == "*" || is_named(host)) {
            let names: Vec<String> =
                certificate.dns_names.iter().take(5).map(|name| Quoted(name).to_string()).collect();
            let names = match names.len() {
                0 => "it has no DNS name among its subject alternative names".to_owned(),
                _ => format!("its names are {}", names.join(", ")),
            };
            let message = format!(
                "the certificate is for none of the server's hosts, and browsers reject it: {names}"
            );
            let help = "add the hosts to the certificate's subject alternative names";
            found.push(Found::new(rule::CERTIFICATE_HOSTS, message, help, secret));
        }
        found
    }

    pub(super) fn ca(&self, secret: &'a SetSecret) -> Vec<Found<'a>> {
        let Some(Known { ca, .. }) = secret.known() else { return Vec::new() };
        let now = self.options.at.map(|at| at.seconds);
        let (rule, message, help) = match ca {
            Err(CaProblem::Keys(text)) => (
                rule::SECRET_KEYS,
                format!("istiod finds no CA for client certificates, {NO_CLIENT}: {text}"),
                "add the CA as ca.crt, here or in a Secret with the name and -cacert",
            ),
            Err(CaProblem::Load(LoadProblem::Ca(error))) => (
                rule::SECRET_CERTIFICATE,
                format!("the CA for client certificates is rejected by Envoy, {NO_CLIENT}: {error}"),
                "write the CA as PEM",
            ),
            Err(CaProblem::Load(LoadProblem::Crl(error))) => (
                rule::SECRET_CRL,
                format!("the CRL is rejected by Envoy, {NO_CLIENT}: {error}"),
                "write the CRL as PEM, or remove it",
            ),
            Ok(ca) => match ca.last.filter(|last| now.is_some_and(|now| now > *last)) {
                Some(last) => (
                    rule::CERTIFICATE_EXPIRED,
                    format!("the CA for client certificates expired at {}, and verifies none", date(last)),
                    "write the new certificate of the CA",
                ),
                None if !ca.has_ca => (
                    rule::SECRET_CERTIFICATE,
                    "no certificate of the CA for client certificates is a CA's, and what it issued is not verified".to_owned(),
                    "write the certificate of the CA that issues client certificates",
                ),
                None => return self.crl(ca, secret),
            },
        };
        vec![Found::new(rule, message, help, secret)]
    }

    /// What is found of the CRLs of CAs: a finding for each kind of problem.
    fn crl(&self, ca: &CaBundle, secret: &'a SetSecret) -> Vec<Found<'a>> {
        let now = self.options.at.map(|at| at.seconds);
        let mut problems = ca.crl_problems(now);
        sort::sort_by_key(&mut problems, |(problem, _)| *problem);
        let kinds =
            problems.chunk_by(|(one, _), (other, _)| discriminant(one) == discriminant(other));
        let mut found: Vec<_> = kinds.filter_map(|same| Self::of_crl(same, secret)).collect();
        let soon =
            now.map(|now| now.saturating_add(i64::from(self.options.expiring_days) * 86_400));
        let next = now.and_then(|now| ca.next_to_expire(now));
        found.extend(next.filter(|(_, end)| Some(*end) < soon).map(|(subject, end)| {
            let message = format!("the CRL of the CA {} expires at {}", Quoted(subject), date(end));
            let help =
                "Envoy rejects all client certificates below the CA then: write a new CRL before";
            Found::new(rule::CERTIFICATE_EXPIRING, message, help, secret)
        }));
        found
    }

    /// The finding about a problem that CAs have in common.
    fn of_crl(same: &[(CrlProblem, &str)], secret: &'a SetSecret) -> Option<Found<'a>> {
        const MOST: usize = 5;
        let (problem, _) = same.first()?;
        let names = same.iter().take(MOST).map(|(_, subject)| Quoted(subject).to_string());
        let mut cas = names.collect::<Vec<_>>().join(", ");
        if let Some(more @ 1..) = same.len().checked_sub(MOST) {
            cas += &format!(" and {more} more");
        }
        let (why, help) = match problem {
            CrlProblem::Missing => (
                format!("there is no CRL that Envoy can use of the CA {cas}"),
                "add the CRL of each CA of the chain, also of the root, or remove all CRLs",
            ),
            CrlProblem::NoIssuer => (
                format!(
                    "the issuer of the CA {cas} is missing, and with CRLs Envoy verifies the chain up to the root"
                ),
                "add the certificates of the CAs above it",
            ),
            CrlProblem::NotAllowed => (
                format!("the key usage of the CA {cas} does not include cRLSign"),
                "issue the CA's certificate with cRLSign, or remove all CRLs",
            ),
            CrlProblem::Expired(end) => (
                format!("the CRL of the CA {cas} expired at {}", date(*end)),
                "write the current CRL",
            ),
            CrlProblem::NotValidYet(first) => (
                format!("the CRL of the CA {cas} is valid from {} on", date(*first)),
                "write the current CRL",
            ),
        };
        let message = format!("Envoy rejects all client certificates below a CA: {why}");
        Some(Found::new(rule::SECRET_CRL, message, help, secret))
    }
}

fn date(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}
