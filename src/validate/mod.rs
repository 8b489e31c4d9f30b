//! Validates a Gateway offline as a cluster does, and warns about settings that are accepted but
//! harmful.
//!
//! A cluster decodes the metadata, prunes unknown fields, checks the metadata and the schema of the
//! custom resource, evaluates its CEL rules, and calls istiod's webhook. [`validate`] does the same in
//! the same order, with upstream's verdict and messages, and adds this crate's own lint, which never
//! changes the verdict. It reports everything at once, with positions in the text.
//!
//! ```
//! use istio_gateway::{
//!     Object,
//!     validate::{Options, Stage, Verdict, validate},
//! };
//!
//! let object = Object::from_yaml(
//!     "\
//! apiVersion: networking.istio.io/v1
//! kind: Gateway
//! metadata: {name: edge}
//! spec:
//!   selector: {istio: ingressgateway}
//!   servers:
//!   - port: {number: 443, name: https, protocol: HTTPS}
//!     hosts: [shop.example.com]
//!     tls: {mode: SIMPLE, credentialsName: edge-cert}
//! ",
//! )?;
//! let report = validate(&object, &Options::default());
//! // kubectl requests strict field validation, which comes before the webhook.
//! assert_eq!(report.verdict(), Verdict::Rejected(Stage::FieldValidation));
//! assert_eq!(
//!     report.findings[0].to_string(),
//!     "9:25: spec.servers[0].tls.credentialsName: strict decoding error: unknown field \
//!      \"spec.servers[0].tls.credentialsName\"; did you mean \"credentialName\"?",
//! );
//! assert!(report.findings.iter().any(|found| found.rule == "webhook/server-certificate"));
//! # Ok::<(), istio_gateway::Error>(())
//! ```
//!
//! # Rules
//!
//! The group of a rule's id names who reports it: `schema/` and `cel/` the API server, `webhook/`
//! istiod, `lint/` this crate. [`rules`](crate::rule::rules) explains each rule with an example. If the
//! schema or a CEL rule rejects a document, the webhook's findings are reported anyway, although a
//! cluster would not call it.
//!
//! # Versions
//!
//! [`Options::istio`] selects the release of Istio: it decides which fields, values and API versions
//! the custom resource has. The default is [`IstioVersion::NEWEST`]. The webhook's rules are always
//! those of the newest release; known differences in older releases are lint rules.

mod cel;
mod ciphers;
mod credentials;
mod document;
mod features;
mod field_validation;
mod findings;
mod fixes;
mod gateway_set;
mod grant;
mod hosts;
mod json_schema;
mod kept;
mod lint;
mod metadata;
mod outline;
mod schema;
mod secret;
pub mod set;
mod suppression;
mod unknown;
mod versions;
mod webhook;
mod webhook_tls;
mod workload;

use crate::{
    Diagnostic, FieldPath, Gateway, IstioVersion, Manifest, Object, Position, Severity, Timestamp,
    json,
};

pub use document::{CheckedDocument, WebhookReview, check_document, documents, webhook_review};
pub use features::features;
pub use field_validation::{FieldValidation, UnknownFieldValidation};
pub use json_schema::json_schema;
pub use suppression::Suppression;
pub use versions::Feature;

/// What to validate against.
///
/// ```
/// use istio_gateway::{IstioVersion, validate::Options};
///
/// let options = Options::istio("1.29".parse()?);
/// assert!(options.istio < IstioVersion::NEWEST);
/// # Ok::<(), istio_gateway::UnknownIstioVersion>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The release of Istio whose custom resource is used.
    pub istio: IstioVersion,
    /// How the API server treats unknown fields, as the client requests it. The default is that of
    /// `kubectl apply`.
    pub field_validation: FieldValidation,
    /// The time at which certificates are judged; without one, no certificate is expired.
    pub at: Option<Timestamp>,
    /// Certificates that expire within this number of days are reported.
    pub expiring_days: u32,
    /// The namespace of the gateway's pods, in which istiod looks for Secrets. Without one, a Secret may be in
    /// any namespace.
    pub gateway_namespace: Option<String>,
}

impl Options {
    /// Options for a release of Istio.
    #[must_use]
    pub fn istio(istio: IstioVersion) -> Self {
        Self { istio, ..Self::default() }
    }

    /// The same options with another field validation.
    #[must_use]
    pub fn with_field_validation(self, field_validation: FieldValidation) -> Self {
        Self { field_validation, ..self }
    }

    /// The same options with a time at which certificates are judged.
    #[must_use]
    pub fn with_time(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }

    /// The same options with the number of days within which an expiring certificate is reported.
    #[must_use]
    pub fn with_expiring_days(self, expiring_days: u32) -> Self {
        Self { expiring_days, ..self }
    }

    /// The same options with the namespace of the gateway's pods.
    #[must_use]
    pub fn with_gateway_namespace(self, namespace: impl Into<String>) -> Self {
        Self { gateway_namespace: Some(namespace.into()), ..self }
    }
}

/// The findings of one document.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// All findings, in the order of the document, at most [`Report::MAX_FINDINGS`].
    pub findings: Vec<Diagnostic>,
    /// Unknown fields, which the API server drops.
    pub pruned: Vec<FieldPath>,
    /// The number of findings that were left out of `findings`.
    pub omitted: usize,
    /// The values of the spec that hold a placeholder, such as `$PORT`, and are not checked: see
    /// [`is_placeholder`](crate::is_placeholder). At most [`Report::MAX_FINDINGS`].
    pub placeholders: Vec<Placeholder>,
    rejected_by: Option<Stage>,
    depends_on_placeholders: bool,
}

/// A value that another tool replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placeholder {
    /// The field.
    pub path: FieldPath,
    /// The position in the text, if there is a text.
    pub position: Option<Position>,
}

impl Report {
    /// The maximum number of findings that are kept of one document.
    pub const MAX_FINDINGS: usize = 10_000;

    /// What a cluster does with the document.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.rejected_by {
            Some(stage) => Verdict::Rejected(stage),
            None if self.depends_on_placeholders => Verdict::DependsOnPlaceholders,
            None => Verdict::Accepted,
        }
    }

    /// Whether a cluster accepts the document, whatever its placeholders are replaced with.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.verdict() == Verdict::Accepted
    }

    /// The webhook's warnings that a cluster shows to the client: none if the webhook rejects the
    /// document.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        let is_webhook = |found: &&Diagnostic| found.rule.group() == "webhook";
        let is_error = |found: &Diagnostic| found.severity == Severity::Error;
        let found = || self.findings.iter().filter(is_webhook);
        let count = if found().any(is_error) { 0 } else { usize::MAX };
        found().take(count)
    }
}

/// What a cluster does with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The document is stored.
    Accepted,
    /// The document is rejected at this stage, whatever its placeholders are replaced with.
    Rejected(Stage),
    /// Whether the document is accepted depends on what its placeholders are replaced with.
    DependsOnPlaceholders,
}

/// The stage at which a document is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The API server, by the field validation that the client requests: see [`FieldValidation`].
    FieldValidation,
    /// The API server: it cannot decode the metadata, or the metadata or the schema of the custom
    /// resource is violated.
    Schema,
    /// The API server, by a CEL rule of the custom resource.
    Cel,
    /// istiod's webhook.
    Webhook,
}

impl Stage {
    /// `field-validation`, `schema`, `cel` or `webhook`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FieldValidation => "field-validation",
            Self::Schema => "schema",
            Self::Cel => "cel",
            Self::Webhook => "webhook",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Validates a document as it was read, even if Istio's decoder rejects its values. The document is
/// treated as a Gateway, whatever its `kind`.
#[must_use]
pub fn validate(object: &Object, options: &Options) -> Report {
    let report = object
        .with_tree(|tree| document::judge(tree, tree.root(), options, None).within(object.start()));
    if object.has_positions() { report } else { report.without_positions() }
}

/// Validates a manifest with its changes. Positions are in the original text if nothing was changed,
/// otherwise in the text that [`Manifest::to_yaml`] writes.
#[must_use]
pub fn validate_manifest(manifest: &Manifest, options: &Options) -> Report {
    let object = manifest.object();
    match manifest.unchanged(|tree| document::judge(tree, tree.root(), options, None)) {
        Ok(report) if object.has_positions() => report.within(object.start()),
        Ok(report) => report.without_positions(),
        Err(changed) => validate(&changed, options),
    }
}

/// Validates a bare spec, in a document with a valid name. There are no positions.
///
/// ```
/// use istio_gateway::{
///     Gateway, Server,
///     validate::{Options, validate_gateway},
/// };
///
/// let gateway = Gateway { servers: vec![Server::default()], ..Default::default() };
/// let report = validate_gateway(&gateway, &Options::default());
/// assert!(!report.is_accepted());
/// assert_eq!(report.findings[0].message, "spec.servers[0].port: Required value");
/// ```
#[must_use]
pub fn validate_gateway(gateway: &Gateway, options: &Options) -> Report {
    let mut text = String::from(
        r#"{"apiVersion":"networking.istio.io/v1beta1","kind":"Gateway","metadata":{"name":"gateway"},"spec":"#,
    );
    text.push_str(&json::to_string(gateway));
    text.push('}');
    let report = crate::tree::from_checked_json(&text)
        .map(|tree| document::judge(&tree, tree.root(), options, None));
    // The encoder always writes valid JSON.
    report.unwrap_or_default().without_positions()
}

/// A Gateway that a cluster accepts: it can only be created by validation.
///
/// ```
/// use istio_gateway::{
///     Manifest,
///     validate::{Options, ValidGateway},
/// };
///
/// let manifest = Manifest::from_yaml("kind: Gateway\nspec: {servers: []}\n")?;
/// let report = ValidGateway::new(manifest, &Options::default()).unwrap_err();
/// assert!(!report.is_accepted());
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ValidGateway {
    manifest: Manifest,
    report: Report,
}

impl ValidGateway {
    /// Validates the manifest.
    ///
    /// # Errors
    /// The report, if a cluster rejects the manifest.
    pub fn new(manifest: Manifest, options: &Options) -> Result<Self, Report> {
        let report = validate_manifest(&manifest, options);
        if report.is_accepted() { Ok(Self { manifest, report }) } else { Err(report) }
    }

    /// The spec.
    #[must_use]
    pub fn spec(&self) -> &Gateway {
        self.manifest.spec()
    }

    /// The manifest, unchanged.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The report, with warnings and notes.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The manifest, for changes, which are not validated.
    #[must_use]
    pub fn into_manifest(self) -> Manifest {
        self.manifest
    }
}

impl Report {
    fn add(&mut self, findings: impl Iterator<Item = Diagnostic>) {
        for found in findings {
            if self.findings.len() < Self::MAX_FINDINGS {
                self.findings.push(found);
            } else {
                self.omitted += 1;
            }
        }
    }

    /// The same report for a stream in which the text begins at `start`.
    fn within(mut self, start: Position) -> Self {
        if start != Position::START {
            self.findings = self.findings.into_iter().map(|found| found.within(start)).collect();
            for Placeholder { position, .. } in &mut self.placeholders {
                *position = position.map(|position| position.within(start));
            }
        }
        self
    }

    fn without_positions(mut self) -> Self {
        for found in &mut self.findings {
            (found.position, found.end, found.fix) = (None, None, None);
        }
        for placeholder in &mut self.placeholders {
            placeholder.position = None;
        }
        self
    }
}
