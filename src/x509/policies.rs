//! Certificate policies along a chain.

use std::collections::{HashMap, HashSet};

use super::{
    certificate::{Certificate, Extensions, id, small},
    problem::Problem,
    read::{Reader, SEQUENCE, context},
};

/// `anyPolicy`
const ANY: &[u8] = &[0x55, 0x1d, 0x20, 0];

type Policy = Vec<u8>;

/// The policies that are valid at a certificate of the chain.
#[derive(Default)]
struct Level {
    has_any: bool,
    policies: HashSet<Policy>,
}

impl Level {
    fn is_empty(&self) -> bool {
        !self.has_any && self.policies.is_empty()
    }
}

/// Checks the policies of a chain, which begins with the leaf.
///
/// Source: BoringSSL's `X509_policy_check`. No policy is requested, so that only the chain itself can
/// require one.
pub(super) fn check(chain: &[&Certificate]) -> Result<(), Problem> {
    let [below @ .., _] = chain else { return Ok(()) };
    if below.is_empty() {
        return Ok(());
    }
    let most = chain.len() as u64 + 1;
    let (mut explicit, mut any, mut mapping) = (most, most, most);
    let mut level = Level { has_any: true, policies: HashSet::new() };
    for (depth, certificate) in below.iter().enumerate().rev() {
        let facts = certificate.facts.as_ref().ok_or(Problem::Unspecified)?;
        let allows_any = any > 0 || depth > 0 && facts.is_self_issued;
        let extensions = &certificate.extensions;
        apply(&mut level, extensions, allows_any).ok_or(Problem::InvalidPolicy)?;
        if explicit == 0 && level.is_empty() {
            return Err(Problem::NoExplicitPolicy);
        }
        if depth > 0 {
            level = map(level, extensions, mapping > 0).ok_or(Problem::InvalidPolicy)?;
        }
        if depth == 0 || !facts.is_self_issued {
            for left in [&mut explicit, &mut mapping, &mut any] {
                *left = left.saturating_sub(1);
            }
        }
        limit(extensions, &mut explicit, &mut mapping, &mut any).ok_or(Problem::InvalidPolicy)?;
    }
    if explicit == 0 && level.is_empty() { Err(Problem::NoExplicitPolicy) } else { Ok(()) }
}

/// Source: BoringSSL's `process_certificate_policies`.
fn apply(level: &mut Level, extensions: &Extensions, allows_any: bool) -> Option<()> {
    let found = extensions.parse(id::POLICIES, |der| {
        der.read(SEQUENCE)?.all(|der| {
            let mut information = der.read(SEQUENCE)?;
            let policy = information.oid()?.to_vec();
            let qualifiers = information.optional(SEQUENCE)?;
            let is_valid = qualifiers.is_none_or(|list| list.all(qualifier).is_some());
            (is_valid && information.is_empty()).then_some(policy)
        })
    })?;
    let Some(found) = found else {
        *level = Level::default();
        return Some(());
    };
    let policies: HashSet<Policy> = found.iter().cloned().collect();
    if policies.is_empty() || policies.len() != found.len() {
        return None;
    }
    let had_any = level.has_any;
    if !policies.contains(ANY) || !allows_any {
        level.policies.retain(|policy| policies.contains(policy));
        level.has_any = false;
    }
    if had_any {
        level.policies.extend(policies.into_iter().filter(|policy| policy != ANY));
    }
    Some(())
}

fn qualifier(der: &mut Reader<'_>) -> Option<()> {
    let mut qualifier = der.read(SEQUENCE)?;
    qualifier.oid()?;
    qualifier.element()?;
    qualifier.is_empty().then_some(())
}

/// Source: BoringSSL's `process_policy_mappings`.
fn map(mut level: Level, extensions: &Extensions, is_allowed: bool) -> Option<Level> {
    let found = extensions.parse(id::POLICY_MAPPINGS, |der| {
        der.read(SEQUENCE)?.all(|der| {
            let mut mapping = der.read(SEQUENCE)?;
            let (issuer, subject) = (mapping.oid()?.to_vec(), mapping.oid()?.to_vec());
            mapping.is_empty().then_some((issuer, subject))
        })
    })?;
    let Some(found) = found else { return Some(level) };
    if found.is_empty() || found.iter().any(|(issuer, subject)| issuer == ANY || subject == ANY) {
        return None;
    }
    let mut by_issuer: HashMap<Policy, Vec<Policy>> = HashMap::new();
    for (issuer, subject) in found {
        by_issuer.entry(issuer).or_default().push(subject);
    }
    let mapped: Vec<Policy> = match (is_allowed, level.has_any) {
        (true, true) => by_issuer.keys().cloned().collect(),
        _ => by_issuer.keys().filter(|policy| level.policies.contains(*policy)).cloned().collect(),
    };
    level.policies.retain(|policy| !by_issuer.contains_key(policy));
    if is_allowed {
        let subjects = mapped.iter().filter_map(|policy| by_issuer.get(policy)).flatten();
        level.policies.extend(subjects.cloned());
    }
    Some(level)
}

/// Source: BoringSSL's `process_policy_constraints`.
fn limit(
    extensions: &Extensions,
    explicit: &mut u64,
    mapping: &mut u64,
    any: &mut u64,
) -> Option<()> {
    let constraints = extensions.parse(id::POLICY_CONSTRAINTS, |der| {
        let mut sequence = der.read(SEQUENCE)?;
        let fields = [sequence.optional(context(0))?, sequence.optional(context(1))?];
        (sequence.is_empty() && fields.iter().any(Option::is_some)).then(|| {
            fields.map(|field| field.map(|number| number.as_integer().map(<[u8]>::to_vec)))
        })
    })?;
    let shorten = |left: &mut u64, number: Vec<u8>| {
        let is_negative = number.first().is_some_and(|first| first & 0x80 != 0);
        *left = (*left).min(small(&number).unwrap_or(u64::MAX));
        (!is_negative).then_some(())
    };
    if let Some([require, inhibit]) = constraints {
        if let Some(require) = require {
            shorten(explicit, require?)?;
        }
        if let Some(inhibit) = inhibit {
            shorten(mapping, inhibit?)?;
        }
    }
    let skip = extensions.parse(id::INHIBIT_ANY_POLICY, |der| der.integer().map(<[u8]>::to_vec))?;
    match skip {
        Some(number) => shorten(any, number),
        None => Some(()),
    }
}
