//! The custom resource's CEL rules. All of them check which fields of a `tls` are set.

use super::findings::{Findings, Location};
use crate::{rule, structural::Exclusive};

pub(super) fn check(root: &Location<'_, '_>, is_blocked: bool, findings: &mut Findings) {
    if is_blocked {
        let message = "<nil>: Invalid value: null: some validation rules were not checked because \
                       the object was invalid; correct the existing errors to complete validation";
        findings.note(rule::cel::UNCHECKED, root, message, None);
        return;
    }
    let spec = root.field("spec");
    let servers = spec.field("servers");
    for server in servers.items() {
        let tls = server.field("tls");
        if !tls.is_set() {
            continue;
        }
        for excluded in &Exclusive::RULES {
            if excluded.fields.iter().all(|field| tls.field(field).is_set()) {
                let message = format!("{}: Invalid value: {}", tls.plain_path(), excluded.message);
                let (id, help) = if excluded.fields.contains(&"tlsCertificates") {
                    let help = "keep credentialNames for certificates in Secrets, or tlsCertificates for files";
                    (rule::cel::CREDENTIAL_NAMES_OR_TLS_CERTIFICATES, help)
                } else {
                    let help = "move the name into credentialNames";
                    (rule::cel::CREDENTIAL_NAME_OR_NAMES, help)
                };
                findings.error(id, &tls, message, help.to_owned());
            }
        }
    }
}
