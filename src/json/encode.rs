//! The encoder. It writes directly to a string and never fails, so it needs no serializer.

use serde::{Serialize, Serializer};

use super::{Message, decode::Field};

/// A field, written in the dialect through another serializer.
pub(crate) struct Json<'a, F>(pub(crate) &'a F);

impl<F: Field> Serialize for Json<'_, F> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

pub(super) fn to_string<T: Message>(message: &T) -> String {
    // Large enough for most Gateways of one server.
    let mut json = String::with_capacity(512);
    message.append(&mut json);
    json
}

/// Appends a field of a message if it is set. `keys` are its name as the first field and as a later
/// one: `{"name":` and `,"name":`. `start` is where the message begins.
// If inlined, a key is copied as a string of constant length.
#[inline(always)]
pub(crate) fn append_field<F: Field>(
    json: &mut String,
    start: usize,
    [first, other]: [&'static str; 2],
    field: &F,
) {
    if !field.is_unset() {
        json.push_str(if json.len() == start { first } else { other });
        field.append(json);
    }
}

/// Ends a message that begins at `start`.
#[inline]
pub(crate) fn append_end(json: &mut String, start: usize) {
    json.push_str(if json.len() == start { "{}" } else { "}" });
}
