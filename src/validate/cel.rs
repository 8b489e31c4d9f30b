//! The custom resource's CEL rules. All of them check which fields of a `tls` are set.

use super::findings::{Findings, Location};
use crate::{RuleId, rule};

/// Two fields of a `tls` that exclude each other.
#[derive(Debug)]
pub(super) struct Exclusive {
    id: RuleId,
    fields: [&'static str; 2],
    pub(super) message: &'static str,
    help: &'static str,
}

impl Exclusive {
    pub(super) fn fields(&self) -> [&'static str; 2] {
        self.fields
    }

    /// The expression of the rule in the custom resource.
    pub(super) fn expression(&self) -> String {
        let [a, b] = self.fields;
        format!("(has(self.{a}) ? 1 : 0) + (has(self.{b}) ? 1 : 0) <= 1")
    }
}

/// The rules of `istio.io/api`'s `customresourcedefinitions.gen.yaml`. The message of the third one
/// names another field than its expression. Because of this upstream bug one violation of the first
/// rule gives two errors, and `credentialName` together with `tlsCertificates` is accepted.
pub(super) const RULES: [Exclusive; 3] = [
    Exclusive {
        id: CERTIFICATES,
        fields: ["tlsCertificates", "credentialNames"],
        message: "only one of credentialNames or tlsCertificates can be set",
        help: NAMES_OR_FILES,
    },
    Exclusive {
        id: CREDENTIALS,
        fields: ["credentialName", "credentialNames"],
        message: "only one of credentialName or credentialNames can be set",
        help: "move the name into credentialNames",
    },
    Exclusive {
        id: CERTIFICATES,
        fields: ["credentialNames", "tlsCertificates"],
        message: "only one of credentialName or tlsCertificates can be set",
        help: NAMES_OR_FILES,
    },
];

const NAMES_OR_FILES: &str =
    "keep credentialNames for certificates in Secrets, or tlsCertificates for files";

pub(super) const UNCHECKED: RuleId = rule::cel::UNCHECKED;
const CERTIFICATES: RuleId = rule::cel::CREDENTIAL_NAMES_OR_TLS_CERTIFICATES;
const CREDENTIALS: RuleId = rule::cel::CREDENTIAL_NAME_OR_NAMES;

pub(super) fn check(root: &Location<'_, '_>, is_blocked: bool, findings: &mut Findings) {
    if is_blocked {
        let message = "<nil>: Invalid value: null: some validation rules were not checked because \
                       the object was invalid; correct the existing errors to complete validation";
        findings.note(UNCHECKED, root, message, None);
        return;
    }
    let spec = root.field("spec");
    let servers = spec.field("servers");
    for server in servers.items() {
        let tls = server.field("tls");
        if !tls.is_set() {
            continue;
        }
        for rule in &RULES {
            if rule.fields.iter().all(|field| tls.field(field).is_set()) {
                let message = format!("{}: Invalid value: {}", tls.plain_path(), rule.message);
                findings.error(rule.id, &tls, message, rule.help.to_owned());
            }
        }
    }
}
