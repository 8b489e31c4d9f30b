//! The CEL rules of the custom resource. All of them say which fields of a `tls` exclude each other.

/// Two fields of a `tls` that exclude each other.
#[derive(Debug)]
pub(crate) struct Exclusive {
    pub(crate) fields: [&'static str; 2],
    pub(crate) message: &'static str,
}

impl Exclusive {
    /// The rules of `istio.io/api`'s `customresourcedefinitions.gen.yaml`. The message of the third one
    /// names another field than its expression. Because of this upstream bug one violation of the first
    /// rule gives two errors, and `credentialName` together with `tlsCertificates` is accepted.
    pub(crate) const RULES: [Self; 3] = [
        Self {
            fields: ["tlsCertificates", "credentialNames"],
            message: "only one of credentialNames or tlsCertificates can be set",
        },
        Self {
            fields: ["credentialName", "credentialNames"],
            message: "only one of credentialName or credentialNames can be set",
        },
        Self {
            fields: ["credentialNames", "tlsCertificates"],
            message: "only one of credentialName or tlsCertificates can be set",
        },
    ];

    /// The expression of the rule in the custom resource.
    pub(crate) fn expression(&self) -> String {
        let [a, b] = self.fields;
        format!("(has(self.{a}) ? 1 : 0) + (has(self.{b}) ? 1 : 0) <= 1")
    }
}
