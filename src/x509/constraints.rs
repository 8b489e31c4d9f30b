//! Name constraints of a CA.

use super::{
    certificate::Certificate,
    general_name::GeneralName,
    name::Name,
    problem::Problem,
    read::{Reader, SEQUENCE, context, explicit},
};

/// The most comparisons that BoringSSL makes for two certificates.
const MOST_CHECKS: usize = 1 << 20;

/// The names that certificates below a CA may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NameConstraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Subtree {
    base: GeneralName,
    has_distance: bool,
}

impl NameConstraints {
    /// Source: BoringSSL's `NAME_CONSTRAINTS`.
    pub(super) fn read(der: &mut Reader<'_>) -> Option<Self> {
        let mut sequence = der.read(SEQUENCE)?;
        let mut trees = |tag| {
            let list = sequence.optional(tag)?;
            list.map_or(Some(Vec::new()), |list| list.all(Subtree::read))
        };
        let constraints = Self { permitted: trees(explicit(0))?, excluded: trees(explicit(1))? };
        sequence.is_empty().then_some(constraints)
    }

    /// Whether all SANs and the subject are permitted.
    ///
    /// Source: BoringSSL's `NAME_CONSTRAINTS_check`.
    pub(super) fn check(&self, certificate: &Certificate) -> Result<(), Problem> {
        let subject = &certificate.subject;
        let facts = certificate.facts.as_ref();
        let names = facts.and_then(|facts| facts.alternative_names.as_deref()).unwrap_or_default();
        let checks = (subject.len() + names.len())
            .saturating_mul(self.permitted.len() + self.excluded.len());
        if checks > MOST_CHECKS {
            return Err(Problem::Unspecified);
        }
        if subject.len() > 0 {
            self.check_name(Checked::Directory(subject), false)?;
            for email in subject.emails() {
                let email = email.ok_or(Problem::UnsupportedNameSyntax)?;
                self.check_name(Checked::Other(&GeneralName::Email(email.to_vec())), true)?;
            }
        }
        names.iter().try_for_each(|name| self.check_name(Checked::Other(name), false))
    }

    fn check_name(&self, name: Checked<'_>, folds_mailbox: bool) -> Result<(), Problem> {
        let (mut has_any, mut is_permitted) = (false, false);
        for tree in self.permitted.iter().filter(|tree| tree.base.kind() == name.kind()) {
            tree.check_distance()?;
            has_any = true;
            is_permitted = is_permitted || name.is_below(&tree.base, false, false)?;
        }
        if has_any && !is_permitted {
            return Err(Problem::PermittedViolation);
        }
        for tree in self.excluded.iter().filter(|tree| tree.base.kind() == name.kind()) {
            tree.check_distance()?;
            if name.is_below(&tree.base, true, folds_mailbox)? {
                return Err(Problem::ExcludedViolation);
            }
        }
        Ok(())
    }
}

impl Subtree {
    fn read(der: &mut Reader<'_>) -> Option<Self> {
        let mut sequence = der.read(SEQUENCE)?;
        let base = GeneralName::read(&mut sequence)?;
        let distances = [sequence.optional(context(0))?, sequence.optional(context(1))?];
        let is_valid = distances.iter().flatten().all(|number| number.as_integer().is_some());
        let has_distance = distances.iter().any(Option::is_some);
        (is_valid && sequence.is_empty()).then_some(Self { base, has_distance })
    }

    fn check_distance(&self) -> Result<(), Problem> {
        if self.has_distance { Err(Problem::SubtreeDistance) } else { Ok(()) }
    }
}

/// A name to check.
#[derive(Clone, Copy)]
enum Checked<'a> {
    Directory(&'a Name),
    Other(&'a GeneralName),
}

impl Checked<'_> {
    fn kind(self) -> u32 {
        match self {
            Self::Directory(_) => 4,
            Self::Other(name) => name.kind(),
        }
    }

    /// Source: BoringSSL's `nc_match_single`.
    fn is_below(
        self,
        base: &GeneralName,
        is_excluded: bool,
        folds_mailbox: bool,
    ) -> Result<bool, Problem> {
        let name = match self {
            Self::Directory(name) | Self::Other(GeneralName::Directory(name)) => {
                let GeneralName::Directory(base) = base else { return Ok(false) };
                return Ok(name.canonical.starts_with(&base.canonical));
            }
            Self::Other(name) => name,
        };
        match (name, base) {
            (GeneralName::Dns(name), GeneralName::Dns(base)) => Ok(dns(name, base, is_excluded)),
            (GeneralName::Email(name), GeneralName::Email(base)) => {
                email(name, base, folds_mailbox)
            }
            (GeneralName::Uri(name), GeneralName::Uri(base)) => uri(name, base),
            _ => Err(Problem::UnsupportedConstraintType),
        }
    }
}

fn has_suffix(name: &[u8], suffix: &[u8]) -> bool {
    let at = name.len().checked_sub(suffix.len());
    at.and_then(|at| name.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

/// What stands before and after the first occurrence of a byte.
fn split(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|b| *b == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Source: BoringSSL's `nc_dns`.
fn dns(name: &[u8], base: &[u8], is_excluded: bool) -> bool {
    if base.is_empty() {
        return true;
    }
    let name = name.strip_suffix(b".").unwrap_or(name);
    let base = base.strip_suffix(b".").unwrap_or(base);
    if is_excluded
        && let Some(parent) = name.strip_prefix(b"*.")
        && let Some((_, base_parent)) = split(base, b'.')
        && parent.eq_ignore_ascii_case(base_parent)
    {
        return true;
    }
    if base.starts_with(b".") {
        return has_suffix(name, base);
    }
    let is_label = match name.len().checked_sub(base.len() + 1) {
        Some(at) => name.get(at) == Some(&b'.'),
        None => name.len() == base.len(),
    };
    is_label && has_suffix(name, base)
}

/// Source: BoringSSL's `nc_email`.
fn email(name: &[u8], base: &[u8], folds_mailbox: bool) -> Result<bool, Problem> {
    let is_domain = |text: &[u8]| {
        !text.is_empty()
            && text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
    };
    let is_mailbox = |text: &[u8]| {
        let is_allowed = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(b);
        !text.is_empty() && text.iter().all(is_allowed)
    };
    let (mailbox, domain) = split(name, b'@').ok_or(Problem::UnsupportedNameSyntax)?;
    if !is_mailbox(mailbox) || !is_domain(domain) {
        return Err(Problem::UnsupportedNameSyntax);
    }
    let (base_mailbox, base_domain) = match split(base, b'@') {
        Some((b"", domain)) => (None, domain),
        Some((mailbox, domain)) => (Some(mailbox), domain),
        None => (None, base),
    };
    if base_mailbox.is_some_and(|mailbox| !is_mailbox(mailbox)) || !is_domain(base_domain) {
        return Err(Problem::UnsupportedNameSyntax);
    }
    Ok(match base_mailbox {
        Some(base) => {
            let is_equal = base == mailbox || folds_mailbox && base.eq_ignore_ascii_case(mailbox);
            is_equal && base_domain.eq_ignore_ascii_case(domain)
        }
        None if base_domain.starts_with(b".") => has_suffix(domain, base_domain),
        None => base_domain.eq_ignore_ascii_case(domain),
    })
}

/// Source: BoringSSL's `nc_uri`.
fn uri(name: &[u8], base: &[u8]) -> Result<bool, Problem> {
    let host = host(name).ok_or(Problem::UnsupportedNameSyntax)?;
    let base = base.strip_suffix(b".").unwrap_or(base);
    let domain = base.strip_prefix(b".");
    if !is_full_domain(domain.unwrap_or(base)) {
        return Err(Problem::UnsupportedConstraintSyntax);
    }
    Ok(if domain.is_some() { has_suffix(host, base) } else { base.eq_ignore_ascii_case(host) })
}

/// The host of a URI, without its port.
///
/// Source: BoringSSL's `nc_get_valid_uri_host`.
fn host(uri: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = split(uri, b':')?;
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let is_scheme =
        scheme.first().is_some_and(u8::is_ascii_alphabetic) && scheme.iter().all(is_allowed);
    let rest = rest.strip_prefix(b"//").filter(|_| is_scheme)?;
    let authority = rest.split(|byte| b"/?#".contains(byte)).next()?;
    let host = match split(authority, b':') {
        Some((host, port)) => Some(host).filter(|_| port.iter().all(u8::is_ascii_digit))?,
        None => authority,
    };
    Some(host.strip_suffix(b".").unwrap_or(host)).filter(|host| is_full_domain(host))
}

/// Whether a host is a domain name, and not an address.
///
/// Source: BoringSSL's `nc_uri_is_fqdn`.
fn is_full_domain(host: &[u8]) -> bool {
    let is_label = |label: &[u8]| {
        let ends = [label.first(), label.last()];
        label.len() <= 63
            && ends.iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    let mut labels = host.split(|byte| *byte == b'.');
    let is_number = host.rsplit(|byte| *byte == b'.').next().is_some_and(|last| {
        let hexadecimal = last.strip_prefix(b"0x").or_else(|| last.strip_prefix(b"0X"));
        hexadecimal.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            || last.iter().all(u8::is_ascii_digit)
    });
    labels.all(is_label) && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BoringSSL's own limit on the comparisons, so that thousands of names and constraints end quickly.
    #[test]
    fn thousands_of_names_and_constraints_are_not_compared() {
        let pem = include_bytes!("../../tests/it/client_certificates/leaf.pem");
        let block = super::super::pem::blocks(pem).next().unwrap().unwrap();
        let mut certificate = Certificate::parse(&block.bytes).unwrap();
        let name = |n: usize| GeneralName::Dns(format!("n{n}.example.com").into_bytes());
        let tree = |n: usize| Subtree { base: name(n), has_distance: false };
        let constraints = NameConstraints {
            permitted: vec![Subtree {
                base: GeneralName::Dns(b"example.com".to_vec()),
                has_distance: false,
            }],
            excluded: (5000..6000).map(tree).collect(),
        };
        // The subject has one attribute.
        let mut check = |names: usize| {
            let facts = certificate.facts.as_mut().unwrap();
            facts.alternative_names = Some((0..names).map(name).collect());
            constraints.check(&certificate)
        };
        assert_eq!(check(1000), Ok(()));
        assert_eq!(check(1046), Ok(()));
        assert_eq!(check(1047), Err(Problem::Unspecified));
        assert_eq!(check(5001), Err(Problem::Unspecified));
    }

    #[test]
    fn constraints_are_those_of_rfc_5280() {
        let below = |name: &str, base: &str| dns(name.as_bytes(), base.as_bytes(), false);
        assert!(below("a.example.com", "example.com") && below("EXAMPLE.com.", "example.com"));
        assert!(!below("badexample.com", "example.com") && !below("com", "example.com"));
        assert!(dns(b"*.example.com", b"a.example.com", true));
        let mail = |name: &str, base: &str| email(name.as_bytes(), base.as_bytes(), false);
        assert_eq!(mail("me@example.com", "example.com"), Ok(true));
        assert_eq!(mail("me@a.example.com", "example.com"), Ok(false));
        assert_eq!(mail("me@a.example.com", ".example.com"), Ok(true));
        assert_eq!(mail("Me@example.com", "me@example.com"), Ok(false));
        assert_eq!(mail("me", "example.com"), Err(Problem::UnsupportedNameSyntax));
        assert_eq!(uri(b"https://a.example.com:80/", b".example.com"), Ok(true));
        assert_eq!(uri(b"spiffe://lab./ns", b"lab"), Ok(true));
        for name in ["urn:a", "https://.test/", "a://127.0.0.1/", "a://b.0x7F", "a://me@b", "1://a"]
        {
            assert_eq!(uri(name.as_bytes(), b"a"), Err(Problem::UnsupportedNameSyntax), "{name}");
        }
        assert_eq!(uri(b"https://a/", b"-a"), Err(Problem::UnsupportedConstraintSyntax));
    }
}
