//! The custom resource's CEL rules. All of them ask which fields of a `tls` are there.

use super::findings::{Findings, Place};

/// The rules of `istio.io/api`'s `customresourcedefinitions.gen.yaml`. The third one's message
/// names another field than its expression: upstream's slip, so that one violation of the first
/// gives two errors, and `credentialName` beside `tlsCertificates` passes.
pub(super) fn check(root: &Place<'_, '_>, is_blocked: bool, findings: &mut Findings) {
    if is_blocked {
        let message = "<nil>: Invalid value: null: some validation rules were not checked because \
                       the object was invalid; correct the existing errors to complete validation";
        return findings.error(UNCHECKED, root, message, None);
    }
    let spec = root.field("spec");
    let servers = spec.field("servers");
    for server in servers.items() {
        let tls = server.field("tls");
        if !tls.is_set() {
            continue;
        }
        let (name, names) = (tls.field("credentialName"), tls.field("credentialNames"));
        let certificates = tls.field("tlsCertificates");
        let mut refuse = |rule, message: &str, help: &str| {
            let message = format!("{}: Invalid value: {message}", tls.plain_path());
            findings.error(rule, &tls, message, help.to_owned());
        };
        let both = certificates.is_set() && names.is_set();
        let help = "keep credentialNames for certificates in Secrets, or tlsCertificates for files";
        if both {
            refuse(CERTIFICATES, "only one of credentialNames or tlsCertificates can be set", help);
        }
        if name.is_set() && names.is_set() {
            let message = "only one of credentialName or credentialNames can be set";
            refuse(CREDENTIALS, message, "move the name into credentialNames");
        }
        if both {
            refuse(CERTIFICATES, "only one of credentialName or tlsCertificates can be set", help);
        }
    }
}

pub(super) const UNCHECKED: &str = "cel/unchecked";
const CERTIFICATES: &str = "cel/credential-names-or-tls-certificates";
const CREDENTIALS: &str = "cel/credential-name-or-names";
