//! What is too large of a Gateway: an API server refuses it, so that istiod never sees it.
//!
//! With the front door this narrow, what the translation makes of a Gateway has an end, too: istiod's
//! texts repeat names, and some of them once for each listener.
//!
//! Source: `maxItems`, `maxProperties` and `maxLength` of Gateway API's custom resources, and
//! apimachinery's texts.

use super::{
    findings::Findings,
    input::{
        Gateway, GatewaySpec, Listener, ObjectReference, ReferenceGrant, SecretReference, TlsConfig,
    },
};
use crate::FieldPath;

/// Entries of listeners, of `perPort` and of `certificateRefs`.
const ENTRIES: usize = 64;
/// Entries of the other lists and maps, but for `kinds`.
const FEW: usize = 16;
const KINDS: usize = 8;
/// Characters of a name, a host name, a group, an address, a class.
const NAME: usize = 253;
/// Characters of a namespace or a kind.
const LABEL: usize = 63;
const PROTOCOL: usize = 255;
/// Characters of an option.
const OPTION: usize = 4096;

/// Tells of all that is too large; whether there is something.
pub(super) fn check(gateway: &Gateway, found: &mut Findings) -> bool {
    let mut sizes = Sizes { found, is_exceeded: false };
    sizes.metadata(gateway);
    sizes.spec(&gateway.spec, &FieldPath::root().key("spec"));
    sizes.is_exceeded
}

/// The part of a grant that is too large, and what an API server says to it.
pub(super) fn check_grant(grant: &ReferenceGrant) -> Result<(), (&'static str, String)> {
    let parts = [("from", grant.spec.from.len()), ("to", grant.spec.to.len())];
    match parts.into_iter().find(|(_, count)| *count > FEW) {
        Some((part, count)) => Err((part, too_many(count, FEW))),
        None => Ok(()),
    }
}

fn too_many(count: usize, most: usize) -> String {
    format!("Too many: {count}: must have at most {most} items")
}

struct Sizes<'a> {
    found: &'a mut Findings,
    is_exceeded: bool,
}

impl Sizes<'_> {
    fn tell(&mut self, at: FieldPath, message: String) {
        self.is_exceeded = true;
        self.found.too_large(message, at);
    }

    fn text(&mut self, text: &str, most: usize, at: &FieldPath, key: &'static str) {
        if text.chars().nth(most).is_some() {
            let message = format!("Too long: may not be more than {most} bytes");
            self.tell(at.clone().key(key), message);
        }
    }

    fn optional(&mut self, text: Option<&String>, most: usize, at: &FieldPath, key: &'static str) {
        self.text(text.map_or("", String::as_str), most, at, key);
    }

    /// Whether a list can be gone through.
    fn count(&mut self, count: usize, most: usize, at: &FieldPath) -> bool {
        if count > most {
            self.tell(at.clone(), too_many(count, most));
        }
        count <= most
    }

    fn metadata(&mut self, gateway: &Gateway) {
        let at = FieldPath::root().key("metadata");
        let metadata = &gateway.metadata;
        for (text, most, key) in
            [(&metadata.name, NAME, "name"), (&metadata.namespace, LABEL, "namespace")]
        {
            if text.len() > most {
                self.tell(at.clone().key(key), format!("must be no more than {most} characters"));
            }
        }
    }

    fn spec(&mut self, spec: &GatewaySpec, at: &FieldPath) {
        self.text(&spec.gateway_class_name, NAME, at, "gatewayClassName");
        let at_list = at.clone().key("addresses");
        if self.count(spec.addresses.len(), FEW, &at_list) {
            for (index, address) in spec.addresses.iter().enumerate() {
                let at = at_list.clone().index(index);
                self.optional(address.kind.as_ref(), NAME, &at, "type");
                self.text(&address.value, NAME, &at, "value");
            }
        }
        if let Some(reference) =
            spec.infrastructure.as_ref().and_then(|i| i.parameters_ref.as_ref())
        {
            let at = at.clone().key("infrastructure").key("parametersRef");
            self.text(&reference.group, NAME, &at, "group");
            self.text(&reference.kind, LABEL, &at, "kind");
            self.text(&reference.name, NAME, &at, "name");
        }
        let at_list = at.clone().key("listeners");
        if self.count(spec.listeners.len(), ENTRIES, &at_list) {
            for (index, listener) in spec.listeners.iter().enumerate() {
                self.listener(listener, &at_list.clone().index(index));
            }
        }
        let Some(tls) = &spec.tls else { return };
        let at = at.clone().key("tls");
        if let Some(reference) =
            tls.backend.as_ref().and_then(|b| b.client_certificate_ref.as_ref())
        {
            self.secret(reference, &at.clone().key("backend").key("clientCertificateRef"));
        }
        let Some(frontend) = &tls.frontend else { return };
        let at = at.key("frontend");
        self.config(&frontend.default, at.clone().key("default"));
        let at_list = at.key("perPort");
        if self.count(frontend.per_port.len(), ENTRIES, &at_list) {
            for (index, entry) in frontend.per_port.iter().enumerate() {
                self.config(&entry.tls, at_list.clone().index(index).key("tls"));
            }
        }
    }

    fn listener(&mut self, listener: &Listener, at: &FieldPath) {
        self.text(&listener.name, NAME, at, "name");
        self.optional(listener.hostname.as_ref(), NAME, at, "hostname");
        self.text(&listener.protocol, PROTOCOL, at, "protocol");
        let kinds = listener.allowed_routes.as_ref().map_or(0, |allowed| allowed.kinds.len());
        self.count(kinds, KINDS, &at.clone().key("allowedRoutes").key("kinds"));
        let Some(tls) = &listener.tls else { return };
        let at = at.clone().key("tls");
        self.optional(tls.mode.as_ref(), NAME, &at, "mode");
        let at_list = at.clone().key("certificateRefs");
        if self.count(tls.certificate_refs.len(), ENTRIES, &at_list) {
            for (index, reference) in tls.certificate_refs.iter().enumerate() {
                self.secret(reference, &at_list.clone().index(index));
            }
        }
        let at = at.key("options");
        self.count(tls.options.len(), FEW, &at);
        if tls.options.values().any(|value| value.chars().nth(OPTION).is_some()) {
            self.tell(at, format!("Too long: may not be more than {OPTION} bytes"));
        }
    }

    fn config(&mut self, config: &TlsConfig, at: FieldPath) {
        let Some(validation) = &config.validation else { return };
        let at = at.key("validation");
        self.text(&validation.mode, NAME, &at, "mode");
        let at_list = at.key("caCertificateRefs");
        if self.count(validation.ca_certificate_refs.len(), FEW, &at_list) {
            for (index, reference) in validation.ca_certificate_refs.iter().enumerate() {
                let ObjectReference { group, kind, name, namespace } = reference;
                let at = at_list.clone().index(index);
                self.reference((Some(group), Some(kind), name, namespace.as_ref()), &at);
            }
        }
    }

    fn secret(&mut self, reference: &SecretReference, at: &FieldPath) {
        let SecretReference { group, kind, name, namespace } = reference;
        self.reference((group.as_ref(), kind.as_ref(), name, namespace.as_ref()), at);
    }

    fn reference(&mut self, (group, kind, name, namespace): Reference<'_>, at: &FieldPath) {
        self.optional(group, NAME, at, "group");
        self.optional(kind, LABEL, at, "kind");
        self.text(name, NAME, at, "name");
        self.optional(namespace, LABEL, at, "namespace");
    }
}

/// Group, kind, name and namespace.
type Reference<'a> = (Option<&'a String>, Option<&'a String>, &'a String, Option<&'a String>);
