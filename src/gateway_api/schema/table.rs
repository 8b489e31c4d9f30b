//! The types of the table of fields.

/// The schema of a value.
pub(in crate::gateway_api) struct Schema {
    pub(super) kind: Kind,
    /// The allowed names; any if empty.
    pub(super) names: &'static [&'static str],
    pub(super) pattern: Option<&'static str>,
    /// The minimum and maximum number of characters of a string, and below of items, entries and a
    /// number.
    pub(super) length: Option<(u32, u32)>,
    pub(super) items: Option<(u32, u32)>,
    pub(super) entries: Option<(u32, u32)>,
    pub(super) range: Option<(u32, u32)>,
    /// The field whose values are unique within a sequence of objects.
    pub(super) key: Option<&'static str>,
    /// Whether the items of a list are unique.
    pub(super) is_set: bool,
    /// Whether it is an address: an `IPAddress` is one of IPv4 or IPv6 (the only `oneOf`).
    pub(super) is_address: bool,
    /// The default of a string.
    pub(super) default: Option<&'static str>,
    pub(super) rules: &'static [Rule],
    /// The items of a sequence, or the values of a mapping.
    pub(super) of: Option<&'static Schema>,
    /// An object's fields.
    pub(super) fields: &'static [Field],
}

impl Schema {
    pub(super) const NEW: Self = Self {
        kind: Kind::Any,
        names: &[],
        pattern: None,
        length: None,
        items: None,
        entries: None,
        range: None,
        key: None,
        is_set: false,
        is_address: false,
        default: None,
        rules: &[],
        of: None,
        fields: &[],
    };

    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Object,
    Map,
    List,
    /// An object that is not checked here.
    Any,
}

/// A field of an object.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) is_required: bool,
    /// Whether the standard channel has it, not only the experimental one.
    pub(super) is_standard: bool,
    /// The minor release of Gateway API that first has it, of those that were read.
    pub(super) since: u32,
    pub(super) schema: Schema,
}

/// A CEL rule, by its message.
pub(super) struct Rule {
    pub(super) message: &'static str,
    /// Whether the standard channel has it, not only the experimental one.
    pub(super) is_standard: bool,
}
