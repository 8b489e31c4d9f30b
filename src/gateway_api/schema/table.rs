//! What a table of fields is made of.

/// A value, and what its schema requires.
pub(in crate::gateway_api) struct Schema {
    pub(super) kind: Kind,
    /// The names that it may have; any if there are none.
    pub(super) names: &'static [&'static str],
    pub(super) pattern: Option<&'static str>,
    /// Characters of a string, at least and at most; so for items, entries and a number.
    pub(super) length: Option<(u32, u32)>,
    pub(super) items: Option<(u32, u32)>,
    pub(super) entries: Option<(u32, u32)>,
    pub(super) range: Option<(u32, u32)>,
    /// The field whose values are unique within a list of objects.
    pub(super) key: Option<&'static str>,
    /// Whether the items of a list are unique.
    pub(super) is_set: bool,
    /// Whether it is an address: an `IPAddress` holds one of IPv4 or IPv6 (the only `oneOf` there is).
    pub(super) is_address: bool,
    /// What a string is where it is absent.
    pub(super) default: Option<&'static str>,
    pub(super) rules: &'static [Rule],
    /// A list's items, or a map's values.
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

/// What kind of value it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Object,
    Map,
    List,
    /// An object that is judged elsewhere or not at all.
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

/// A rule in CEL, by its message.
pub(super) struct Rule {
    pub(super) message: &'static str,
    /// Whether the standard channel has it, not only the experimental one.
    pub(super) is_standard: bool,
}
