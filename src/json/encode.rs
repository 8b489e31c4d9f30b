//! The encoder: straight into the text. It never fails, so it needs no serializer.

use serde::{Serialize, Serializer};

use super::{Message, decode::Field};

/// A field, written in the dialect through a serializer of somebody else's.
pub(crate) struct Json<'a, F>(pub(crate) &'a F);

impl<F: Field> Serialize for Json<'_, F> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

pub(super) fn to_string<T: Message>(message: &T) -> String {
    // A Gateway of one server, mostly.
    let mut json = String::with_capacity(512);
    message.append(&mut json);
    json
}

/// Appends one field of a message, where it is set. `keys` are its name as it is written in the
/// first place and behind others: `{"name":` and `,"name":`. `start` is where the message begins.
// Inlined, a key is copied as a text of its very length.
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
