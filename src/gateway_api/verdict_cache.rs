//! Caches verdicts: a Secret is checked once for all listeners and Gateways that use it.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
};

use super::{
    input::{GROUP, ReferenceGrant},
    resources::Kind,
    schema,
};

/// The maximum length of a message about a certificate, in characters. Go's messages repeat its
/// content.
const LONGEST: usize = 1000;
/// The maximum size of all host names of the Gateways of a set, in bytes.
const HOST_BYTES: usize = 64 << 20;
/// The maximum number of labels that are compared to select namespaces for the Gateways of a set.
const LABELS: usize = 20_000_000;

/// The cached verdicts of the Gateways of a set, and the remaining budget.
pub(super) struct VerdictCache {
    verdicts: RefCell<HashMap<Question, Verdict>>,
    grants: RefCell<HashMap<String, Grants>>,
    host_bytes: Cell<usize>,
    labels: Cell<usize>,
}

/// The key of a verdict: the object's kind, whether its CA is used, its namespace and name.
pub(super) type Question = (Kind, bool, String, String);
/// Why it is not usable.
pub(super) type Verdict = Result<(), String>;
/// The grants of a namespace, by kind, and by the kind and namespace of what may refer to them.
type Grants = HashMap<(Kind, &'static str, String), Granted>;
/// The kinds with references that ReferenceGrants permit.
const GRANTEES: [&str; 2] = ["Gateway", "ListenerSet"];

#[derive(Default)]
struct Granted {
    is_everything: bool,
    names: HashSet<String>,
}

impl Default for VerdictCache {
    fn default() -> Self {
        Self {
            verdicts: RefCell::default(),
            grants: RefCell::default(),
            host_bytes: Cell::new(HOST_BYTES),
            labels: Cell::new(LABELS),
        }
    }
}

impl VerdictCache {
    /// The verdict, cached or computed.
    pub(super) fn verdict(&self, question: Question, judge: impl FnOnce() -> Verdict) -> Verdict {
        if let Some(verdict) = self.verdicts.borrow().get(&question) {
            return verdict.clone();
        }
        let verdict = judge().map_err(shortened);
        self.verdicts.borrow_mut().insert(question, verdict.clone());
        verdict
    }

    /// Whether something is granted to objects of a kind and namespace: by its name, or, if `by_name` is false,
    /// without a name.
    pub(super) fn is_granted<'r>(
        &self,
        (kind, namespace, name): (Kind, &str, &str),
        to: (&'static str, &str),
        by_name: bool,
        grants: impl FnOnce() -> Vec<Cow<'r, ReferenceGrant>>,
    ) -> bool {
        let mut all = self.grants.borrow_mut();
        let here = all.entry(namespace.to_owned()).or_insert_with(|| by_grantee(&grants()));
        here.get(&(kind, to.0, to.1.to_owned())).is_some_and(|granted| {
            granted.names.contains(name) || granted.is_everything && !by_name
        })
    }

    /// Does something again: it consumes no more of the budget.
    pub(super) fn again<T>(&self, f: impl FnOnce() -> T) -> T {
        let (host_bytes, labels) = (self.host_bytes.get(), self.labels.get());
        self.host_bytes.set(HOST_BYTES);
        self.labels.set(LABELS);
        let result = f();
        self.host_bytes.set(host_bytes);
        self.labels.set(labels);
        result
    }

    /// Consumes budget for host names. Returns whether it was sufficient.
    pub(super) fn take_host_bytes(&self, bytes: usize) -> bool {
        take(&self.host_bytes, bytes)
    }

    /// Consumes budget for labels. Returns whether it was sufficient.
    pub(super) fn take_labels(&self, labels: usize) -> bool {
        take(&self.labels, labels)
    }
}

fn take(left: &Cell<usize>, wanted: usize) -> bool {
    let after = left.get().checked_sub(wanted);
    left.set(after.unwrap_or(0));
    after.is_some()
}

fn is_small(grant: &ReferenceGrant) -> bool {
    schema::too_large(&schema::REFERENCE_GRANT, grant).is_empty()
}

/// A grant that is larger than an API server accepts grants nothing.
fn by_grantee(grants: &[Cow<'_, ReferenceGrant>]) -> Grants {
    let mut all = Grants::new();
    for grant in grants.iter().filter(|grant| is_small(grant)) {
        for from in grant.spec.from.iter().filter(|from| from.group == GROUP) {
            let Some(grantee) = GRANTEES.into_iter().find(|kind| from.kind == *kind) else {
                continue;
            };
            for to in &grant.spec.to {
                let Some(kind) = Kind::of(&to.group, &to.kind) else { continue };
                let granted = all.entry((kind, grantee, from.namespace.clone())).or_default();
                match &to.name {
                    None => granted.is_everything = true,
                    Some(name) => drop(granted.names.insert(name.clone())),
                }
            }
        }
    }
    all
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}
