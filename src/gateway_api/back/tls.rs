//! Translates a server's TLS settings to a listener's.

use super::{ReverseConversion, Wanted};
use crate::{
    FieldPath, ServerTlsSettings, TlsMode, ciphers,
    gateway_api::{
        input::{
            ALLOW_INSECURE_FALLBACK, AUTO_PASSTHROUGH, CIPHER_SUITES, FrontendTlsValidation,
            LISTENER_PROTOCOL, Listener, ListenerTls, ObjectReference, SecretReference,
            TERMINATE_MODE,
        },
        references::CA_SUFFIX,
        tls::is_auto_passthrough,
    },
};

impl ReverseConversion {
    pub(super) fn tls(
        &mut self,
        settings: &ServerTlsSettings,
        listener: &mut Listener,
        at: &FieldPath,
    ) -> Option<Wanted> {
        self.unsupported_settings(settings, at);
        let mut tls = ListenerTls::default();
        let Ok(mode) = settings.tls_mode() else {
            self.not_representable(at.clone().key("mode"), "unknown mode");
            return None;
        };
        let is_ended = !matches!(mode, TlsMode::Passthrough | TlsMode::AutoPassthrough);
        tls.mode = Some(if is_ended { "Terminate" } else { "Passthrough" }.to_owned());
        let is_builtin = settings.credential_name == "builtin://";
        let is_plain = !is_ended || is_builtin || mode == TlsMode::IstioMutual;
        let option = match mode {
            TlsMode::Simple if is_builtin => Some((TERMINATE_MODE, "ISTIO_SIMPLE")),
            TlsMode::IstioMutual => Some((TERMINATE_MODE, "ISTIO_MUTUAL")),
            TlsMode::AutoPassthrough => Some((LISTENER_PROTOCOL, AUTO_PASSTHROUGH)),
            _ => None,
        };
        let mut wanted = None;
        if is_plain {
            let has_name = match option {
                Some((_, "ISTIO_SIMPLE")) => false,
                _ => !settings.credential_name.is_empty(),
            };
            for (field, is_set) in [
                ("credentialName", has_name),
                ("credentialNames", !settings.credential_names.is_empty()),
                ("caCertCredentialName", !settings.ca_cert_credential_name.is_empty()),
                ("insecureSkipVerify", settings.insecure_skip_verify.is_some()),
            ] {
                if is_set {
                    self.not_representable(at.clone().key(field), "not supported in this mode");
                }
            }
            if is_ended && !settings.cipher_suites.is_empty() {
                self.not_representable(
                    at.clone().key("cipherSuites"),
                    "not supported in this mode",
                );
            }
        } else {
            self.certificates(settings, &mut tls, at);
            if tls.certificate_refs.is_empty() && !settings.cipher_suites.is_empty() {
                let message = "cipher suites require a certificate";
                self.not_representable(at.clone().key("cipherSuites"), message);
            }
            wanted = Some(self.clients(settings, mode, &mut tls, at));
        }
        if let Some((option, value)) = option {
            tls.options.insert(option.to_owned(), value.to_owned());
        }
        let labels = &self.gateway.metadata.labels;
        if mode == TlsMode::Passthrough && is_auto_passthrough(labels, listener.port, &tls) {
            let message = "the labels of the Gateway set AUTO_PASSTHROUGH on this port";
            self.not_representable(at.clone().key("mode"), message);
        }
        self.suites(&settings.cipher_suites, &mut tls, &at.clone().key("cipherSuites"));
        listener.tls = Some(tls);
        wanted
    }

    /// Reports settings that Gateway API does not have.
    fn unsupported_settings(&mut self, settings: &ServerTlsSettings, at: &FieldPath) {
        let ServerTlsSettings {
            https_redirect,
            mode: _,
            server_certificate,
            private_key,
            ca_certificates,
            ca_crl,
            credential_name: _,
            credential_names: _,
            ca_cert_credential_name: _,
            tls_certificates,
            subject_alt_names,
            verify_certificate_spki,
            verify_certificate_hash,
            min_protocol_version,
            max_protocol_version,
            cipher_suites: _,
            insecure_skip_verify: _,
            ecdh_curves,
            alpn_protocols,
        } = settings;
        for (field, is_set) in [
            ("httpsRedirect", *https_redirect),
            ("serverCertificate", !server_certificate.is_empty()),
            ("privateKey", !private_key.is_empty()),
            ("caCertificates", !ca_certificates.is_empty()),
            ("caCrl", !ca_crl.is_empty()),
            ("tlsCertificates", !tls_certificates.is_empty()),
            ("subjectAltNames", !subject_alt_names.is_empty()),
            ("verifyCertificateSpki", !verify_certificate_spki.is_empty()),
            ("verifyCertificateHash", !verify_certificate_hash.is_empty()),
            ("minProtocolVersion", *min_protocol_version != 0),
            ("maxProtocolVersion", *max_protocol_version != 0),
            ("ecdhCurves", !ecdh_curves.is_empty()),
            ("alpnProtocols", !alpn_protocols.is_empty()),
        ] {
            if is_set {
                self.not_representable(at.clone().key(field), "Gateway API has no such field");
            }
        }
    }

    fn certificates(
        &mut self,
        settings: &ServerTlsSettings,
        tls: &mut ListenerTls,
        at: &FieldPath,
    ) {
        let (one, many) = (&settings.credential_name, &settings.credential_names);
        let names: Vec<(FieldPath, &String)> = match (one.as_str(), many.len()) {
            ("", 0) if settings.ca_cert_credential_name.is_empty() => Vec::new(),
            ("", 2) => {
                let at = at.clone().key("credentialNames");
                many.iter().enumerate().map(|(i, name)| (at.clone().index(i), name)).collect()
            }
            (_, 0) => vec![(at.clone().key("credentialName"), one)],
            _ => {
                let message = "a listener has one certificate, or two in credentialNames";
                return self.not_representable(at.clone().key("credentialNames"), message);
            }
        };
        for (at, name) in names {
            let Some((namespace, name)) = resource(name, "kubernetes-gateway") else {
                let message = "a Secret is named as kubernetes-gateway://NAMESPACE/NAME: a bare \
                               name is in the namespace of the pods, which Gateway API cannot name";
                self.not_representable(at, message);
                continue;
            };
            let namespace = self.unless_own(namespace);
            let name = name.to_owned();
            tls.certificate_refs.push(SecretReference { name, namespace, ..Default::default() });
        }
    }

    /// Translates client validation: to a validation of the port, and an option of the listener.
    fn clients(
        &mut self,
        settings: &ServerTlsSettings,
        mode: TlsMode,
        tls: &mut ListenerTls,
        at: &FieldPath,
    ) -> Wanted {
        let skip = settings.insecure_skip_verify;
        let at_skip = at.clone().key("insecureSkipVerify");
        let name = &settings.ca_cert_credential_name;
        let mut option = None;
        let validation = if name.is_empty() {
            option = match mode {
                TlsMode::Mutual => Some("MUTUAL"),
                TlsMode::OptionalMutual => Some("OPTIONAL_MUTUAL"),
                _ => None,
            };
            if skip.is_some() {
                self.not_representable(at_skip, "it requires caCertCredentialName");
            }
            None
        } else {
            let reference = ["configmap", "kubernetes-gateway"].into_iter().find_map(|scheme| {
                let (namespace, name) = resource(name, scheme)?;
                let kind = if scheme == "configmap" { "ConfigMap" } else { "Secret" };
                Some((kind, namespace, name.strip_suffix(CA_SUFFIX)?))
            });
            let Some((kind, namespace, name)) = reference.filter(|(.., name)| !name.is_empty())
            else {
                let message = format!("a CA is named as configmap://NAMESPACE/NAME{CA_SUFFIX}");
                self.not_representable(at.clone().key("caCertCredentialName"), message);
                return None;
            };
            let mut validation = FrontendTlsValidation::default();
            validation.ca_certificate_refs.push(ObjectReference {
                group: String::new(),
                kind: kind.to_owned(),
                name: name.to_owned(),
                namespace: self.unless_own(namespace),
            });
            match (mode, skip) {
                (TlsMode::OptionalMutual, Some(true)) => {
                    ALLOW_INSECURE_FALLBACK.clone_into(&mut validation.mode);
                }
                (TlsMode::Mutual, Some(false)) => {}
                (TlsMode::OptionalMutual, Some(false)) => option = Some("OPTIONAL_MUTUAL"),
                (TlsMode::Mutual | TlsMode::OptionalMutual, None) => {
                    self.note(at_skip, "false is the default");
                    option = (mode == TlsMode::OptionalMutual).then_some("OPTIONAL_MUTUAL");
                }
                (TlsMode::Mutual, Some(true)) => {
                    self.not_representable(at_skip, "it requires OPTIONAL_MUTUAL");
                }
                _ => {
                    let message = "with a CA the mode is MUTUAL or OPTIONAL_MUTUAL";
                    self.not_representable(at.clone().key("mode"), message);
                }
            }
            Some(validation)
        };
        if let Some(option) = option {
            tls.options.insert(TERMINATE_MODE.to_owned(), option.to_owned());
        }
        validation
    }

    fn suites(&mut self, suites: &[String], tls: &mut ListenerTls, at: &FieldPath) {
        let mut seen = std::collections::HashSet::new();
        for (index, suite) in suites.iter().enumerate() {
            let is_kept = ciphers::is_valid(suite)
                && seen.insert(suite)
                && suite.trim() == suite
                && !suite.is_empty()
                && !suite.contains(',');
            if !is_kept {
                self.not_representable(at.clone().index(index), "the option would drop it");
            }
        }
        if !suites.is_empty() {
            tls.options.insert(CIPHER_SUITES.to_owned(), suites.join(","));
        }
    }
}

/// The namespace and name of a resource with this scheme.
fn resource<'a>(text: &'a str, scheme: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(scheme)?.strip_prefix("://")?;
    let (namespace, name) = rest.split_once('/')?;
    let is_named = !namespace.is_empty() && !name.is_empty() && !name.contains('/');
    (is_named && !name.starts_with("builtin://")).then_some((namespace, name))
}
