//! Host names and addresses, as istiod's webhook reads them.

use crate::{RuleId, go::Quote, names::is_ip, rule};

/// An error in a host: the rule, upstream's message, and help.
pub(super) type Complaint = (RuleId, String, &'static str);

/// `agent.ValidateNamespaceSlashWildcardHostname`, for a gateway.
pub(super) fn check(host: &str, has_gateway_semantics: bool, mut report: impl FnMut(Complaint)) {
    let Some((namespace, name)) = host.split_once('/') else {
        return check_name(host, &mut report);
    };
    if namespace.is_empty() || name.is_empty() {
        let message = "config namespace and dnsName in host entry cannot be empty";
        let help =
            "write namespace/host, with \"*\" for every namespace and \".\" for the Gateway's own";
        report((rule::webhook::HOST_EMPTY_PART, message.to_owned(), help));
    }
    let is_tilde = namespace == "~" && has_gateway_semantics;
    if !matches!(namespace, "*" | ".") && !is_tilde && !is_label(namespace) {
        let message = format!("invalid namespace value {} in gateway", Quote(namespace));
        let help = "write a namespace, \"*\" for every namespace or \".\" for the Gateway's own; \
                    a host has no scheme and no path";
        report((rule::webhook::HOST_NAMESPACE, message, help));
    }
    check_name(name, &mut report);
}

fn check_name(name: &str, report: &mut impl FnMut(Complaint)) {
    if name != "*" && !name.contains('.') {
        let message = "short names (non FQDN) are not allowed";
        let help =
            "write the full name, such as \"shop.example.com\"; IPv6 addresses are not supported";
        report((rule::webhook::HOST_SHORT_NAME, message.to_owned(), help));
    }
    if let Some(message) = check_domain(name)
        && !is_ip(name)
    {
        let help = "write letters, digits and dashes between dots, without a port; only the first label may be \"*\"";
        report((rule::webhook::HOST_DOMAIN, message, help));
    }
    if name.contains('*') && name.len() != 1 && !name.starts_with("*.") {
        let message = format!("partial wildcard {} not allowed", Quote(name));
        report((
            rule::webhook::HOST_PARTIAL_WILDCARD,
            message,
            "use \"*\" as the whole first label: \"*.example.com\"",
        ));
    }
}

/// `agent.ValidateWildcardDomain`.
fn check_domain(name: &str) -> Option<String> {
    if name.len() > 255 {
        return Some(format!("domain name {} too long (max 255)", Quote(name)));
    }
    if name.is_empty() {
        return Some("empty domain name not allowed".to_owned());
    }
    let (first, rest) =
        name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let bad_label = |domain: &str, label: &str| {
        Some(format!("domain name {} invalid (label {} invalid)", Quote(domain), Quote(label)))
    };
    if !is_wildcard_label(first) {
        return bad_label(name, first);
    }
    let domain = rest?;
    let last = domain.rsplit('.').next().unwrap_or_default();
    if last.parse::<i64>().is_ok() {
        return Some(format!(
            "domain name {} invalid (top level domain {} cannot be all-numeric)",
            Quote(domain),
            Quote(last)
        ));
    }
    let mut labels = domain.split('.').peekable();
    while let Some(label) = labels.next() {
        if label.is_empty() && labels.peek().is_none() {
            return None;
        }
        if !is_label(label) {
            return bad_label(domain, label);
        }
    }
    None
}

/// `labels.IsDNS1123Label`, which accepts upper case.
pub(super) fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

fn is_wildcard_label(text: &str) -> bool {
    let rest = text.strip_prefix("*-").or_else(|| text.strip_prefix('*')).unwrap_or(text);
    text.len() <= 63 && (text == "*" || is_label(rest))
}
