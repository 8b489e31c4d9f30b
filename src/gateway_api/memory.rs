//! What is known already: a Secret is judged once, however many listeners and Gateways show it.

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

/// How long a text about a certificate may be, in characters. Go's repeat what stands in it.
const LONGEST: usize = 1000;
/// How many bytes of host names the Gateways of a set may have.
const HOST_BYTES: usize = 64 << 20;
/// How many labels may be looked at to select namespaces for the Gateways of a set.
const LABELS: usize = 20_000_000;

/// What was found out for the Gateways of a set, and what is left for the others.
pub(super) struct Memory {
    verdicts: RefCell<HashMap<Question, Verdict>>,
    grants: RefCell<HashMap<String, Grants>>,
    host_bytes: Cell<usize>,
    labels: Cell<usize>,
}

/// What is asked of an object: its kind, whether it is asked for a CA, its namespace and name.
pub(super) type Question = (Kind, bool, String, String);
/// Why it does not serve.
pub(super) type Verdict = Result<(), String>;
/// What is granted in a namespace, by what is granted and the namespace that it is granted to.
type Grants = HashMap<(Kind, String), Granted>;

#[derive(Default)]
struct Granted {
    is_everything: bool,
    names: HashSet<String>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            verdicts: RefCell::default(),
            grants: RefCell::default(),
            host_bytes: Cell::new(HOST_BYTES),
            labels: Cell::new(LABELS),
        }
    }
}

impl Memory {
    /// The answer to a question that may have been asked before.
    pub(super) fn verdict(&self, question: Question, judge: impl FnOnce() -> Verdict) -> Verdict {
        if let Some(verdict) = self.verdicts.borrow().get(&question) {
            return verdict.clone();
        }
        let verdict = judge().map_err(shortened);
        self.verdicts.borrow_mut().insert(question, verdict.clone());
        verdict
    }

    /// Whether something is granted to Gateways of a namespace: by its name or, if `by_name` is
    /// false, in whatever way.
    pub(super) fn is_granted<'r>(
        &self,
        (kind, namespace, name): (Kind, &str, &str),
        to: &str,
        by_name: bool,
        grants: impl FnOnce() -> Vec<Cow<'r, ReferenceGrant>>,
    ) -> bool {
        let mut all = self.grants.borrow_mut();
        let here = all.entry(namespace.to_owned()).or_insert_with(|| by_grantee(&grants()));
        here.get(&(kind, to.to_owned())).is_some_and(|granted| {
            granted.names.contains(name) || granted.is_everything && !by_name
        })
    }

    /// Takes from what is left for the host names of the set. Whether it was there.
    pub(super) fn take_host_bytes(&self, bytes: usize) -> bool {
        take(&self.host_bytes, bytes)
    }

    /// Takes from what is left for labels. Whether it was there.
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

/// A grant that is larger than an API server takes grants nothing.
fn by_grantee(grants: &[Cow<'_, ReferenceGrant>]) -> Grants {
    let mut all = Grants::new();
    for grant in grants.iter().filter(|grant| is_small(grant)) {
        let from = grant.spec.from.iter();
        for from in from.filter(|from| from.group == GROUP && from.kind == "Gateway") {
            for to in &grant.spec.to {
                let Some(kind) = Kind::of(&to.group, &to.kind) else { continue };
                let granted = all.entry((kind, from.namespace.clone())).or_default();
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
